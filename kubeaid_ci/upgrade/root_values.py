"""Values of the root chart that templates of Applications name (pure)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

VALUES_FILE = "values.yaml"
_NAME = r"\$?\.Values((?:\.[A-Za-z_][A-Za-z0-9_]*)+)"
_REFERENCE = re.compile(rf"\{{\{{-?\s*{_NAME}\s*(?:\|\s*(?:quote|squote|toString)\s*)?-?\}}\}}")
_USE = re.compile(_NAME)


@dataclass(frozen=True, slots=True)
class RootValues:
    """The values of a cluster's root chart. `content` is None if they are not known, or another source sets some."""

    path: str = ""
    content: Mapping[str, Any] | None = field(default=None, repr=False)

    def filled(self, text: str) -> str | None:
        """Return a text with its references to values replaced. None if that is not all that its actions do."""
        if self.content is None:
            return None
        found = [self._value(match[1]) for match in _REFERENCE.finditer(text)]
        rest = _REFERENCE.sub("", text)
        if "{{" in rest or any(one is None for one in found):
            return None
        values = iter(found)
        return _unquoted(_REFERENCE.sub(lambda _: str(next(values)), text))

    def _value(self, name: str) -> Any:
        value: Any = self.content
        for key in keys_of(name):
            value = value.get(key) if isinstance(value, Mapping) else None
        return value if isinstance(value, str | int | float) and not isinstance(value, bool) else None


def reference(expression: str) -> tuple[str, ...] | None:
    """Return the keys of the value that an expression consists of; None if it is anything else."""
    found = _REFERENCE.fullmatch(_unquoted(expression))
    return keys_of(found[1]) if found else None


def uses(text: str, keys: tuple[str, ...]) -> int:
    """Return how often a template names a value, or the mapping that it is in."""
    names = [keys_of(found[1]) for found in _USE.finditer(text)]
    return sum(name[: len(keys)] == keys or keys[: len(name)] == name for name in names)


def keys_of(name: str) -> tuple[str, ...]:
    """Return the keys of ``.a.b``."""
    return tuple(name.removeprefix(".").split("."))


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1].strip()
    return text
