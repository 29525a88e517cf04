"""What differing files do, rendered by Helm itself."""

import pytest

from kubeaid_ci.charts.report import verification
from kubeaid_ci.report.formats import FORMATS
from tests import repos, umbrellas
from tests.umbrellas import metadata, published, vendored, verify

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: registry.example.com/web:{{ .Values.tag }}
"""
ROLE = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: web
rules:
  - apiGroups: [""]
    resources: [secrets]
    verbs: [get, list]
"""
FILES = {
    "Chart.yaml": metadata("web", "1.2.3"),
    "values.yaml": "tag: v1\n",
    "templates/deployment.yaml": DEPLOYMENT,
    "README.md": "web\n",
}


@pytest.fixture
def root(tmp_path):
    return umbrellas.recorded(umbrellas.web(tmp_path, FILES))


def effects(root, **options):
    (result,) = verify(root, effects=True, **options).results
    return result.effects


def told(found) -> list[tuple[str, str]]:
    return sorted((one.rule.id, one.subject) for one in found.dangers)


def test_dangers_of_a_tampered_template_are_told_offline_and_against_upstream(root):
    repos.write(vendored(root), {"templates/role.yaml": ROLE, "templates/deployment.yaml": DEPLOYMENT.replace(
        "containers", "hostNetwork: true\n      containers")})  # fmt: skip
    for options in ({}, {"fetch": lambda _: published(FILES)}):
        found = effects(root, **options)
        assert (found.changed_by, found.rendered, found.error) == ("ours", "umbrella", None)
        assert ("change/host-access", "web Deployment web/web") in told(found)
        assert "change/rbac-widened" in {rule for rule, _ in told(found)}
        assert {(one.kind, one.action) for one in found.objects} == {
            ("ClusterRole", "added"),
            ("Deployment", "modified"),
        }


def test_changed_values_show_in_the_objects_that_use_them(root):
    repos.write(vendored(root), {"values.yaml": "tag: v2\n"})
    (change,) = effects(root).objects
    assert [field.path for field in change.fields] == ["spec.template.spec.containers[web].image"]


def test_the_umbrella_s_values_hold_and_what_they_hide_is_shown_of_the_chart_by_itself(root):
    umbrellas.umbrella(root, "web", {"values.yaml": "web: {tag: v0}\n"})
    repos.write(vendored(root), {"values.yaml": "tag: v2\n"})
    found = effects(root)
    assert (found.rendered, len(found.objects)) == ("subchart", 1)
    repos.write(vendored(root), {"values.yaml": "tag: v1\n", "templates/deployment.yaml": DEPLOYMENT.replace("web:{{", "wob:{{")})  # fmt: skip
    images = {(image.before, image.after) for image in effects(root).images}
    assert images == {(None, "registry.example.com/wob:v0"), ("registry.example.com/web:v0", None)}


def test_a_republished_chart_shows_what_the_new_one_would_do(root):
    verify(root, update_ledger=True, fetch=lambda _: published(FILES))
    newer = published(FILES | {"templates/role.yaml": ROLE}, sha256="b" * 64)
    found = effects(root, fetch=lambda _: newer)
    assert found.changed_by == "upstream"
    assert [(one.kind, one.action) for one in found.objects] == [("ClusterRole", "added")]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"templates/x.yaml": "{{ fail \"no\" }}"}, "our copy does not render: "),
        ({"templates/x.yaml": "{{ .Values.nothing.there }}"}, "our copy does not render: "),
        ({"README.md": "other\n"}, None),
    ],
    ids=["fails", "broken", "only words"],
)  # fmt: skip
def test_what_does_not_render_says_why_and_words_do_nothing(root, files, words):
    repos.write(vendored(root), files)
    found = effects(root)
    assert found.objects == ()
    assert (found.error or "").startswith(words) if words else found.error is None


def test_a_link_is_not_followed(root):
    (vendored(root) / "values.yaml").unlink()
    (vendored(root) / "values.yaml").symlink_to("/etc/hostname")
    assert effects(root).error == "values.yaml is no plain file, so the chart is not rendered"


def test_the_report_says_what_is_tampered_first_then_what_it_does_then_the_files(root):
    repos.write(vendored(root), {"templates/role.yaml": ROLE})
    shown = verification(verify(root, effects=True), version="1")
    assert shown.table.rows[0][4] == "1 rbac widened; objects 1 added"
    page, text = FORMATS["markdown"](shown), FORMATS["text"](shown)
    order = [
        "chart/file-added",
        "### Results",
        "Do not sync",
        "**change/rbac-widened**",
        "added `ClusterRole web`",
        "```diff",
    ]
    assert [page.find(words) for words in order] == sorted(page.find(words) for words in order)
    assert -1 not in [page.find(words) for words in order]
    assert "change/rbac-widened web ClusterRole web" in text
    assert "<details" in FORMATS["html"](shown)
