from datetime import timedelta

import pytest

import kubeaid_ci
from kubeaid_ci import documents
from kubeaid_ci.charts.ledger.ledger import LEDGER
from kubeaid_ci.errors import OutsideError, UserError
from kubeaid_ci.helm.chart import CHARTS
from kubeaid_ci.settings import Settings
from kubeaid_ci.settings.policy import ChartPolicy
from tests import repos, umbrellas
from tests.servers import registry
from tests.servers.charts import Charts, chart
from tests.updates import DAY, files, outcomes, publish, rules, umbrella, update, upstreams, vendored


@pytest.fixture
def charts():
    made = Charts()
    with made.server:
        yield made


@pytest.fixture
def root(tmp_path, charts):
    publish(charts, "web", "1.0.0")
    umbrella(tmp_path, charts, "web")
    publish(charts, "api", "1.0.0")
    publish(charts, "api", "1.0.1")
    return tmp_path


def add(root, name, repository, version=None, policies=None, **options):
    given = {
        "upstreams": upstreams(),
        "settings": Settings(charts=policies or {}),
        "today": DAY,
        "jobs": 1,
        "cache": False,
    }
    return kubeaid_ci.add_chart(root, name, repository=repository, version=version, **given | options)


def test_a_new_umbrella_chart_is_complete_and_verified(root, charts):
    apps = "build/kube-prometheus/lib/default_kubeaid_apps_vars.yaml"
    repos.write(root, {apps: "kubeaid_apps:\n  - web\n"})
    found = add(root, "api", charts.server.url)
    assert (outcomes(found), rules(found), found.written) == ([("api", "added")], [], (LEDGER, apps))
    folder = root / CHARTS / "api"
    assert (folder / "Chart.yaml").read_text() == (
        "apiVersion: v2\nname: api\nversion: 1.0.0\ndependencies:\n"
        f"  - name: api\n    version: 1.0.1\n    repository: {charts.server.url}\n"
    )
    assert documents.load((folder / "values.yaml").read_text(), where="v") == {"api": {}}
    assert "templates/web.yaml" in repos.snapshot(vendored(root, "api", "api"))
    assert (root / apps).read_text() == "kubeaid_apps:\n  - web\n  - api\n"
    umbrellas.verify(root, update_ledger=True)
    assert umbrellas.said(umbrellas.verify(root)) == []
    assert outcomes(update(root, "api")) == [("api", "up-to-date")]


def test_the_version_that_is_named_is_the_one_that_is_vendored(root, charts):
    """The old script vendored the newest, while its commit named the one asked for."""
    add(root, "api", charts.server.url, "1.0.0")
    said = documents.load((vendored(root, "api", "api") / "Chart.yaml").read_text(), where="x")
    assert said["version"] == "1.0.0"


def test_an_existing_chart_is_refused(root, charts):
    before = repos.snapshot(root)
    with pytest.raises(UserError, match="argocd-helm-charts/web already exists; update it with `charts update web`"):
        add(root, "web", charts.server.url)
    assert repos.snapshot(root) == before


@pytest.mark.parametrize(
    ("name", "repository", "message"),
    [
        ("../web", "https://charts.example.com", "not the name of a chart"),
        ("", "https://charts.example.com", "not the name of a chart"),
        (".web", "https://charts.example.com", "not the name of a chart"),
        ("_web", "https://charts.example.com", "not the name of a chart"),
        ("-web", "https://charts.example.com", "not the name of a chart"),
        ("we b", "https://charts.example.com", "not the name of a chart"),
        ("a" * 251, "https://charts.example.com", "not the name of a chart"),
        ("api", "charts.example.com", "name one as https://… or oci://…"),
        ("api", "file://../web", "not a chart repository"),
    ],
)
def test_what_is_no_chart_is_refused(root, name, repository, message):
    with pytest.raises(UserError, match=message):
        add(root, name, repository)


def test_an_upstream_without_the_chart_changes_nothing(root, charts):
    before = repos.snapshot(root)
    with pytest.raises(OutsideError, match="has no chart 'zoo'"):
        add(root, "zoo", charts.server.url)
    assert repos.snapshot(root) == before


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("9.0.0", "--version 9.0.0: api has no such version; near versions: 1.0.1, 1.0.0"),
        ("1.0.2", "--version 1.0.2: api has no such version; near versions: 1.0.1, 1.0.0"),
        ("^1", r"--version \^1: not a version; name one release, such as 1.2.3"),
        ("latest", "--version latest: not a version"),
    ],
)
def test_a_version_that_does_not_exist_changes_nothing(root, charts, version, message):
    before = repos.snapshot(root)
    with pytest.raises(UserError, match=message):
        add(root, "api", charts.server.url, version)
    assert repos.snapshot(root) == before


