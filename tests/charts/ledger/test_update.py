from dataclasses import replace
from datetime import date

import pytest

from kubeaid_ci.charts.ledger import ledger as file
from kubeaid_ci.charts.ledger import update as plan
from kubeaid_ci.charts.ledger.ledger import Ledger, LedgerEntry, Sighting
from kubeaid_ci.errors import UserError
from kubeaid_ci.helm.chart import Chart, Dependency, Lock, Subchart
from tests.umbrellas import DAY, UPSTREAM, published

TREE, OTHER = "a" * 40, "b" * 40


def chart(name="web", version="1.2.3", tree=TREE, repository=UPSTREAM, lock=None) -> Chart:
    path = f"argocd-helm-charts/{name}"
    inner = Subchart(f"{path}/charts/{name}", Chart(f"{path}/charts/{name}", name, version), tree)
    declared = (Dependency(name, version, repository),) if repository is not None else ()
    return Chart(path, name, "0.1.0", dependencies=declared, lock=lock, subcharts=(inner,))


def vendored(*some):
    return plan.vendored(some or (chart(),))


def updated(ledger, *some, **options):
    return plan.updated(ledger, vendored(*some), today=DAY, **options)


def test_a_new_chart_is_recorded_with_where_it_comes_from():
    ledger, told = updated(Ledger(), chart(), chart("own", repository="file://../own"), chart("none", repository=None))
    own = " as own: nothing declares where it comes from"
    assert told == (f"added none/none 1.2.3{own}", f"added own/own 1.2.3{own}", "added web/web 1.2.3")
    assert ledger.entries == {
        "none/none": LedgerEntry("1.2.3", DAY, origin="own"),
        "own/own": LedgerEntry("1.2.3", DAY, origin="own"),
        "web/web": LedgerEntry("1.2.3", DAY, TREE, UPSTREAM),
    }


def test_an_old_lock_tells_where_an_undeclared_chart_came_from():
    lock = Lock("Chart.lock", "", (), (Dependency("web", "1.2.3", UPSTREAM),))
    ledger, _ = updated(Ledger(), chart(repository=None, lock=lock))
    assert ledger.entries["web/web"].repository == UPSTREAM


def test_content_of_a_known_version_is_never_replaced_unasked():
    before, _ = updated(Ledger())
    after, told = updated(before, chart(tree=OTHER))
    assert (after.entries, told) == (before.entries, ())


def test_a_new_version_is_new_content_and_keeps_what_was_declared():
    before = Ledger(
        {
            "web/web": LedgerEntry(
                "1.0.0", date(2025, 1, 1), OTHER, UPSTREAM, sha256="c" * 64, patches=("patches/x.patch",)
            )
        }
    )
    after, told = updated(before)
    assert told == ("web/web moved from 1.0.0 to 1.2.3",)
    assert after.entries["web/web"] == LedgerEntry("1.2.3", DAY, TREE, UPSTREAM, patches=("patches/x.patch",))


def test_charts_that_are_gone_leave_the_ledger_only_when_all_were_looked_at():
    before, _ = updated(Ledger(), chart(), chart("gone"))
    assert set(updated(before, chart())[0].entries) == {"web/web"}
    assert set(updated(before, chart(), everything=False)[0].entries) == {"gone/gone", "web/web"}


def test_accepted_content_is_recorded_with_its_reason_and_forgets_the_archive():
    entry = LedgerEntry("1.2.3", DAY, OTHER, UPSTREAM, sha256="c" * 64, host="charts.example.com")
    after, told = plan.accepted(Ledger({"web/web": entry}), vendored(), ["web/web"], reason="bundled database removed")
    assert after.entries["web/web"] == LedgerEntry("1.2.3", DAY, TREE, UPSTREAM, reason="bundled database removed")
    assert told == ("accepted web/web 1.2.3: bundled database removed",)


@pytest.mark.parametrize("name", ["nothing", "web/other", "new"])
def test_only_what_the_ledger_has_can_be_accepted(name):
    before, _ = updated(Ledger(), chart())
    with pytest.raises(UserError, match=f"{name}: the ledger has no such chart"):
        plan.accepted(before, vendored(chart(), chart("new")), [name], reason="x")


def test_what_upstream_says_is_recorded_once():
    entry = plan.recorded(LedgerEntry("1.2.3", DAY, TREE, UPSTREAM), published(index_digest="d" * 64))
    assert (entry.sha256, entry.host, entry.index_digest) == ("a" * 64, "charts.example.com", "d" * 64)
    assert plan.recorded(entry, published(sha256="f" * 64)) == entry


