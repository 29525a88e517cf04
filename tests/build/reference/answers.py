"""What rjsonnet and the reference give for an expression, in comparable form."""

import json
from functools import cache
from pathlib import Path

import _gojsonnet

from kubeaid_ci.build.jsonnet.reference import rjsonnet

EXPRESSIONS = Path(__file__).with_name("expressions")
LEFT = "left to the reference"
REFUSED = "refused"


def lines(name: str) -> list[str]:
    """The expressions of a file."""
    text = (EXPRESSIONS / f"{name}.txt").read_text(encoding="utf-8")
    return [line for line in text.split("\n") if line and not line.startswith("# ")]


@cache
def of_reference(code: str) -> str:
    """`REFUSED` for an error, and for a number that JSON does not have, such as `+Inf`."""
    try:
        return plain(_gojsonnet.evaluate_snippet("test", code))
    except (RuntimeError, ValueError):
        return REFUSED


@cache
def of_rjsonnet(code: str) -> str:
    """`LEFT` for whatever is not evaluated: the reference evaluates it from the start."""
    try:
        return plain(rjsonnet.evaluate("test", code, max_stack=500, ext_codes={}, find=no_file))
    except RuntimeError:
        return LEFT


def of_field(code: str) -> str:
    """The value of a field that has the expression, by fields, as manifests are evaluated."""
    try:
        code = f"local value = ({code}\n); {{ x: value }}"
        text = rjsonnet.evaluate("test", code, max_stack=500, ext_codes={}, find=no_file, by_field=True)
        return plain(json.loads(text)["x"])
    except RuntimeError:
        return LEFT


def plain(text: str) -> str:
    """JSON with every number as a float, so that `-0` and `0` differ."""
    return repr(json.loads(text, parse_int=float))


def no_file(_: str, name: str, __: bool) -> tuple[str, str]:
    raise RuntimeError(f"no file {name}")