def test_an_upstream_that_cannot_be_reached_is_a_failure(root):
    before = repos.snapshot(root)
    for version in (None, "1.0.0"):
        found = add(root, "api", "http://127.0.0.1:1", version)
        assert (outcomes(found), rules(found)) == ([("api", "failed")], [("chart/unverifiable", "127.0.0.1:1")])
        assert found.findings[0].message == "cannot reach 127.0.0.1:1: connection refused; api/api not updated"
    assert repos.snapshot(root) == before


def test_a_list_of_apps_that_cannot_be_read_is_reported_before_anything_is_changed(root, charts):
    repos.write(root, {"build/kube-prometheus/lib/default_kubeaid_apps_vars.yaml": "[]\n"})
    before = repos.snapshot(root)
    found = add(root, "api", charts.server.url)
    assert (outcomes(found), rules(found)) == ([("api", "refused")], [("chart/update-refused", "api")])
    assert "expected kubeaid_apps and a list of names" in found.results[0].error
    assert found.unwritten == ("api",)
    assert repos.snapshot(root) == before


def test_a_policy_that_allows_no_release_is_told(root, charts):
    policies = {"*": ChartPolicy(minimum_age=timedelta(days=5))}
    with pytest.raises(UserError, match=r"api: no release may be taken: 1.0.1 is of unknown age"):
        add(root, "api", charts.server.url, policies=policies)


def test_a_chart_that_needs_values_is_added_and_told(root, charts):
    publish(charts, "zoo", "1.0.0", {"templates/web.yaml": "{{ required `host` .Values.host }}"})
    found = add(root, "zoo", charts.server.url)
    assert outcomes(found) == [("zoo", "added")]
    assert [(one.rule.id, one.severity.value) for one in found.findings] == [("chart/render-failed", "warning")]


def test_a_deprecated_chart_is_added_with_a_warning(root, charts):
    publish(charts, "zoo", "1.0.0", deprecated=True)
    found = add(root, "zoo", charts.server.url)
    assert (outcomes(found), rules(found)) == ([("zoo", "added")], [("chart/deprecated", "zoo/zoo")])


@pytest.mark.parametrize("name", ["foo_bar", "FooBar", "a", "0x", "A.b-c_d"])
def test_every_name_that_helm_accepts_may_be_added(root, charts, name):
    publish(charts, name, "1.0.0")
    assert outcomes(add(root, name, charts.server.url)) == [(name, "added")]
    assert umbrellas.said(umbrellas.verify(root, charts=[name])) == []


def test_names_that_differ_only_in_case_are_refused(root, charts):
    publish(charts, "WEB", "1.0.0")
    with pytest.raises(UserError, match="WEB differs from the chart web only in upper and lower case"):
        add(root, "WEB", charts.server.url)


def test_a_dry_run_adds_nothing(root, charts):
    before = repos.snapshot(root)
    found = add(root, "api", charts.server.url, dry_run=True)
    assert ([(one.chart, one.status.value, one.dry_run) for one in found.results]) == [("api", "added", True)]
    assert repos.snapshot(root) == before


@pytest.mark.skipif(registry.PROGRAM is None, reason="docker-registry is not installed")
def test_a_chart_of_a_registry_is_added_and_updated_with_its_digests(root, tmp_path):
    """The old script never updated charts of registries."""
    with registry.running(tmp_path) as running:
        repository = f"oci://{running.host}/charts"
        digests = {
            tag: running.push("charts/zoo", tag, chart("zoo", tag, files("zoo"))) for tag in ("v1.0.0", "v1.1.0")
        }

        def ups():
            return upstreams(plain_http=[running.host])

        add(root, "zoo", repository, "v1.0.0", upstreams=ups())
        repos.commit(root)
        found = update(root, "zoo", upstreams=ups())
        assert outcomes(found) == [("zoo", "updated")]
        text = (root / LEDGER).read_text()
        assert f"manifest_digest: {digests['v1.1.0']}" in text
        assert "version: v1.1.0" in (root / CHARTS / "zoo/Chart.yaml").read_text()


@pytest.mark.skipif(registry.PROGRAM is None, reason="docker-registry is not installed")
def test_a_tag_that_is_no_version_to_helm_is_never_proposed(root, tmp_path):
    with registry.running(tmp_path) as running:
        for tag in ("0.9.0", "1.0.0", "20240101", "main"):
            running.push("charts/zoo", tag, chart("zoo", tag if "." in tag else "2.0.0", files("zoo")))
        found = add(root, "zoo", f"oci://{running.host}/charts", upstreams=upstreams(plain_http=[running.host]))
        assert (outcomes(found), found.results[0].subcharts[0].after) == ([("zoo", "added")], "1.0.0")
