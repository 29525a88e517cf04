from dataclasses import replace

import pytest

from kubeaid_ci.charts.ledger import check as checks
from kubeaid_ci.charts.ledger.ledger import Ledger, LedgerEntry
from tests.charts.ledger.test_update import TREE, chart, vendored
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


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"web/web": ENTRY}, "web/web has no version that can be read, the ledger has 1.2.3"),
        ({}, "web/web is not in charts.ledger.yaml"),
    ],
)
def test_a_chart_without_a_version_leaves_no_gap_in_a_message(entries, message):
    (finding,) = checks.check(vendored(chart(version="")), Ledger(entries))
    assert finding.message == message
