from dataclasses import replace

import pytest

from kubeaid_ci.charts.ledger import change as checks
from kubeaid_ci.charts.ledger.ledger import Ledger, LedgerEntry
from kubeaid_ci.git.tree import REGULAR, Entry
from tests.charts.ledger.test_update import OTHER, TREE, chart, vendored
from tests.umbrellas import DAY, UPSTREAM

ENTRY = LedgerEntry("1.2.3", DAY, TREE, UPSTREAM)
SEEN = replace(ENTRY, sha256="c" * 64, host="charts.example.com")


def said(findings):
    return [(one.rule.id.removeprefix("chart/"), one.severity.value) for one in findings]


def against(before, now, *charts):
    there = vendored(*charts) if charts else ()
    return said(checks.check(Ledger({"web/web": now} if now else {}), Ledger({"web/web": before}), there))


@pytest.mark.parametrize(
    ("now", "severity"),
    [
        (replace(ENTRY, tree=OTHER), "error"),
        (replace(ENTRY, tree=OTHER, reason="looked at it"), "warning"),
        (replace(ENTRY, patches=("patches/x.patch",)), "error"),
        (replace(ENTRY, removed=("templates/policy.yaml",)), "error"),
        (replace(ENTRY, sha256="c" * 64, host="x"), "info"),
        (replace(ENTRY, version="1.3.0", tree=OTHER), "info"),
        (replace(ENTRY, version="v1.2.3", tree=OTHER), "error"),
        (replace(ENTRY, version="01.2.3", tree=OTHER), "error"),
        (replace(ENTRY, version="v1.2.3", tree=OTHER, reason="looked at it"), "warning"),
        (replace(ENTRY, version="v1.2.3", patches=("patches/x.patch",)), "error"),
        (replace(ENTRY, version="v1.2.3"), "warning"),
        (replace(ENTRY, version="1.2.3+1", tree=OTHER), "info"),
        (replace(ENTRY, version="1.3.0", tree=OTHER, origin="own"), "warning"),
        (replace(ENTRY, version="1.3.0", tree=OTHER, patches=("patches/x.patch",)), "warning"),
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


def test_an_entry_that_goes_while_its_chart_stays_is_an_error():
    assert against(ENTRY, None, chart()) == [("ledger-changed", "error")]


def test_an_entry_that_goes_while_its_chart_is_declared_is_an_error():
    (finding,) = checks.check(Ledger(), Ledger({"web/web": ENTRY}), (), declared=["web/web"])
    assert finding.severity == "error"


def test_a_ledger_that_is_gone_is_an_error_said_once():
    base = Ledger({"web/web": ENTRY, "app/db": ENTRY})
    (finding,) = checks.check(Ledger(exists=False), base, vendored())
    assert finding.severity == "error"
    assert finding.message == "charts.ledger.yaml was removed, and with it all that is known of the vendored charts (2)"


def test_an_archive_on_another_host_is_another_repository_even_for_a_new_version():
    now = replace(SEEN, version="1.3.0", tree=OTHER, host="ch\u0430rts.example.com")
    found = list(checks.check(Ledger({"web/web": now}), Ledger({"web/web": SEEN}), ()))
    assert said(found) == [("ledger-changed", "info"), ("repository-changed", "error")]
    assert found[1].message.endswith("on the host charts.example.com, now on ch\\u0430rts.example.com")


def new(entry, base):
    (one,) = vendored(chart("other", tree=entry.tree))
    return said(checks.check(Ledger({"web/web": ENTRY, one.key: entry}), Ledger({"web/web": ENTRY, **base}), [one]))


def test_a_release_that_was_known_under_another_name_must_hold_the_same():
    known = {"gone/other": ENTRY}
    assert new(replace(ENTRY, tree=OTHER), known)[-1] == ("ledger-changed", "error")
    assert new(ENTRY, known) == [("ledger-changed", "warning")]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, []),
        ({"origin": "fork of web"}, [("ledger-changed", "warning")]),
        ({"patches": ("patches/x.patch",)}, [("ledger-changed", "warning")]),
    ],
)
def test_a_new_entry_that_is_not_what_is_published_is_called_out(more, expected):
    assert new(replace(ENTRY, **more), {}) == expected


def test_a_declared_patch_that_changed_is_called_out():
    before, after = {"patches/x.patch": Entry(REGULAR, TREE)}, {"patches/x.patch": Entry(REGULAR, OTHER)}
    ledger = Ledger({"web/web": replace(ENTRY, patches=("patches/x.patch",))})
    (finding,) = checks.patches(ledger, after, before)
    assert (finding.rule.id, finding.severity, finding.path) == ("chart/ledger-changed", "warning", "patches/x.patch")
    assert list(checks.patches(ledger, before, before)) == []
    assert list(checks.patches(Ledger({"web/web": ENTRY}), after, before)) == []
