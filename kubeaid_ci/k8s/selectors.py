"""Label selectors of Kubernetes, matched against labels that Git may not know in full.

https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.shapes import TEXT, TEXTS, TEXTS_BY_NAME, ListOf, Shape, check

Answer = bool | None
"""True, False, or None if it cannot be known from Git."""

SELECTOR_SHAPE: Mapping[str, Shape] = {
    "matchLabels": TEXTS_BY_NAME,
    "matchExpressions": ListOf({"key": TEXT, "operator": TEXT, "values": TEXTS}),
}
_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_PREFIX = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LONGEST_PREFIX = 253


def all_of(answers: Iterable[Answer]) -> Answer:
    """Return False if an answer is, else None if an answer is, else True."""
    unknown = False
    for answer in answers:
        if answer is False:
            return False
        unknown = unknown or answer is None
    return None if unknown else True


def any_of(answers: Iterable[Answer]) -> Answer:
    """Return True if an answer is, else None if an answer is, else False."""
    unknown = False
    for answer in answers:
        if answer is True:
            return True
        unknown = unknown or answer is None
    return None if unknown else False


def negated(answer: Answer) -> Answer:
    """Return the opposite of an answer; None stays None."""
    return None if answer is None else not answer


class Operator(StrEnum):
    """The comparison of a label with the values of a requirement."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of pods or of a namespace.

    `runtime` are the keys of labels whose value only the cluster sets. If `complete` is False there may be other
    labels, for example those that an operator adds.
    """

    known: Mapping[str, str] = field(default_factory=dict)
    runtime: frozenset[str] = frozenset()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Requirement:
    """A condition on the label `key`."""

    key: str
    operator: Operator
    values: frozenset[str] = frozenset()

    def matches(self, labels: Labels) -> Answer:
        """Return whether labels meet the condition. `NotIn` holds for labels without the key."""
        negative = self.operator in (Operator.NOT_IN, Operator.DOES_NOT_EXIST)
        if self.key in labels.known:
            hit = self.operator in (Operator.EXISTS, Operator.DOES_NOT_EXIST) or labels.known[self.key] in self.values
            return hit is not negative
        if self.key in labels.runtime:
            by_value = self.operator in (Operator.IN, Operator.NOT_IN)
            return None if by_value else not negative
        return negative if labels.complete else None

    def __str__(self) -> str:
        values = ", ".join(sorted(self.values))
        match self.operator:
            case Operator.IN if len(self.values) == 1:
                return f"{self.key}={values}"
            case Operator.IN | Operator.NOT_IN:
                return f"{self.key} {self.operator} ({values})"
            case _:
                return f"{self.key} {self.operator}"


@dataclass(frozen=True, slots=True)
class Selector:
    """A label selector: labels match if they meet all requirements. Without any it matches everything."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Labels) -> Answer:
        """Return whether the selector matches labels."""
        return all_of(requirement.matches(labels) for requirement in self.requirements)

    def __str__(self) -> str:
        return ", ".join(map(str, self.requirements)) or "everything"


EVERYTHING = Selector()


def equal(key: str, value: str) -> Requirement:
    """Return the requirement that a label has a value."""
    return Requirement(key, Operator.IN, frozenset([value]))


def check_label_key(key: Any, where: str) -> str:
    """Return a label key; raises `UserError` if it is not one."""
    prefix, slash, name = key.rpartition("/") if isinstance(key, str) else ("", "", "")
    if not _NAME.fullmatch(name) or (slash and not (len(prefix) <= _LONGEST_PREFIX and _PREFIX.fullmatch(prefix))):
        raise UserError(f"{where}: {key!r} is not a label key")
    return str(key)


def _check_value(value: str | None, where: str) -> str:
    value = value or ""  # the API server reads null as an empty string
    if value and not _NAME.fullmatch(value):
        raise UserError(f"{where}: {value!r} is not a label value")
    return value


def parse_selector(value: Any, where: str, *, check_key: Callable[[Any, str], str] = check_label_key) -> Selector:
    """Read a LabelSelector at the path `where`; null is an empty selector.

    `check_key` returns the key to use or raises. Raises `UserError` for what the API server refuses.
    """
    check(SELECTOR_SHAPE, value, where)
    value = value or {}
    labels = f"{where}.matchLabels"
    requirements = [
        equal(check_key(key, labels), _check_value(item, f"{labels}.{key}"))
        for key, item in (value.get("matchLabels") or {}).items()
    ]
    for place, item in enumerate(value.get("matchExpressions") or ()):
        requirements.append(_requirement(item or {}, f"{where}.matchExpressions[{place}]", check_key))
    return Selector(tuple(requirements))


def _requirement(item: Mapping[str, Any], where: str, check_key: Callable[[Any, str], str]) -> Requirement:
    key = check_key(item.get("key"), f"{where}.key")
    written = item.get("operator")
    if written not in tuple(Operator):
        known = ", ".join(Operator)
        raise UserError(f"{where}.operator: {written!r} is not an operator; it is one of {known}")
    operator = Operator(written)
    values = frozenset(_check_value(value, f"{where}.values") for value in item.get("values") or ())
    if bool(values) is not (operator in (Operator.IN, Operator.NOT_IN)):
        wanted = "no values" if values else "at least one value"
        raise UserError(f"{where}.values: {operator} takes {wanted}")
    return Requirement(key, operator, values)
