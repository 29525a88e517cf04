"""What holds for any two states of a config repo: nothing is lost, and the way back is the reverse."""

import posixpath
import random
import shutil
from pathlib import Path

import pytest

import kubeaid_ci
from kubeaid_ci.diff.comparison import Comparison, Revisions
from kubeaid_ci.diff.counts import headline, outputs
from kubeaid_ci.render.rendering import Renderings
from tests import repos
from tests.diff.test_unknown import application_set, elsewhere
from tests.renders import CONFIG, World, application, helm, root

CLUSTERS = ("one", "two", "three")
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {v: '%s'}\n"
REVERSE = {"added": "removed", "removed": "added", "modified": "modified"}
SETS = ("list: {elements: [{team: a}, {team: b}]}", "list: {elements: [{team: a}, {team: web}]}", "clusters: {}")


def folder(name: str, cluster: str, **spec: dict) -> str:
    source = {"repoURL": CONFIG, "path": f"k8s/{cluster}/{name}", "targetRevision": "HEAD"}
    return application(name, source=source, **spec)


def applications(choose: random.Random, cluster: str) -> dict[str, str]:
    """Return files of a cluster with some of the Applications that there are."""
    size = choose.choice("12")
    values = helm(values=f"replicas: {size}")
    known = {
        "web": {"web.yaml": application("web", source=values)},
        "plain": {
            "plain.yaml": folder("plain", cluster),
            "./plain/x.yaml": CONFIG_MAP % (choose.choice("ab"), size),
        },
        "other": {"other.yaml": application("other", source=elsewhere(revision=f"v{size}"))},
        "failing": {"failing.yaml": application("failing", source=helm(valueFiles=["missing.yaml"][: int(size) - 1]))},
        "partly": {"partly.yaml": application("partly", sources=[values, elsewhere()])},
        "set": {"set.yaml": application_set("teams", generator=choose.choice(SETS))},
        "nested": {
            "nested.yaml": folder("nested", cluster, destination={"namespace": "argocd"}),
            "./nested/x.yaml": application(choose.choice(["inner", "web"]), source=values),
        },
        "there": {"there.yaml": application("there", destination={"name": f"cluster-{size}", "namespace": "x"})},
        "twin": {"twin.yaml": application("twin", source=helm(releaseName="web"), destination={"namespace": "web"})},
    }
    chosen = choose.sample(sorted(known), choose.randint(0, len(known)))
    return {path: text for name in chosen for path, text in known[name].items()}


def state(choose: random.Random, world: World) -> dict[str, str]:
    files: dict[str, str] = {}
    for cluster in CLUSTERS:
        kind = choose.random()
        if kind < 0.2:
            continue
        placed = {"argocd-apps/Chart.yaml": "apiVersion: v2\nname: root\nversion: 1.0.0\n"}
        if kind < 0.3:
            placed["argocd-apps/templates/x.yaml"] = choose.choice(['{{ fail "x" }}', "a: [\n", ""])
        else:
            placed |= {f"{cluster}-vars.jsonnet": "{}", "argocd-apps/templates/root.yaml": root(cluster)}
            for path, text in applications(choose, cluster).items():
                inside = posixpath.normpath(path) if "/" in path else f"argocd-apps/templates/{path}"
                placed[inside] = world.addressed(text)
        files |= {f"k8s/{cluster}/{path}": text for path, text in placed.items()}
    return {**files, "k8s/README.md": "clusters\n"}


def commit(world: World, files: dict[str, str]) -> str:
    shutil.rmtree(world.config / "k8s", ignore_errors=True)
    repos.write(world.config, files)
    repos.commit(world.config)
    return repos.git(world.config, "rev-parse", "HEAD").strip()


def unknown(made: Comparison) -> set[tuple[str, str]]:
    return {(one.cluster, one.app) for one in made.not_compared}


def not_rendered(made: Renderings) -> set[tuple[str, str]]:
    return {(one.cluster, one.app) for one in made.apps if one.status != "rendered"}


def changes(made: Comparison, *, reverse: bool = False) -> list[tuple[str, ...]]:
    found = [(one.cluster, one.kind, one.namespace, one.name, one.action.value) for one in made.changes]
    return sorted((*one[:4], REVERSE[one[4]]) if reverse else one for one in found)


@pytest.mark.parametrize("seed", range(5))
def test_two_states_are_compared_completely(tmp_path: Path, seed: int) -> None:
    world, choose = World(tmp_path), random.Random(seed)
    world.chart("web")
    repos.write(world.config, {"README.md": "x"})
    world.commit("1.0.0")
    old, new = (commit(world, state(choose, world)) for _ in range(2))

    def diff(before: str, after: str) -> Comparison:
        sides = {"before": Revisions(before), "after": Revisions(after)}
        return kubeaid_ci.diff_clusters(world.config, world.kubeaid, **sides, cache=tmp_path / "cache", jobs=1)

    there, back, itself = diff(old, new), diff(new, old), diff(old, old)
    was, now = (world.render(config_ref=one) for one in (old, new))

    assert (itself.changes, itself.added, itself.removed) == ((), (), ())
    assert unknown(itself) == not_rendered(was)
    assert changes(there) == changes(back, reverse=True)
    assert (set(there.added), set(there.removed)) == (set(back.removed), set(back.added))
    assert unknown(there) == unknown(back) >= not_rendered(was) | not_rendered(now)
    every = {(one.dir, one.app) for made in (was, now) for one in made.apps}
    assert there.applications == back.applications == len(every)
    for made in (there, back, itself):
        assert ("nothing changes" in headline(made)) == (not made.differs)
        assert outputs(made)["changed"] == str(made.differs).lower()
