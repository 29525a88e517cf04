"""The Applications that an ApplicationSet makes are objects too: what changes in them counts."""

import json

import pytest

import kubeaid_ci
from kubeaid_ci.diff.comparison import Comparison, Revisions
from kubeaid_ci.diff.counts import headline
from kubeaid_ci.findings.finding import Severity
from tests import repos
from tests.renders import CONFIG, KUBEAID, World, application

ELEMENT = {"name": "web", "project": "default", "prune": False, "option": "CreateNamespace=true"}
FOLDER = "k8s/one/elements"


def git_set(policy: str) -> str:
    return f"""
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {{name: teams}}
spec:
  goTemplate: true
  {policy}
  generators:
  - git: {{repoURL: "{CONFIG}", revision: HEAD, files: [{{path: "{FOLDER}/*.json"}}]}}
  template:
    metadata: {{name: '{{{{.name}}}}'}}
    spec:
      project: '{{{{.project}}}}'
      destination: {{server: https://kubernetes.default.svc, namespace: web}}
      source: {{repoURL: "{KUBEAID}", path: argocd-helm-charts/web, targetRevision: 1.0.0}}
  templatePatch: |
    spec:
      syncPolicy:
        automated: {{prune: {{{{.prune}}}}}}
        syncOptions: ['{{{{.option}}}}']
"""


@pytest.fixture
def world(tmp_path) -> World:
    made = World(tmp_path)
    made.chart("web")
    made.commit("1.0.0")
    return made


def compared(world: World, before: dict, after: dict, *, policy: str = "") -> Comparison:
    """Compare a change of the files that the set makes its Applications of."""
    in_chart = git_set(policy).replace("{{", "{{`{{`}}")
    world.cluster("one", {"set.yaml": in_chart, **_elements(before)})
    world.commit()
    repos.git(world.config, "rm", "-rq", "--ignore-unmatch", FOLDER)
    repos.write(world.config, {f"k8s/one/{name}": text for name, text in _elements(after).items()})
    return kubeaid_ci.diff_clusters(
        world.config, world.kubeaid, before=Revisions("HEAD"), after=Revisions(), cache=False, jobs=1
    )


def _elements(elements: dict) -> dict[str, str]:
    return {f"elements/{name}.json": json.dumps(element) for name, element in elements.items()}


CHANGES = {
    "project": ({"project": "other"}, "spec.project", "change/source-changed"),
    "prune": ({"prune": True}, "spec.syncPolicy.automated.prune", "change/sync-option-changed"),
    "option": ({"option": "Replace=true"}, "spec.syncPolicy.syncOptions", "change/sync-option-changed"),
}


@pytest.mark.parametrize(("change", "field", "rule"), CHANGES.values(), ids=CHANGES)
def test_a_setting_that_comes_from_a_file_is_a_change(world, change, field, rule):
    made = compared(world, {"a": ELEMENT}, {"a": {**ELEMENT, **change}})
    (changed,) = made.changes
    assert (changed.kind, changed.name, changed.app, changed.action.value) == ("Application", "web", "root", "modified")
    assert changed.fields[0].path.startswith(field)
    assert rule in {one.rule.id for one in made.findings}
    assert made.differs
    assert headline(made).startswith("1 of 1 cluster changes")


def test_an_element_that_changes_nothing_of_its_application_is_no_change(world):
    made = compared(world, {"a": ELEMENT}, {"a": {**ELEMENT, "unused": 1}})
    assert (made.changes, made.findings, made.differs) == ((), (), False)


def test_applications_that_come_and_go_are_objects(world):
    made = compared(world, {"a": ELEMENT}, {"b": {**ELEMENT, "name": "other"}})
    applications = {(one.name, one.action.value) for one in made.changes if one.kind == "Application"}
    assert applications == {("web", "removed"), ("other", "added")}
    (found,) = [one for one in made.findings if one.rule.id == "change/application-removed"]
    assert (found.severity, found.subject) == (Severity.ERROR, "one/root Application argocd/web")
    assert found.message == "the sync deletes Application web and everything that it deployed"


