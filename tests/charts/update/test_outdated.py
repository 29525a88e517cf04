from datetime import date, timedelta

import pytest

import kubeaid_ci
from kubeaid_ci.charts.ledger.ledger import LEDGER
from kubeaid_ci.errors import UserError
from kubeaid_ci.helm.upstreams import Upstreams
from kubeaid_ci.net.retries import RetryPolicy
from kubeaid_ci.semver.version import Version
from kubeaid_ci.settings import Settings, UpstreamSettings
from kubeaid_ci.settings.policy import ChartPolicy, Step
from tests import repos, umbrellas
from tests.servers import registry
from tests.servers.charts import Charts, chart
from tests.umbrellas import metadata

DAY = date(2026, 3, 10)
QUICK = RetryPolicy(attempts=1, first=0, sleep=lambda _: None)


@pytest.fixture
def charts():
    made = Charts()
    with made.server:
        yield made


def umbrella(root, name, version, upstream):
    own = {
        "Chart.yaml": metadata(name, "0.1.0", f"{name} {version} {upstream}"),
        f"charts/{name}/Chart.yaml": metadata(name, version),
    }
    return umbrellas.umbrella(root, name, own)


def outdated(root, *names, policies=None, kubernetes=None, **options):
    ups = options.pop("upstreams", None) or Upstreams(environ={}, retries=QUICK)
    known = Settings(charts=policies or {}, kubernetes_version=kubernetes)
    options.setdefault("today", DAY)
    return kubeaid_ci.outdated_charts(root, charts=names, settings=known, upstreams=ups, jobs=2, cache=False, **options)


def told(found):
    return [(one.subchart, one.status.value, one.newest, one.latest) for one in found.results]


def rules(found):
    return [(one.rule.id, one.subject) for one in found.findings]


def test_newer_releases_come_with_all_that_a_person_wants_to_know(tmp_path, charts):
    umbrella(tmp_path, "web", "1.2.3", charts.server.url)
    umbrella(tmp_path, "api", "1.0.0", charts.server.url)
    charts.add("api", "1.0.0")
    charts.add("web", "1.2.3")
    more = {
        "appVersion": "9.1",
        "kubeVersion": ">=1.20.0-0",
        "home": "https://example.com",
        "created": "2026-02-01T10:00:00Z",
    }
    charts.add("web", "1.3.0", sources=["https://github.com/acme/web"], **more)
    found = outdated(tmp_path)
    assert told(found) == [("api", "current", None, None), ("web", "outdated", "1.3.0", "1.3.0")]
    one = found.results[1]
    assert (one.current, one.step, one.released, one.app_version) == ("1.2.3", Step.MINOR, date(2026, 2, 1), "9.1")
    assert (one.kube_version, one.deprecated, one.first_seen) == (">=1.20.0-0", False, None)
    assert one.links == ("https://github.com/acme/web/releases", "https://github.com/acme/web", "https://example.com")
    assert rules(found) == [("chart/outdated", "web/web")]
    assert not found.may_pass


def test_a_policy_and_the_clusters_hold_back_and_the_reason_is_told(tmp_path, charts):
    umbrella(tmp_path, "web", "1.2.3", charts.server.url)
    charts.add("web", "1.4.0", kubeVersion=">=1.30.0")
    charts.add("web", "2.0.0")
    policy = {"web": ChartPolicy(allow=Step.MINOR)}
    found = outdated(tmp_path, policies=policy, kubernetes=Version.parse("1.29.1"))
    assert told(found) == [("web", "held", None, "2.0.0")]
    assert [(one.version, one.reason) for one in found.results[0].held] == [
        ("2.0.0", "a major step, and minor is allowed"),
        ("1.4.0", "wants Kubernetes >=1.30.0, a cluster runs 1.29.1"),
    ]
    assert rules(found) == []


def test_each_chart_asks_its_own_repository_however_names_resemble_each_other(tmp_path, charts):
    """Names that are part of another, and one name in two repositories, get their own answers."""
    other = Charts()
    with other.server:
        for root, name, upstream in (
            ("opensearch", "opensearch", charts),
            ("opensearch-dashboards", "opensearch-dashboards", charts),
            ("twin", "opensearch", other),
        ):
            files = {
                "Chart.yaml": metadata(root, "0.1.0", f"{name} 1.0.0 {upstream.server.url}"),
                f"charts/{name}/Chart.yaml": metadata(name, "1.0.0"),
            }
            umbrellas.umbrella(tmp_path, root, files)
        charts.add("opensearch", "1.1.0")
        charts.add("opensearch-dashboards", "1.2.0")
        other.add("opensearch", "1.3.0")
        found = outdated(tmp_path)
        assert [(one.chart, one.newest) for one in found.results] == [
            ("opensearch", "1.1.0"),
            ("opensearch-dashboards", "1.2.0"),
            ("twin", "1.3.0"),
        ]
        assert charts.paths() == ["/index.yaml"]


