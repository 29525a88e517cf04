"""A template as GitLab reads it: inputs put into the parsed file, each with its type where it stands alone."""

import re
from pathlib import Path
from typing import Any

import yaml

_BLOCK = re.compile(r"\$\[\[ inputs\.([a-z-]+) \]\]")


def load(path: Path) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """The inputs that a template specifies, and its jobs."""
    header, jobs = yaml.safe_load_all(path.read_text("utf-8"))
    return header["spec"]["inputs"], jobs


def interpolated(path: Path, **given: Any) -> dict[str, Any]:
    """The jobs with these inputs (underscores for hyphens), and the defaults of the others."""
    inputs, jobs = load(path)
    values = {name: given.get(name.replace("-", "_"), known.get("default")) for name, known in inputs.items()}
    return _put(jobs, values)


def names(node: Any) -> set[str]:
    """The inputs that a part of a template takes."""
    return set(_BLOCK.findall(yaml.safe_dump(node, width=10**6)))


def _put(node: Any, values: dict[str, Any]) -> Any:
    match node:
        case dict():
            return {_put(key, values): _put(value, values) for key, value in node.items()}
        case list():
            return [_put(value, values) for value in node]
        case str():
            alone = _BLOCK.fullmatch(node)
            return values[alone[1]] if alone else _BLOCK.sub(lambda found: _text(values[found[1]]), node)
    return node


def _text(value: Any) -> str:
    return str(value).replace("'", '"') if isinstance(value, list) else str(value)
