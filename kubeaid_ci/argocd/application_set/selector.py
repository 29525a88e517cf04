"""Filters sets of parameters by a generator's ``selector`` (applicationset/utils/selector.go)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from kubeaid_ci.errors import UserError

_NAME = re.compile(r"(?:(?P<prefix>[^/]+)/)?(?P<name>[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)")
_PREFIX = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")
_LONGEST_PREFIX = 253


def matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Return whether flat parameters match a label selector. Raises `UserError` for one that Argo CD refuses."""
    wanted = [(key, "In", (value or "",)) for key, value in (selector.get("matchLabels") or {}).items()]
    wanted += [
        (each.get("key") or "", each.get("operator") or "", tuple(each.get("values") or ()))
        for each in selector.get("matchExpressions") or ()
    ]
    for key, operator, values in wanted:
        _check(key, operator, values)
    return all(_matches(labels, key, operator, values) for key, operator, values in wanted)


def _matches(labels: Mapping[str, str], key: str, operator: str, values: Sequence[str]) -> bool:
    match operator:
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
    return key not in labels


def _check(key: str, operator: str, values: Sequence[str]) -> None:
    found = _NAME.fullmatch(key)
    prefix = found["prefix"] if found else None
    if found is None or (prefix and (len(prefix) > _LONGEST_PREFIX or not _PREFIX.fullmatch(prefix))):
        raise UserError(f"selector: {key!r} is not a key that Argo CD accepts")
    if operator not in ("In", "NotIn", "Exists", "DoesNotExist"):
        raise UserError(f"selector: unknown operator {operator!r}")
    if bool(values) != (operator in ("In", "NotIn")):
        raise UserError(f"selector: {key}: the operator {operator} {'needs' if not values else 'takes no'} values")