def test_an_upstream_that_is_gone_or_empty_is_told_and_never_current(tmp_path, charts):
    umbrella(tmp_path, "empty", "1.0.0", charts.server.url)
    umbrella(tmp_path, "gone", "1.0.0", charts.server.url + "/gone")
    umbrella(tmp_path, "web", "1.0.0", charts.server.url)
    charts.entries["empty"] = []
    charts.add("web", "1.1.0")
    found = outdated(tmp_path)
    assert told(found)[:2] == [("empty", "unknown", None, None), ("gone", "unknown", None, None)]
    assert told(found)[2][1] == "outdated"
    assert rules(found)[:2] == [("chart/unverifiable", "empty/empty"), ("chart/unverifiable", "gone/gone")]
    assert "lists no version" in found.results[0].error
    assert not found.may_pass


def test_an_upstream_that_does_not_answer_may_be_asked_again(tmp_path, charts):
    umbrella(tmp_path, "web", "1.0.0", "http://127.0.0.1:1")
    found = outdated(tmp_path)
    assert told(found) == [("web", "unknown", None, None)]
    assert rules(found) == [("chart/unverifiable", "127.0.0.1:1")]
    assert found.may_pass


def test_progress_counts_every_chart(tmp_path, charts):
    for name in ("api", "web"):
        umbrella(tmp_path, name, "1.0.0", charts.server.url)
        charts.add(name, "1.1.0")
    counted = []
    outdated(tmp_path, progress=lambda *step: counted.append(step))
    assert counted == [("charts checked", 1, 2), ("charts checked", 2, 2)]


def test_charts_of_our_own_are_not_asked_for(tmp_path):
    own = {
        "Chart.yaml": metadata("app", "0.1.0", "db 1.0.0 file://../db"),
        "charts/db/Chart.yaml": metadata("db", "1.0.0"),
    }
    umbrellas.umbrella(tmp_path, "app", own)
    assert outdated(tmp_path).results == ()


def test_each_version_of_a_chart_is_looked_up_by_itself(tmp_path, charts):
    for version in ("1.0.0", "1.1.0", "2.0.0", "2.1.0"):
        charts.add("web", version)
    umbrellas.two_versions(tmp_path, charts.server.url)
    minor = {"app": ChartPolicy(allow=Step.MINOR)}
    found = outdated(tmp_path, policies=minor)
    assert [(one.subchart, one.current, one.newest) for one in found.results] == [
        ("web-1", "1.0.0", "1.1.0"),
        ("web-2", "2.0.0", "2.1.0"),
    ]
    assert [one.subchart for one in outdated(tmp_path, "app/new", policies=minor).results] == ["web-2"]


def test_one_dependency_of_several_can_be_named(tmp_path, charts):
    files = {"Chart.yaml": metadata("app", "0.1.0", f"web 1.0.0 {charts.server.url}", f"api 1.0.0 {charts.server.url}")}
    umbrellas.umbrella(tmp_path, "app", files)
    charts.add("web", "1.0.0")
    charts.add("api", "1.0.0")
    assert told(outdated(tmp_path, "app/api")) == [("api", "outdated", "1.0.0", "1.0.0")]
    with pytest.raises(UserError, match="app/db: no such dependency with an upstream; available: app/web, app/api"):
        outdated(tmp_path, "app/db")


def test_a_release_counts_its_age_from_the_day_it_was_first_seen(tmp_path, charts):
    umbrella(tmp_path, "web", "1.0.0", charts.server.url)
    charts.add("web", "1.1.0", created="2020-01-01")
    policy = {"*": ChartPolicy(minimum_age=timedelta(days=5))}
    first = outdated(tmp_path, policies=policy, update_ledger=True)
    assert first.ledger == ("first seen today: web/web 1.1.0",)
    assert "seen:\n  web/web:\n    1.1.0: 2026-03-10 sha256:" in (tmp_path / LEDGER).read_text()
    assert told(outdated(tmp_path, policies=policy))[0][1] == "held"
    later = outdated(tmp_path, policies=policy, today=DAY + timedelta(days=5), update_ledger=True)
    assert (told(later)[0][2], later.results[0].first_seen, later.ledger) == ("1.1.0", DAY, ())
    charts.add("web", "1.2.0", created="2020-01-01")
    again = outdated(tmp_path, policies=policy, today=DAY + timedelta(days=6))
    assert told(again) == [("web", "outdated", "1.1.0", "1.2.0")]
    with pytest.raises(UserError, match="leave out --ref HEAD"):
        outdated(tmp_path, update_ledger=True, ref="HEAD")


