import importlib
import pkgutil
import re

import pytest

import kubeaid_ci
from kubeaid_ci.findings.finding import Rule, Severity
from kubeaid_ci.findings.registry import RULES


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
        "build/object-invalid": Severity.ERROR,
        "build/object-duplicate": Severity.ERROR,
        "build/rules-invalid": Severity.ERROR,
        "build/engines-differ": Severity.WARNING,
        "build/pinned-revision-missing": Severity.ERROR,
        "suppression-unused": Severity.INFO,
        "suppression-expired": Severity.WARNING,
    }


@pytest.mark.parametrize("name", RULES)
def test_a_rule_says_in_two_sentences_why_and_what_to_do(name: str) -> None:
    assert len(re.findall(r"[a-z]\.(?:\s|$)", RULES[name].help)) == 2
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*(/[a-z]+(-[a-z]+)*)?", name)


def test_every_rule_in_the_code_is_in_the_registry() -> None:
    modules = pkgutil.walk_packages(kubeaid_ci.__path__, "kubeaid_ci.")
    defined = {
        rule.id: rule
        for module in modules
        if not module.name.endswith("__main__")
        for rule in vars(importlib.import_module(module.name)).values()
        if isinstance(rule, Rule)
    }
    assert defined.items() <= RULES.items()
    assert len(defined) > 100
