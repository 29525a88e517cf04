"""Every rule of `check` in a cluster in which it fires, one in which it is quiet, and one that is hostile.

The cases of a family are in ``cases_<family>.py``. All clusters are in one config repo, so that none disturbs another.
"""

from importlib import import_module
from importlib.util import find_spec

import pytest

from kubeaid_ci import Checks
from kubeaid_ci.check import families
from kubeaid_ci.findings.finding import Finding
from tests.check.cases import Case

NAMES = [f"tests.check.cases_{family}" for family in families.FAMILIES]
CASES: tuple[Case, ...] = tuple(case for name in NAMES if find_spec(name) for case in import_module(name).CASES)

# Rules that other jobs report as well, by their names there.
ELSEWHERE = ("chart/values-unknown", "chart/values-repeated", "image/registry-not-allowed")


def found(checks: Checks, case: Case, kind: str) -> list[Finding]:
    cluster = case.named(kind)
    about = [
        finding
        for finding in checks.findings
        if finding.subject == cluster or finding.subject.startswith(f"{cluster}/")
    ]
    return [finding for finding in about if finding.rule.id == case.rule]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_a_rule_fires_at_the_place_that_a_person_edits(case: Case, checked: Checks) -> None:
    findings = found(checked, case, "firing")
    places = {f"{finding.path}:{finding.line}" if finding.line else finding.path for finding in findings}
    assert f"k8s/{case.named('firing')}/{case.at}".rstrip("/") in places
    assert any(case.says in finding.message for finding in findings)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_a_rule_is_quiet_if_nothing_is_wrong(case: Case, checked: Checks) -> None:
    assert found(checked, case, "quiet") == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_a_rule_sees_through_hostile_input(case: Case, checked: Checks) -> None:
    assert bool(found(checked, case, "hostile")) is case.hostile_fires


def test_every_rule_has_a_case() -> None:
    assert {case.rule for case in CASES} == {*families.rules()}


def test_the_id_of_a_rule_is_that_of_its_family() -> None:
    for family in families.FAMILIES:
        own = [rule for module in families.checks([family]) for rule in module.RULES]
        assert {rule.family for rule in own if rule.id not in ELSEWHERE} <= {family}
