from dataclasses import replace

import pytest

from kubeaid_ci.checks import ledger as checks
from kubeaid_ci.model.ledger import Ledger, LedgerEntry
from tests.plan.test_ledger import OTHER, TREE, chart, vendored
from tests.umbrellas import DAY, UPSTREAM

ENTRY = LedgerEntry("1.2.3", DAY, TREE, UPSTREAM)


def said(findings):
    return [(one.rule.id.removeprefix("chart/"), one.severity.value) for one in findings]


def check(*entries, charts=(), **options):
    ledger = Ledger(dict(entries or {"web/web": ENTRY}.items()))
    return said(checks.check(vendored(*charts), ledger, **options))


def test_what_is_recorded_is_silent():
    assert check() == []


def test_without_a_ledger_that_is_said_once():
    assert said(checks.check(vendored(chart(), chart("b")), Ledger(exists=False))) == [("not-in-ledger", "warning")]


def test_a_chart_that_is_not_recorded_is_a_warning_and_another_version_an_error():
    assert check(("other/x", ENTRY), charts=[chart()], everything=False) == [("not-in-ledger", "warning")]
    assert check(("web/web", replace(ENTRY, version="1.2.2"))) == [("not-in-ledger", "error")]


def test_an_entry_without_a_chart_is_an_info_when_all_charts_are_looked_at():
    assert check(("web/web", ENTRY), ("gone/gone", ENTRY)) == [("ledger-changed", "info")]
    assert check(("web/web", ENTRY), ("gone/gone", ENTRY), everything=False) == []


@pytest.mark.parametrize(
    "entry", [replace(ENTRY, repository="https://evil.example.com"), replace(ENTRY, origin="own", tree=None)]
)
def test_another_publisher_is_an_error(entry):
    assert check(("web/web", entry)) == [("repository-changed", "error")]


def test_a_slash_at_the_end_is_no_other_publisher():
    assert check(("web/web", replace(ENTRY, repository=f"{UPSTREAM}/"))) == []


def against(before, now):
    return said(checks.against_base(Ledger({"web/web": now} if now else {}), Ledger({"web/web": before})))


@pytest.mark.parametrize(
    ("now", "severity"),
    [
        (replace(ENTRY, tree=OTHER), "error"),
        (replace(ENTRY, tree=OTHER, reason="looked at it"), "warning"),
        (replace(ENTRY, patches=("patches/x.patch",)), "error"),
        (replace(ENTRY, sha256="c" * 64, host="x"), "info"),
        (replace(ENTRY, version="1.3.0", tree=OTHER), "info"),
        (replace(ENTRY, version="1.3.0", tree=OTHER, origin="own"), "warning"),
        (None, "warning"),
    ],
)
def test_a_changed_entry_is_called_out(now, severity):
    assert against(ENTRY, now) == [("ledger-changed", severity)]


def test_an_entry_that_stayed_is_silent_whatever_its_line():
    assert against(ENTRY, replace(ENTRY, line=7)) == []


def test_a_reason_given_before_excuses_nothing_new():
    before = replace(ENTRY, reason="old")
    assert against(before, replace(before, tree=OTHER)) == [("ledger-changed", "error")]


def test_a_dependency_from_another_repository_is_called_out():
    base, now = chart(), chart(repository="https://evil.example.com")
    (finding,) = checks.repositories([now], [base])
    assert finding.message == f"web came from {UPSTREAM}, now from https://evil.example.com"
    assert list(checks.repositories([chart(repository=f"{UPSTREAM}/")], [base])) == []
    assert list(checks.repositories([chart("new")], [base])) == []
