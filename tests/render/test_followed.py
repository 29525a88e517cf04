"""How Applications are followed: what two of them hold, and how deep."""

import pytest

from tests import repos
from tests.renders import CONFIG, World, application


@pytest.fixture
def world(tmp_path) -> World:
    made = World(tmp_path)
    made.chart("web")
    made.commit("1.0.0")
    return made


def holds(folder: str) -> str:
    """An Application that applies what is in a folder of the cluster."""
    source = {"repoURL": CONFIG, "path": f"k8s/one/{folder}", "targetRevision": "HEAD"}
    return application(folder, source=source, destination={"namespace": "argocd"})


def list_set(name: str, namespace: str = "{{app}}", apps: str = "{app: web}") -> str:
    spec = application("{{app}}", destination={"namespace": namespace}).split("spec:\n")[1]
    spec = "".join(f"      {line[2:]}\n" for line in spec.splitlines())
    return (
        f"apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: {name}}}\nspec:\n"
        f"  generators: [{{list: {{elements: [{apps}]}}}}]\n"
        f"  template:\n    metadata: {{name: '{{{{app}}}}'}}\n    spec:\n{spec}"
    )


WEB, OTHER = application("web"), application("web", destination={"namespace": "other"})
HELD_TWICE = {
    "two Applications": ({"a/web.yaml": WEB, "b/web.yaml": OTHER}, "one/web", "a and b hold it"),
    "an Application and a set": (
        {"a/web.yaml": OTHER, "b/set.yaml": list_set("teams")},
        "one/web",
        "a and ApplicationSet teams hold it",
    ),
    "an Application and a set in one folder": (
        {"a/web.yaml": OTHER, "a/set.yaml": list_set("teams"), "b/x.yaml": application("x")},
        "one/web",
        "ApplicationSet teams and a hold it",
    ),
    "two sets": (
        {"a/set.yaml": list_set("teams"), "b/set.yaml": list_set("more", namespace="other")},
        "one/web",
        "ApplicationSet teams and ApplicationSet more hold it",
    ),
    "one set in two Applications": (
        {"a/set.yaml": list_set("teams"), "b/set.yaml": list_set("teams", apps="{app: x}")},
        "one/ApplicationSet teams",
        "a and b hold ApplicationSet teams",
    ),
    "one that cannot be read in one of them": (
        {"a/web.yaml": WEB, "b/web.yaml": application("web", destination={"name": "x", "server": "y"})},
        "one/web",
        "a and b hold it",
    ),
}


@pytest.mark.parametrize(("files", "subject", "message"), HELD_TWICE.values(), ids=HELD_TWICE)
def test_one_that_two_hold_with_different_content_is_unknown(world, files, subject, message):
    world.cluster("one", {"a.yaml": holds("a"), "b.yaml": holds("b"), **files})
    made = world.render()
    (found,) = [one for one in made.findings if one.rule.id == "gitops/application-held-twice"]
    assert (found.subject, message in found.message) == (subject, True)
    assert not [one for one in made.manifests if one.app == "web"]
    (unknown,) = [one for one in made.apps if f"one/{one.app}" == subject]
    assert unknown.status == "unverifiable"


def test_one_that_two_hold_alike_is_one(world):
    in_argocd = WEB.replace("metadata:\n", "metadata:\n  namespace: argocd\n", 1)
    world.cluster("one", {"a.yaml": holds("a"), "b.yaml": holds("b"), "a/web.yaml": WEB, "b/web.yaml": in_argocd})
    made = world.render()
    assert [one.app for one in made.apps if one.status == "rendered"] == ["a", "b", "root", "web"]
    assert not made.findings


def test_what_one_that_is_unknown_holds_is_not_there(world):
    nested = holds("nested")
    elsewhere = nested.replace("k8s/one/nested", "k8s/one/b")
    world.cluster(
        "one",
        {
            "a.yaml": holds("a"),
            "b.yaml": holds("b"),
            "a/nested.yaml": nested,
            "b/nested.yaml": elsewhere,
            "nested/web.yaml": WEB,
        },
    )
    assert [(one.app, one.status.value) for one in world.render().apps] == [
        ("a", "rendered"),
        ("b", "rendered"),
        ("nested", "unverifiable"),
        ("root", "rendered"),
    ]


def test_applications_are_followed_far_and_not_for_ever(world):
    files = {"level-1.yaml": holds("level-1")}
    files |= {f"level-{n}/next.yaml": holds(f"level-{n + 1}") for n in range(1, 60)}
    world.cluster("one", files)
    made = world.render()
    assert sum(one.status == "rendered" for one in made.apps) == 51
    (found,) = made.findings
    assert (found.rule.id, found.subject) == ("gitops/source-not-rendered", "one/level-51")
    assert "after 50 levels of Applications" in found.message


def test_applications_that_make_more_of_themselves_come_to_an_end(world, monkeypatch):
    """Each of them makes two, whose names are longer."""
    monkeypatch.setattr("kubeaid_ci.render.followed._MOST", 100)
    made = "\n---\n".join(application(f"{{{{ .Release.Name }}}}{letter}", source=_loop()) for letter in "ab")
    repos.write(
        world.config,
        {
            "k8s/one/loop/Chart.yaml": "apiVersion: v2\nname: loop\nversion: 1.0.0\n",
            "k8s/one/loop/templates/x.yaml": made,
        },
    )
    world.cluster("one", {"loop.yaml": application("l", source=_loop())})
    rendered = world.render()
    stopped = [one for one in rendered.findings if one.rule.id == "gitops/source-not-rendered"]
    assert stopped
    assert "100 other Applications" in stopped[0].message
    assert len(rendered.apps) < 300


def _loop() -> dict:
    return {"repoURL": CONFIG, "path": "k8s/one/loop", "targetRevision": "HEAD"}
