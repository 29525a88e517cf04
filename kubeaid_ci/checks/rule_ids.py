"""The ids of all rules, for settings that name one."""

import difflib

from kubeaid_ci.checks import objects, publish
from kubeaid_ci.checks.rules import RULES

RULE_IDS = frozenset(
    {
        *RULES,
        *(rule.id for rule in (objects.OBJECT_INVALID, objects.OBJECT_DUPLICATE, objects.RULES_INVALID)),
        *(rule.id for rule in (publish.STOPPED, publish.FAILED, publish.NOTE)),
    }
)


def unknown(rule: str) -> str | None:
    """Return what is wrong with the id of a rule, with the nearest ones; None if there is such a rule."""
    if rule in RULE_IDS:
        return None
    near = difflib.get_close_matches(rule, sorted(RULE_IDS), 2)
    return f"no such rule: {rule}" + (f"; did you mean {' or '.join(near)}?" if near else "")