def test_an_application_that_its_set_keeps_is_not_deleted(world):
    made = compared(
        world,
        {"a": ELEMENT, "b": {**ELEMENT, "name": "other"}},
        {"b": {**ELEMENT, "name": "other"}},
        policy="syncPolicy: {applicationsSync: create-update}",
    )
    (found,) = [one for one in made.findings if one.rule.id == "change/application-removed"]
    assert found.severity is Severity.WARNING
    assert "ApplicationSet teams keeps its Applications" in found.message


def test_resources_that_are_preserved_stay(world):
    made = compared(
        world,
        {"a": ELEMENT, "b": {**ELEMENT, "name": "other"}},
        {"b": {**ELEMENT, "name": "other"}},
        policy="syncPolicy: {preserveResourcesOnDeletion: true}",
    )
    (found,) = [one for one in made.findings if one.rule.id == "change/application-removed"]
    assert found.severity is Severity.WARNING
    assert "what it deployed stays in the cluster" in found.message


def test_the_cache_knows_settings_that_come_from_a_file(world, tmp_path):
    """Neither side has other objects than before, and the Application has."""
    made = compared(world, {"a": ELEMENT}, {"a": {**ELEMENT, "unused": 1}})
    assert not made.differs
    for project, differs in (("default", False), ("other", True)):
        repos.write(world.config, {f"{FOLDER}/a.json": json.dumps({**ELEMENT, "project": project})})
        again = kubeaid_ci.diff_clusters(
            world.config, world.kubeaid, before=Revisions("HEAD"), after=Revisions(), cache=tmp_path / "cache", jobs=1
        )
        assert again.differs is differs


CASCADES = "metadata:\n  finalizers: [resources-finalizer.argocd.argoproj.io]\n"
KEPT = "metadata: {name: teams, annotations: {argocd.argoproj.io/sync-options: %s}}"


@pytest.mark.parametrize(
    ("holder", "metadata", "gone", "severity", "reason"),
    [
        ("", "metadata: {name: teams}", "nest", Severity.WARNING, "Application nest has no finalizer"),
        (CASCADES, "metadata: {name: teams}", "nest", Severity.ERROR, ""),
        (CASCADES, KEPT % "Delete=false", "nest", Severity.WARNING, "ApplicationSet teams stays: Delete=false"),
        ("", "metadata: {name: teams}", "set", Severity.ERROR, ""),
        ("", KEPT % "Prune=false", "set", Severity.WARNING, "ApplicationSet teams stays: Prune=false"),
    ],
)
def test_applications_stay_with_the_set_that_made_them(world, holder, metadata, gone, severity, reason):
    source = {"repoURL": CONFIG, "path": "k8s/one/nest", "targetRevision": "HEAD"}
    nest = application("nest", source=source, destination={"namespace": "argocd"}).replace(
        "metadata:\n", holder or "metadata:\n"
    )
    text = git_set("").replace("metadata: {name: teams}", metadata)
    keeps = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"
    world.cluster("one", {"nest.yaml": nest, "nest/set.yaml": text, "nest/x.yaml": keeps, **_elements({"a": ELEMENT})})
    world.commit()
    path = {"nest": "k8s/one/argocd-apps/templates/nest.yaml", "set": "k8s/one/nest/set.yaml"}[gone]
    repos.git(world.config, "rm", "-q", path)
    made = kubeaid_ci.diff_clusters(
        world.config, world.kubeaid, before=Revisions("HEAD"), after=Revisions(), cache=False, jobs=1
    )
    (found,) = [one for one in made.findings if one.subject.endswith("Application argocd/web")]
    assert (found.rule.id, found.severity) == ("change/application-removed", severity)
    assert reason in found.message