def test_an_index_that_is_written_again_with_each_release_does_not_make_releases_younger(tmp_path, charts):
    umbrella(tmp_path, "web", "1.0.0", charts.server.url)
    policy = {"*": ChartPolicy(minimum_age=timedelta(days=5))}
    charts.add("web", "1.1.0", created="2026-03-10")
    outdated(tmp_path, policies=policy, update_ledger=True)
    charts.entries.clear()
    charts.add("web", "1.1.0", created="2026-03-16")
    assert told(outdated(tmp_path, policies=policy, today=DAY + timedelta(days=6)))[0][2] == "1.1.0"
    charts.entries.clear()
    charts.add("web", "1.1.0", {"values.yaml": b"evil: true"}, created="2020-01-01")
    found = outdated(tmp_path, policies=policy, today=DAY + timedelta(days=6), update_ledger=True)
    assert found.results[0].held[0].reason == "0 days old since it was published again; minimum-age is 5 days"
    assert found.ledger == ("first seen today with this content: web/web 1.1.0, which was published again",)


def test_first_sights_of_releases_that_are_no_longer_newer_are_forgotten(tmp_path, charts):
    umbrella(tmp_path, "web", "1.0.0", charts.server.url)
    charts.add("web", "1.1.0")
    outdated(tmp_path, update_ledger=True)
    umbrella(tmp_path, "web", "1.1.0", charts.server.url)
    outdated(tmp_path, update_ledger=True)
    assert "seen: {}" in (tmp_path / LEDGER).read_text()


def test_a_policy_with_a_misspelled_name_is_told(tmp_path, charts):
    umbrella(tmp_path, "web", "1.0.0", charts.server.url)
    charts.add("web", "1.0.0")
    assert rules(outdated(tmp_path, policies={"wbe": ChartPolicy()})) == [("chart/policy-unused", "wbe")]
    assert rules(outdated(tmp_path, "web", policies={"wbe": ChartPolicy()})) == []


@pytest.mark.skipif(registry.PROGRAM is None, reason="docker-registry is not installed")
def test_charts_in_a_registry_are_found_also_by_tags_with_a_v_and_their_age_is_unknown(tmp_path):
    with registry.running(tmp_path) as running:
        root = umbrella(tmp_path / "kubeaid", "web", "v5.0.0", f"oci://{running.host}/charts")
        for tag in ("v5.0.0", "v5.10.0", "v5.9.0"):
            running.push("charts/web", tag, chart("web", tag))

        def ups():
            return Upstreams(environ={}, retries=QUICK, plain_http=[running.host])

        assert told(outdated(root, upstreams=ups())) == [("web", "outdated", "v5.10.0", "v5.10.0")]
        policy = {"web": ChartPolicy(minimum_age=timedelta(days=3))}
        held = outdated(root, upstreams=ups(), policies=policy, update_ledger=True)
        assert told(held)[0][1] == "held"
        assert "of unknown age" in held.results[0].held[0].reason
        assert held.ledger == ("first seen today: web/web v5.10.0", "first seen today: web/web v5.9.0")
        later = outdated(root, upstreams=ups(), policies=policy, today=DAY + timedelta(days=3))
        assert told(later)[0][2] == "v5.10.0"


def test_nothing_but_the_ledger_is_written_and_only_on_demand(tmp_path, charts):
    umbrella(tmp_path, "web", "1.0.0", charts.server.url)
    charts.add("web", "1.1.0")
    before = repos.snapshot(tmp_path)
    outdated(tmp_path)
    assert repos.snapshot(tmp_path) == before


def test_upstreams_are_reached_as_the_settings_say(tmp_path, charts):
    """A repository that nobody can reach, and the mirror of it that the settings name."""
    charts.add("web", "1.0.0")
    charts.add("web", "1.1.0")
    umbrella(tmp_path, "web", "1.0.0", "https://charts.example.invalid")
    known = Settings(upstreams=UpstreamSettings(mirrors={"https://charts.example.invalid": charts.server.url}))
    found = kubeaid_ci.outdated_charts(tmp_path, settings=known, jobs=1, cache=False, today=DAY)
    assert [str(one.newest) for one in found.results] == ["1.1.0"]
