"""Evaluates code with rjsonnet and gives the reference's answers.

Code is rewritten before rjsonnet reads it: `a + b` becomes `__kci_add(a, b)`, `a % b` becomes
`__kci_mod(a, b)`, and so on for every operation in which rjsonnet differs; `std` is bound to our
own. No line is added or removed. Code that is JSON is read as data, in a third of the time.
"""

import json
import math
import re
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NoReturn

from kubeaid_ci.build.jsonnet.reference.calls import HOOK, Edits
from kubeaid_ci.build.jsonnet.reference.cursor import UnsupportedError
from kubeaid_ci.build.jsonnet.reference.natives import NATIVES
from kubeaid_ci.build.jsonnet.reference.operands import CODE, JSON, Operands

Find = Callable[[str, str, bool], tuple[str, str]]

LIBRARY = "kubeaid-ci:std"
_HEADER = f"local {HOOK}lib = import '{LIBRARY}', std = {HOOK}lib.std"
_HOOKS = re.compile(rf"{HOOK}(\w+)\(")
# Data must not have the path of the code in the same file: the engine keeps one text for each path.
# Nothing can be below a file, so no other file has this path.
_DATA = "/(data)"
# A float holds every number of so many characters or fewer exactly enough for any parser to read the same.
_MOST_DIGITS = 15


def evaluate(
    name: str, code: str, *, max_stack: int, ext_codes: dict[str, str], find: Find, by_field: bool = False
) -> str:
    """Evaluate code to JSON.

    `find` returns the path and the text of an import, given the importing folder, the imported path
    and whether it is imported as code. With `by_field` the value of each field of the result is a string
    of JSON. Raises RuntimeError for everything that rjsonnet cannot evaluate, or not as the reference does.
    """
    import rjsonnet

    plain_data: dict[str, str] = {}

    def found(folder: str, imported: str) -> tuple[str, str]:
        if imported == LIBRARY:
            return LIBRARY, _library()
        if imported.startswith(JSON):
            return imported, plain_data[imported]
        is_code = imported.startswith(CODE)
        path, text = find(folder, imported.removeprefix(CODE), is_code)
        if not is_code:
            return path + _DATA, text
        if not is_plain_data(text):
            return path, rewritten(text)
        plain_data[JSON + path] = text
        return path, f"std.parseJson(importstr {json.dumps(JSON + path)})"

    try:
        # Collecting garbage costs more than the evaluation; workers are replaced before memory runs out.
        return str(
            rjsonnet.evaluate_snippet(  # type: ignore[call-arg]  # its stub lacks gc
                name,
                f"(import '{LIBRARY}').by_field({rewritten(code)})" if by_field else rewritten(code),
                max_stack=max_stack,
                ext_codes={variable: rewritten(text) for variable, text in ext_codes.items()},
                import_callback=found,
                native_callbacks=NATIVES,
                gc=False,
            )
        )
    except UnsupportedError as error:
        raise RuntimeError(f"only the reference evaluates the code at position {error}") from error
    except BaseException as error:
        if type(error).__module__ != "pyo3_runtime":
            raise
        raise RuntimeError(f"rjsonnet panicked: {error}") from error  # its PanicException is no Exception


@cache
def _library() -> str:
    return Path(__file__).with_name("std.libsonnet").read_text(encoding="utf-8")


@lru_cache(maxsize=2048)
def rewritten(code: str) -> str:
    """Return the code as rjsonnet has to read it; raises `UnsupportedError`.

    Data in JSON is returned as it is: nothing in it can differ.
    """
    read = _read_json(code) if _may_be_json(code) else None
    if read is not None and not any(math.isinf(float(digits)) for digits in read[1]):
        return code
    if HOOK in code:
        raise UnsupportedError(code.index(HOOK))
    edits = Edits(code)
    Operands(code, edits).read()
    text = edits.applied(0, len(code))
    hooks = "".join(f", {HOOK}{name} = {HOOK}lib.{name}" for name in sorted({*_HOOKS.findall(text)}))
    return f"{_HEADER}{hooks}; {text}"


@lru_cache(maxsize=2048)
def is_plain_data(code: str) -> bool:
    """Return whether `std.parseJson` gives what the code gives.

    In code a field that is set twice is an error. Long numbers are left out, because parsers of JSON round them
    in different ways.
    """
    read = _read_json(code) if _may_be_json(code) else None
    if read is None:
        return False
    objects, numbers = read
    has_twins = any(map(_has_twins, objects))
    return not has_twins and all(len(digits) <= _MOST_DIGITS and "e" not in digits.lower() for digits in numbers)


def _may_be_json(code: str) -> bool:
    return code.lstrip()[:1] in ("{", "[")


def _read_json(code: str) -> tuple[list[Sequence[tuple[str, Any]]], list[str]] | None:
    """Return the objects of JSON, each as its fields, and the digits of its numbers; None for other code."""
    objects: list[Sequence[tuple[str, Any]]] = []
    numbers: list[str] = []
    try:
        json.loads(
            code,
            object_pairs_hook=objects.append,
            parse_int=numbers.append,
            parse_float=numbers.append,
            parse_constant=_refuse,
        )
    except (ValueError, RecursionError):
        return None
    return objects, numbers


def _has_twins(fields: Sequence[tuple[str, Any]]) -> bool:
    return len(dict(fields)) != len(fields)


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)
