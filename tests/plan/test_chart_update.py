import pytest

from kubeaid_ci import documents
from kubeaid_ci.errors import UserError
from kubeaid_ci.model.chart import Chart, Dependency, Lock, Subchart
from kubeaid_ci.plan import chart_update, lock_digest

TEXT = """\
# Our own words.
apiVersion: v2
name: app
dependencies:
  - name: web   # the front
    alias: front
    version: "1.2.3"  # pinned by hand
    repository: https://charts.example.com
  - {name: db, version: v2.0.0, repository: 'oci://registry.example.com/charts'}
  - name: web
    alias: back
    version: 1.2.3
    repository: https://charts.example.com
  - name: lib
    version: ^1.0.0
    repository: https://charts.example.com
version: 0.1.0
"""


def declare(**versions):
    return chart_update.declare(TEXT, versions, where="Chart.yaml")


def test_only_the_versions_change_and_comments_quotes_and_order_stay():
    changed = declare(web="1.3.0", db="v2.1.0")
    expected = (
        TEXT.replace('"1.2.3"', '"1.3.0"').replace("v2.0.0", "v2.1.0").replace("version: 1.2.3", "version: 1.3.0")
    )
    assert changed == expected
    assert declare() == declare(web="1.2.3") == declare(other="9") == TEXT


def test_a_range_that_allows_the_version_stays_and_another_is_replaced():
    assert declare(lib="1.9.0") == TEXT
    assert declare(lib="2.0.0") == TEXT.replace("^1.0.0", "2.0.0")


def test_a_version_that_reads_as_a_number_is_put_in_quotes():
    assert "version: '1.10'" in declare(db="1.10") or 'version: "1.10"' in declare(db="1.10")


def test_a_version_that_is_shared_through_an_anchor_is_refused():
    text = "dependencies:\n- {name: a, version: &v 1.0.0}\n- {name: b, version: *v}\n"
    with pytest.raises(UserError, match=r"Chart.yaml:2: dependencies.0.version cannot be set in place"):
        chart_update.declare(text, {"a": "1.1.0"}, where="Chart.yaml")


def chart(**more):
    path = "argocd-helm-charts/app"
    declared = (
        Dependency("web", "1.2.3", "https://charts.example.com"),
        Dependency("own", "0.1.0", "file://../own"),
        Dependency("inside", "", ""),
    )
    vendored = tuple(
        Subchart(f"{path}/charts/{name}", Chart(f"{path}/charts/{name}", name, version))
        for name, version in (("web", "1.2.3"), ("own", "0.1.7"), ("inside", "3.0.0"))
    )
    return Chart(path, "app", "0.1.0", dependencies=declared, subcharts=vendored, **more)


DECLARED = [
    {"name": "web", "version": "1.3.0", "repository": "https://charts.example.com"},
    {"name": "own", "version": "0.1.0", "repository": "file://../own"},
    {"name": "inside"},
]
DAY = "2026-01-02T03:04:05Z"


def test_a_lock_has_what_is_taken_and_what_is_there_as_helm_writes_it():
    text = chart_update.lock(chart(), DECLARED, {"web": "1.3.0"}, day=DAY)
    locked = documents.load(text, where="lock")
    assert text == (
        "dependencies:\n"
        "- name: web\n  repository: https://charts.example.com\n  version: 1.3.0\n"
        "- name: own\n  repository: file://../own\n  version: 0.1.7\n"
        '- name: inside\n  repository: ""\n  version: 3.0.0\n'
        f"digest: {locked['digest']}\n"
        'generated: "2026-01-02T03:04:05Z"\n'
    )
    assert locked["digest"] == lock_digest.digest(DECLARED, locked["dependencies"])


def test_a_lock_keeps_the_versions_of_what_is_not_updated():
    kept = (Dependency("own", "0.1.3", "file://../own"), Dependency("inside", "1", "https://elsewhere.example.com"))
    before = chart(lock=Lock("argocd-helm-charts/app/requirements.lock", "sha256:0", (), kept))
    text = chart_update.lock(before, DECLARED, {"web": "1.3.0"}, day=DAY)
    assert [one["version"] for one in documents.load(text, where="l")["dependencies"]] == ["1.3.0", "0.1.3", "3.0.0"]


def test_a_lock_that_still_fits_is_left_alone():
    text = chart_update.lock(chart(), DECLARED, {"web": "1.3.0"}, day=DAY)
    digest = documents.load(text, where="l")["digest"]
    before = chart(lock=Lock("argocd-helm-charts/app/Chart.lock", digest, (digest,), ()))
    assert chart_update.lock(before, DECLARED, {"web": "1.3.0"}, day="2027-01-01T00:00:00Z") is None


def test_the_lock_lies_where_helm_has_it():
    assert chart_update.lock_path(chart()).endswith("app/Chart.lock")
    assert chart_update.lock_path(chart(api_version="v1")).endswith("app/requirements.lock")
    assert chart_update.lock_path(chart(api_version="v1", lock=Lock("x/Chart.lock", "", (), ()))) == "x/Chart.lock"
