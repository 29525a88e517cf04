"""The Helm that renders charts by themselves."""

import json

import pytest

import kubeaid_ci
from kubeaid_ci.cli import main as cli
from kubeaid_ci.helm.version import NEWEST, of_charts
from kubeaid_ci.semver.version import Version
from kubeaid_ci.settings import ClusterSettings, Settings
from tests import repos
from tests.umbrellas import metadata, umbrella

# Helm 4.2 keeps the default of a subchart if the umbrella chart has a null for it, Helm 3.17 deletes it.
FILES = {
    "Chart.yaml": metadata("app", "1.0.0"),
    "values.yaml": "sub: {user: null}\n",
    "charts/sub/Chart.yaml": metadata("sub", "1.0.0"),
    "charts/sub/values.yaml": "user: 472\n",
    "charts/sub/templates/a.yaml": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {user: '{{ .Values.user }}'}\n"
    ),
    "charts/sub/templates/b.yaml": "{{ if not .Values.user }}{{ fail `no user` }}{{ end }}\n",
}
FAILS_WITH_3_17 = ("chart/render-failed", "does not render with its default values: no user")


def settings(*helm):
    return Settings(clusters={name: ClusterSettings(helm=Version.parse(name)) for name in helm})


@pytest.fixture
def root(tmp_path):
    return umbrella(tmp_path, "app", FILES)


@pytest.mark.parametrize(
    ("given", "of_clusters", "versions"),
    [
        ((), (), (NEWEST,)),
        (("3.17",), (), ("3.17.1",)),
        (("3.17",), ("4.1",), ("3.17.1",)),
        ((), ("3.17",), ("3.17.1",)),
        ((), ("3.17", "4.2"), ("3.17.1", "4.2.1")),
        ((), ("3.17", "3.18"), ("3.17.1",)),
        (("4.1.4", "3.20.1", "4.1.9"), (), ("4.1.4", "3.20.1")),
    ],
)
def test_each_set_of_rules_is_chosen_once(given, of_clusters, versions):
    assert of_charts([Version.parse(one) for one in given], [Version.parse(one) for one in of_clusters]) == versions


@pytest.mark.parametrize(
    ("options", "helm", "fails"),
    [
        ({}, NEWEST, False),
        ({"helm": Version.parse("3.17")}, "3.17.1", True),
        ({"helm": Version.parse("4.2")}, "4.2.1", False),
        ({"settings": settings("3.17.2")}, "3.17.2", True),
        ({"settings": settings("3.17", "4.2")}, NEWEST, False),
        ({"settings": settings("3.17"), "helm": Version.parse("4.2")}, "4.2.1", False),
    ],
)
def test_charts_are_rendered_by_the_rules_of_the_chosen_helm(root, options, helm, fails):
    found = kubeaid_ci.render_charts(root, cache=False, jobs=1, **options)
    assert (found.helm, bool(found.failed)) == (helm, fails)


def test_lint_renders_with_the_helm_of_every_cluster(root):
    found = kubeaid_ci.lint_charts(root, cache=False, jobs=1, settings=settings("3.17", "4.2"))
    assert found.helm == ("3.17.1", "4.2.1")
    assert [(one.rule.id, one.message) for one in found.findings] == [FAILS_WITH_3_17]
    assert [one.status.value for one in found.results] == ["failed"]
    assert kubeaid_ci.lint_charts(root, cache=False, jobs=1).findings == ()


def test_diff_renders_both_sides_with_the_chosen_helm(root):
    repos.write(root / "argocd-helm-charts/app", {"charts/sub/templates/b.yaml": ""})
    repos.commit(root)
    repos.write(root / "argocd-helm-charts/app", {"charts/sub/values.yaml": "user: 473\n"})
    newest = kubeaid_ci.diff_charts(root, base="HEAD", cache=False, jobs=1)
    assert (newest.helm, len(newest.changes)) == (NEWEST, 1)
    older = kubeaid_ci.diff_charts(root, base="HEAD", cache=False, jobs=1, helm=Version.parse("3.17"))
    assert (older.helm, older.changes) == ("3.17.1", ())


@pytest.fixture
def run(root, monkeypatch):
    """Runs ``kubeaid-ci charts`` on the repo and returns the exit code."""

    def run(command, *arguments):
        argv = ["kubeaid-ci", "charts", command, "--kubeaid", str(root), "--no-cache", *arguments]
        monkeypatch.setattr("sys.argv", argv)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code

    return run


@pytest.mark.parametrize("command", ["render", "lint"])
def test_the_helm_is_in_the_summary(run, capsys, command):
    run(command, "--helm", "4.1", "--format", "json")
    assert json.loads(capsys.readouterr().out)["summary"]["helm"] == "4.1.99"


@pytest.mark.parametrize("text", [" ", "four", "2.17.0", "5.0"])
@pytest.mark.parametrize("command", ["render", "lint"])
def test_what_is_no_known_helm_is_refused(run, capsys, command, text):
    assert run(command, f"--helm={text}") == 2
    assert "--helm" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("version", "known"), [("1.20", True), ("1.37.4", True), ("1.38", False), ("1.99", False), ("2.0", False)]
)
def test_lint_says_that_it_knows_no_such_release_of_kubernetes(root, version, known):
    found = kubeaid_ci.lint_charts(root, cache=False, jobs=1, kubernetes=[Version.parse(version)])
    said = [(one.rule.id, one.severity) for one in found.findings]
    assert said == ([] if known else [("chart/kubernetes-unknown", "warning")])
