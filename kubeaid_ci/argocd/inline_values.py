"""The values that an Application itself holds, as a text whose lines are those of the Application's file."""

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.errors import UserError

_BLOCK = re.compile(r"\s*(?:- )?values:\s*\|[0-9+-]*\s*(?:#.*)?")

Steps = tuple[str | int, ...]


def placed(template: str, name: str, at: int, *, values: str, values_object: Mapping[str, Any] | None) -> str | None:
    """Return the text of source number `at` of an Application, below as many empty lines as there are above it.

    None if the file has another text, such as a template.
    """
    try:
        found = list(documents.load_all(template, where="an Application"))
    except UserError:
        return None  # a template that is YAML only once it is rendered
    for number, body in enumerate(found):
        for source, steps in _sources(body, name, at):
            helm = source.get("helm")
            if not isinstance(helm, Mapping):
                continue
            if values_object is not None and helm.get("valuesObject") == values_object:
                return _mapping(
                    template,
                    documents.locate(template, (*steps, "helm", "valuesObject"), document=number),
                    values_object,
                )
            if values_object is None and helm.get("values") == values:
                return _text(template, documents.locate(template, (*steps, "helm", "values"), document=number), values)
    return None


def _sources(body: Any, name: str, at: int) -> Iterator[tuple[Mapping[str, Any], Steps]]:
    if not isinstance(body, Mapping) or not isinstance(spec := body.get("spec"), Mapping):
        return
    metadata = body.get("metadata")
    if not isinstance(metadata, Mapping) or metadata.get("name") != name:
        return
    several = spec.get("sources")
    if isinstance(several, list) and len(several) > at and isinstance(several[at], Mapping):
        yield several[at], ("spec", "sources", at)
    elif isinstance(source := spec.get("source"), Mapping) and at == 0:
        yield source, ("spec", "source")


def _text(template: str, line: int | None, values: str) -> str | None:
    if line is None or not _BLOCK.fullmatch(template.split("\n")[line - 1]):
        return None
    return "\n" * line + values


def _mapping(template: str, line: int | None, values: Mapping[str, Any]) -> str | None:
    if line is None:
        return None
    lines = template.split("\n")
    own = _indent(lines[line - 1])
    block = []
    for one in lines[line:]:
        if one.strip() and not one.lstrip().startswith("#") and _indent(one) <= own:
            break
        block.append("" if one.lstrip().startswith("#") and _indent(one) <= own else one)
    text = "\n" * line + textwrap.dedent("\n".join(block))
    try:
        same = json.dumps(documents.load(text, where="values"), sort_keys=True) == json.dumps(values, sort_keys=True)
    except UserError:
        return None
    return text if same else None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