def test_the_text_is_sorted_and_reads_back_the_same():
    full = LedgerEntry(
        "1.10", DAY, TREE, UPSTREAM, "fork of https://example.com/x", "https://x", "x", "c" * 64, "c" * 64,
        f"sha256:{'c' * 64}", f"sha256:{'c' * 64}", ("patches/a b.patch", "patches/web/\u00fc.patch"), ("ci/x.yaml",), "why: 'so'\nline",
    )  # fmt: skip
    ledger = Ledger({"z/z": full, "a/a": LedgerEntry("0.1", DAY, origin="own")})
    text = plan.text(ledger)
    assert file.parse(text, where="l").entries == ledger.entries
    assert text.index("  a/a:\n") < text.index("  z/z:\n")
    assert plan.text(file.parse(text, where="l")) == text
    assert file.parse(text, where="l").entries["a/a"].line == 3


def test_first_sights_survive_writing_and_reading_and_other_edits():
    entry = LedgerEntry("1.2.3", DAY, TREE)
    ledger = Ledger(
        {"web/web": entry}, seen={"web/web": {"1.10": Sighting(DAY), "v2": Sighting(DAY, "d" * 64)}, "b/b": {}}
    )
    text = plan.text(ledger)
    read = file.parse(text, where="l")
    assert read.seen == {"web/web": {"1.10": Sighting(DAY), "v2": Sighting(DAY, "d" * 64)}}
    assert read.entries["web/web"].line == 3
    assert plan.text(read) == text
    assert updated(read, chart())[0].seen == read.seen
    assert file.parse(plan.text(Ledger(seen={})), where="l").seen == {}
    assert file.parse(plan.text(Ledger()), where="l").seen is None


def test_an_empty_ledger_is_one():
    assert file.parse("charts:\n", where="l") == Ledger()
    assert file.parse(plan.text(Ledger()), where="l") == Ledger()
    assert file.parse("", where="l") == Ledger()


ENTRY = {"version": "1.2.3", "first_seen": "2026-01-02", "tree": TREE}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"tree": "HEAD"}, "l:3: charts.a/a.tree: expected the id of a Git tree"),
        ({"tree": None}, "expected text|tree is missing"),
        ({"sha": "x"}, "no such setting; did you mean sha256"),
        ({"sha256": "x"}, "expected 64 hex digits"),
        ({"origin": "mine"}, "expected upstream, own or 'fork of"),
        ({"first_seen": "yesterday"}, "expected a date"),
        ({"patches": ["/etc/x.patch"]}, "expected a path such as patches/"),
        ({"patches": ["patches/../x.patch"]}, "expected a path such as patches/"),
        ({"patches": ["patches/x/./x.patch"]}, "expected a path such as patches/"),
        ({"removed": ["../x"]}, "expected the path of a file"),
        ({"version": 1.1}, "write it in quotes"),
    ],
)
def test_a_ledger_that_cannot_be_read_names_line_and_key(changed, message):
    import json

    body = json.dumps(ENTRY | changed)
    with pytest.raises(UserError, match=message):
        file.parse(f"charts:\n  a/a:\n    {body}\n", where="l")


def test_an_entry_given_twice_is_refused():
    entry = "  a/a: {version: '1', first_seen: 2026-01-02, origin: own}\n"
    with pytest.raises(UserError, match=r"l:3: charts\.a/a is there twice"):
        file.parse(f"charts:\n{entry}{entry}", where="l")


def test_own_charts_need_no_tree_and_others_do():
    with pytest.raises(UserError, match="tree is missing"):
        file.parse("charts:\n  a/a: {version: '1', first_seen: 2026-01-02}\n", where="l")
    assert file.parse("charts:\n  a/a: {version: '1', first_seen: 2026-01-02, origin: own}\n", where="l").entries
    assert replace(LedgerEntry("1", DAY), origin="own").is_compared is False


def test_of_two_dependencies_of_a_name_the_one_of_the_vendored_version_declares_it():
    two = (Dependency("web", "1.0.0", UPSTREAM), Dependency("web", "1.2.3", "https://b.example.com", alias="other"))
    (one,) = plan.vendored([replace(chart(), dependencies=two)])
    assert one.repository == "https://b.example.com"
