from dataclasses import replace
from datetime import date

import pytest

from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.findings.suppress import apply
from kubeaid_ci.findings.suppression import Suppression

MODIFIED = Rule("chart/file-modified", Severity.ERROR, "Why. What.")
YANKED = Rule("chart/version-yanked", Severity.WARNING, "Why. What.")
FINDING = MODIFIED.at("charts/postgres/values.yaml", "differs", subject="buzz/buzz")
SUPPRESSION = Suppression("chart/file-modified", "buzz/*", "removed on purpose", path="charts/**", line=3)
TODAY = date(2027, 6, 30)


def run(*suppressions: Suppression, findings: tuple[Finding, ...] = (FINDING,), ran: tuple[str, ...] = ("chart",)):
    return apply(findings, suppressions, today=TODAY, ran=ran)


def test_a_finding_that_matches_is_silenced_with_the_reason() -> None:
    assert run(SUPPRESSION) == (FINDING.suppressed("removed on purpose"),)


@pytest.mark.parametrize(
    "other",
    [
        YANKED.at("charts/postgres/values.yaml", "differs", subject="buzz/buzz"),
        MODIFIED.at("charts/postgres/values.yaml", "differs", subject="hive/buzz"),
        MODIFIED.at("templates/x.yaml", "differs", subject="buzz/buzz"),
        MODIFIED.at(None, "differs", subject="buzz/buzz"),
    ],
)
def test_another_rule_subject_or_path_is_not_silenced_and_the_suppression_is_unused(other: Finding) -> None:
    first, unused = run(SUPPRESSION, findings=(other,))
    assert first == other
    assert (unused.rule.id, unused.severity) == ("suppression-unused", Severity.INFO)
    assert (unused.path, unused.line, unused.subject) == (".kubeaid-ci.yaml", 3, "chart/file-modified")
    assert "buzz/*, path charts/** (removed on purpose)" in unused.message


def test_a_suppression_without_a_path_matches_any_path_and_none() -> None:
    nowhere = MODIFIED.at(None, "differs", subject="buzz/buzz")
    anywhere = replace(SUPPRESSION, path=None)
    assert all(finding.suppressed_by for finding in run(anywhere, findings=(FINDING, nowhere)))


def test_the_last_day_still_holds_and_the_next_does_not() -> None:
    assert run(replace(SUPPRESSION, until=TODAY)) == (FINDING.suppressed("removed on purpose"),)
    finding, expired = run(replace(SUPPRESSION, until=date(2027, 6, 29)))
    assert finding == FINDING
    assert (expired.rule.id, expired.severity) == ("suppression-expired", Severity.WARNING)
    assert expired.message.startswith("held until 2027-06-29: chart/file-modified for buzz/*")


def test_an_expired_suppression_is_said_where_its_rule_ran_or_it_would_have_matched() -> None:
    expired = replace(SUPPRESSION, until=date(2020, 1, 1))
    assert [finding.rule.id for finding in run(expired, findings=())] == ["suppression-expired"]
    assert [finding.rule.id for finding in run(expired, ran=())] == [
        "chart/file-modified",
        "suppression-expired",
    ]
    assert run(expired, findings=(), ran=("build",)) == ()


@pytest.mark.parametrize(
    ("ran", "rules"),
    [
        (("chart",), ["suppression-unused"]),
        (("chart/file-modified",), ["suppression-unused"]),
        (("chart/version-yanked", "build"), []),
        ((), []),
    ],
)
def test_what_is_unused_is_only_said_of_rules_that_ran(ran: tuple[str, ...], rules: list[str]) -> None:
    assert [finding.rule.id for finding in run(SUPPRESSION, findings=(), ran=ran)] == rules


def test_the_first_of_two_gives_the_reason_and_both_are_used() -> None:
    second = replace(SUPPRESSION, reason="second", path=None)
    assert run(SUPPRESSION, second) == (FINDING.suppressed("removed on purpose"),)


def test_a_finding_that_is_silenced_already_keeps_its_reason() -> None:
    silenced = FINDING.suppressed("earlier")
    assert run(SUPPRESSION, findings=(silenced,)) == (silenced,)


def test_the_fingerprint_does_not_change() -> None:
    assert run(SUPPRESSION)[0].fingerprint == FINDING.fingerprint


def test_what_calls_a_suppression_out_is_silenced_by_none() -> None:
    rule = Rule("chart/suppression-changed", Severity.WARNING, "Why. What.")
    finding = rule.at(".kubeaid-ci.yaml", "silenced", subject="chart/file-modified")
    assert run(replace(SUPPRESSION, rule=rule.id, subject="**", path=None), findings=(finding,), ran=()) == (finding,)
