"""Reading what a jsonnet engine prints, the way `gojsontoyaml` reads it from go-jsonnet."""

import json
import math
import re
from typing import Any, NoReturn

from kubeaid_ci.documents.garbage import without_garbage_collection
from kubeaid_ci.errors import UserError

# JSON passes through a YAML reader there, which drops the spaces around these two line breaks.
_SEPARATOR = re.compile(" *([\u2028\u2029]) *")
# Its YAML reader refuses these two wherever they are.
_NO_CHARACTERS = ("\ufffe", "\uffff")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"(?P<is_key>\s*+:)?')
_EXACT_DIGITS = 15


def parse_json(text: str, *, where: str = "jsonnet output") -> Any:
    """Parse an engine's JSON into dict, list, str, int, float, bool and None.

    Every jsonnet number is a 64-bit float, but some engines round integers above 2^53 when they
    print them: such an integer is the float's exact value again, or the float beyond 64 bits. A
    number too large for a float is text, as in Go. Raises `UserError` naming `where`, for invalid
    JSON, for NaN or infinity, which an engine may print and neither JSON nor Kubernetes knows, and for
    U+FFFE and U+FFFF.
    """
    for character in _NO_CHARACTERS:
        if character in text:
            raise UserError(f"{where}: contains U+{ord(character):04X}, which YAML does not allow")
    if "\u2028" in text or "\u2029" in text:
        _check_keys(text, where)
        text = _SEPARATOR.sub(r"\1", text)
    try:
        with without_garbage_collection():
            return json.loads(
                text,
                parse_int=_integer,
                parse_float=_float,
                parse_constant=lambda name: _refuse(name, where),
            )
    except json.JSONDecodeError as error:
        raise UserError(f"{where}:{error.lineno}: not valid JSON: {error.msg}") from error
    except RecursionError:
        raise UserError(f"{where}: nested too deeply to be read as JSON") from None


def _check_keys(text: str, where: str) -> None:
    """Raise `UserError` for a key with a line break: gojsontoyaml reads JSON as YAML, whose keys are on one line."""
    for string in _STRING.finditer(text):
        if string["is_key"] and _SEPARATOR.search(string[0]):
            raise UserError(f"{where}: the key {string[0].rstrip(': ')} contains a line break (U+2028 or U+2029)")


def _refuse(name: str, where: str) -> NoReturn:
    raise UserError(f"{where}: {name} is not a JSON number; look for a division by zero or an overflow")


def _integer(digits: str) -> int | float | str:
    if len(digits) <= _EXACT_DIGITS:
        return int(digits)
    value = _float(digits)
    if isinstance(value, str):
        return value
    exact = int(value)
    return exact if -(1 << 63) <= exact < 1 << 64 else value


def _float(digits: str) -> float | str:
    value = float(digits)
    return digits if math.isinf(value) else value
