from dataclasses import replace

import pytest

from kubeaid_ci.charts.verify import base_change as checks
from kubeaid_ci.findings.finding import FailOn
from kubeaid_ci.findings.suppression import Suppression
from tests.charts.ledger.test_update import chart
from tests.umbrellas import UPSTREAM

SUPPRESSION = Suppression("chart/file-modified", "web/*", "wanted", line=3)


def messages(now, *base, folders=()):
    return [one.message for one in checks.repositories([now], base, folders=folders)]


def test_a_dependency_from_another_repository_is_called_out():
    now = chart(repository="https://evil.example.com")
    (finding,) = checks.repositories([now], [chart()])
    assert (finding.rule.id, finding.severity) == ("chart/repository-changed", "error")
    assert finding.message == f"web came from {UPSTREAM}, now from https://evil.example.com"


@pytest.mark.parametrize(
    ("repository", "shown"),
    [
        (f"{UPSTREAM}/", None),
        ("HTTPS://Charts.Example.com", None),
        (f"{UPSTREAM}/Path", f"{UPSTREAM}/Path"),
        (f"{UPSTREAM}?token=1", f"{UPSTREAM}?…"),
        ("http://charts.example.com", "http://charts.example.com"),
        ("https://charts.example.com:8443", "https://charts.example.com:8443"),
        ("https://me:s3cret@charts.example.com", UPSTREAM),
        ("https://ch\u0430rts.example.com", "https://ch\\u0430rts.example.com"),
        ("https://charts.example.com\u200b", "https://charts.example.com\\u200b"),
        ("", "nowhere"),
        ("@known", "@known"),
    ],
)
def test_an_address_is_another_one_in_all_but_how_its_host_is_written(repository, shown):
    expected = [] if shown is None else [f"web came from {UPSTREAM}, now from {shown}"]
    assert messages(chart(repository=repository), chart()) == expected


def test_the_case_of_a_path_makes_another_address():
    assert messages(chart(repository=f"{UPSTREAM}/Team"), chart(repository=f"{UPSTREAM}/team")) != []


def test_one_name_from_two_repositories_that_both_stay_is_silent():
    twice = replace(
        chart(), dependencies=(*chart().dependencies, *chart(repository="https://b.example.com").dependencies)
    )
    assert messages(twice, twice) == []


def test_a_renamed_umbrella_chart_must_name_the_repository_of_the_one_that_is_gone():
    moved = replace(chart(repository="https://evil.example.com"), path="argocd-helm-charts/web2")
    assert len(messages(moved, chart(), folders=["web2"])) == 1
    assert messages(moved, chart(), folders=["web", "web2"]) == []


@pytest.mark.parametrize("host", ["chart.example.com", "charts.example.co", "ch\u0430rts.example.com"])
def test_a_new_host_that_looks_like_a_known_one_is_called_out(host):
    (message,) = messages(chart("new", repository=f"https://{host}"), chart())
    assert message.endswith("a new host that looks like charts.example.com")


def test_a_new_dependency_from_a_host_of_its_own_is_silent():
    for repository in (UPSTREAM, "https://helm.other.org", "file://../x", "", "https://[bad"):
        assert messages(chart("new", repository=repository), chart()) == []


def test_what_changes_where_archives_come_from_is_called_out():
    base = {"mirrors": {"https://a.org": "https://m.org/a", "https://b.org": "https://m.org/b"}, "allow": {"m.org": ""}}
    now = {
        "mirrors": {"https://a.org": "https://evil.org", "https://c.org": "https://evil.org"},
        "allow": {"evil.org": ""},
    }
    found = list(checks.reach(now, base))
    assert {one.rule.id for one in found} == {"chart/repository-changed"}
    assert [one.message.removeprefix("upstreams: ") for one in found] == [
        "mirrors: https://a.org used https://m.org/a and now uses https://evil.org",
        "mirrors: https://b.org was removed",
        "mirrors: https://c.org now uses https://evil.org",
        "allow: evil.org is new",
        "allow: m.org was removed",
    ]
    assert list(checks.reach(base, base)) == []


def test_a_new_suppression_of_chart_findings_is_called_out():
    (finding,) = checks.suppressions([SUPPRESSION], [])
    assert (finding.rule.id, finding.severity, finding.line) == ("chart/suppression-changed", "warning", 3)
    assert finding.message == "chart/file-modified is silenced for web/* from now on: wanted"
    assert list(checks.suppressions([replace(SUPPRESSION, line=9)], [SUPPRESSION])) == []
    assert list(checks.suppressions([replace(SUPPRESSION, rule="build/stale")], [])) == []


@pytest.mark.parametrize(
    ("now", "base", "count"),
    [
        (FailOn.NEVER, None, 1),
        (FailOn.ERROR, FailOn.WARNING, 1),
        (FailOn.WARNING, None, 0),
        (None, FailOn.ERROR, 0),
        (FailOn.NEVER, FailOn.NEVER, 0),
    ],
)
def test_failing_on_less_than_before_is_called_out(now, base, count):
    assert len(list(checks.leniency(now, base))) == count
