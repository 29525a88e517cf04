"""Every rule by its id, from the modules where the rules stand. The help gives the reason and the fix."""

import difflib
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import import_module
from pathlib import Path

import kubeaid_ci
from kubeaid_ci.findings.finding import Rule

_WITHOUT_RULES = ("cli", "report")
"""Packages whose module ``rules`` is about rules, and has none."""


class _Registry(Mapping[str, Rule]):
    """The rules by id, imported on first use; those of `check` only if no other rule has an id, or all are listed."""

    @cached_property
    def _own(self) -> Mapping[str, Rule]:
        return {rule.id: rule for name in _modules() for rule in import_module(name).RULES}

    @cached_property
    def _all(self) -> Mapping[str, Rule]:
        return {**import_module("kubeaid_ci.check.families").rules(), **self._own}

    def __getitem__(self, name: str) -> Rule:
        return self._own[name] if name in self._own else self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


def _modules() -> list[str]:
    """Return the modules ``rules`` of the packages, by name."""
    folder = Path(kubeaid_ci.__file__).parent
    packages = sorted(path.parent.name for path in folder.glob("*/rules.py"))
    return [f"kubeaid_ci.{name}.rules" for name in packages if name not in _WITHOUT_RULES]


RULES: Mapping[str, Rule] = _Registry()


def unknown(rule: str) -> str | None:
    """Return what is wrong with the id of a rule, with the nearest ones; None if there is such a rule."""
    if rule in RULES:
        return None
    near = difflib.get_close_matches(rule, sorted(RULES), 2)
    return f"no such rule: {rule}" + (f"; did you mean {' or '.join(near)}?" if near else "")
