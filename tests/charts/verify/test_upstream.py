"""Charts are handed on as they come, and no more of them are held than are worked on."""

import pytest

from kubeaid_ci.charts.verify.upstream import answers, upstream_charts
from kubeaid_ci.charts.verify.verdict import Vendored
from kubeaid_ci.errors import UserError
from kubeaid_ci.helm.chart import Chart, Dependency, Subchart
from kubeaid_ci.net.errors import Failed, FailedKind
from tests.servers.charts import Charts
from tests.umbrellas import UPSTREAM

GONE = Failed(FailedKind.GONE, "gone")


def vendored(umbrella: str, name: str) -> Vendored:
    path = f"{umbrella}/charts/{name}"
    return Vendored(umbrella, Subchart(path, Chart(path, name, "1.0.0")), Dependency(name, "1.0.0", UPSTREAM))


def test_no_chart_is_asked_for_before_there_is_room_for_it():
    started = []

    def fetch(wanted):
        started.append(wanted.name)
        return GONE

    asked = [(vendored("all", f"web-{number}"), None) for number in range(20)]
    taken = []
    for one, got in answers(asked, fetch, jobs=3):
        taken.append((one.key, got))
        assert len(started) <= len(taken) + 2
    assert sorted(taken) == sorted((one.key, GONE) for one, _ in asked)


def test_what_several_umbrellas_vendor_is_asked_for_once():
    started = []
    asked = [(vendored(umbrella, "web"), None) for umbrella in ("a", "b", "c")]
    found = list(answers(asked, lambda wanted: started.append(wanted) or GONE, jobs=2))
    assert [one.umbrella for one, _ in found] == ["a", "b", "c"]
    assert len(started) == 1


def test_a_bug_in_one_question_ends_the_run():
    def fetch(_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(answers([(vendored("a", "web"), None)], fetch, jobs=2))


def test_the_cache_is_brought_back_to_its_size_at_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr("kubeaid_ci.cache.cache.CACHE_BYTES", 100)
    served = Charts()
    served.add("web", "1.0.0", {"big": bytes(range(256)) * 40})
    with served.server, upstream_charts(cache=tmp_path, mirrors={UPSTREAM: served.server.url}) as fetch:
        ((_, got),) = answers([(vendored("a", "web"), None)], fetch, jobs=1)
        assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) > 100
    assert got.host == "charts.example.com"
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) <= 100


def test_certificates_that_are_not_there_are_told():
    with pytest.raises(UserError, match=r"nowhere\.pem: no such file"), upstream_charts(ca_bundle="nowhere.pem"):
        pass
