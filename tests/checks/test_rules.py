import re

import pytest

from kubeaid_ci.checks.rules import RULES
from kubeaid_ci.model.finding import Severity


def test_the_rules_are_under_their_ids_with_their_severities() -> None:
    assert all(rule.id == name for name, rule in RULES.items())
    assert {name: RULES[name].severity for name in RULES if name.startswith(("build/", "suppression-"))} == {
        "build/vars-invalid": Severity.ERROR,
        "build/library-missing": Severity.ERROR,
        "build/stale": Severity.ERROR,
        "build/cluster-unreadable": Severity.ERROR,
        "build/vars-missing": Severity.ERROR,
        "build/output-unusable": Severity.ERROR,
        "build/nothing-built": Severity.WARNING,
        "build/engines-differ": Severity.WARNING,
        "build/pinned-revision-missing": Severity.ERROR,
        "suppression-unused": Severity.INFO,
        "suppression-expired": Severity.WARNING,
    }


@pytest.mark.parametrize("name", RULES)
def test_a_rule_says_in_two_sentences_why_and_what_to_do(name: str) -> None:
    assert len(re.findall(r"[a-z]\.(?:\s|$)", RULES[name].help)) == 2
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*(/[a-z]+(-[a-z]+)*)?", name)
