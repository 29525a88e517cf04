"""Kustomizations of Applications, built by a real kubectl."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from kubeaid_ci.git.revision import WORK_TREE
from kubeaid_ci.render import kustomize
from kubeaid_ci.render.kustomize import Kustomize
from kubeaid_ci.render.kustomize_source import built
from kubeaid_ci.render.task import FilesAt, KustomizeTask
from kubeaid_ci.runtime.workers import WorkerError
from tests import repos
from tests.renders import CONFIG, KUBEAID, World, app, application, bodies, told

WEB = {
    "kustomization.yaml": "resources: [web.yaml]\n",
    "web.yaml": (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, labels: {app: web}}\nspec:\n  replicas: 1\n"
        "  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n"
        "    spec: {containers: [{name: web, image: 'registry.example.com/web:1'}]}\n"
    ),
}
OVERLAY = {
    "kustomization.yaml": (
        "resources: [../base]\nnamePrefix: one-\npatches: [{path: replicas.yaml}]\n"
        "configMapGenerator: [{name: settings, literals: [level=debug], files: [x=files/x.txt]}]\n"
    ),
    "replicas.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 3}\n",
    "files/x.txt": "a text\n",
}


@pytest.fixture(autouse=True)
def only_kubectl(monkeypatch, tmp_path_factory):
    """A PATH with git and the pinned kubectl, whatever else this machine has."""
    folder = tmp_path_factory.mktemp("path")
    for program in (shutil.which("git"), Path(sys.executable).parent / "kubectl"):
        (folder / Path(program).name).symlink_to(program)
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def world(tmp_path) -> World:
    return World(tmp_path)


def source(path="k8s/one/web", **said) -> dict:
    found = {"repoURL": CONFIG, "path": path, "targetRevision": "HEAD"}
    return {**found, "kustomize": said} if said else found


def made(world, files, where="k8s/one/web", **said):
    """The cluster with one Application of a folder that holds these files, rendered."""
    world.cluster("one", {"web.yaml": application("web", source=source(where, **said))})
    (world.kubeaid / "argocd-helm-charts").mkdir(exist_ok=True)
    repos.write(world.config, files)
    return world.render()


def below(folder: str, files) -> dict:
    return {f"{folder}/{path}": text for path, text in files.items()}


def deployment(renderings) -> dict:
    return next(body for body in bodies(renderings, "web") if body["kind"] == "Deployment")


def test_objects_of_bases_and_generators_know_their_files(world):
    files = below("k8s/one/web", OVERLAY) | below("k8s/one/base", WEB)
    renderings = made(world, files)
    assert renderings.findings == ()
    found = {one.body["kind"]: (one.body["metadata"], one.path) for one in app(renderings, "web").manifests}
    assert found["Deployment"] == (
        {"name": "one-web", "namespace": "web", "labels": {"app": "web"}},
        "k8s/one/base/web.yaml",
    )
    metadata, path = found["ConfigMap"]
    assert (metadata["name"][:13], path) == ("one-settings-", "k8s/one/web/kustomization.yaml")
    assert deployment(renderings)["spec"]["replicas"] == 3


def test_what_the_application_sets_is_put_in(world):
    renderings = made(
        world,
        below(
            "k8s/one/web",
            {
                **WEB,
                "more/kustomization.yaml": "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\nnameSuffix: -c\n",
            },
        ),
        namePrefix="a-",
        nameSuffix="-z",
        namespace="elsewhere",
        commonLabels={"team": "$ARGOCD_APP_NAME"},
        commonAnnotations={"note": "$kept"},
        images=["registry.example.com/web=mirror.example.com/web:2"],
        replicas=[{"name": "web", "count": 5}],
        patches=[{"target": {"kind": "Deployment"}, "patch": '[{"op": "add", "path": "/spec/paused", "value": true}]'}],
        components=["more", "gone"],
        ignoreMissingComponents=True,
    )
    assert renderings.findings == ()
    body = deployment(renderings)
    assert body["metadata"] == {
        "name": "a-web-c-z",
        "namespace": "elsewhere",
        "labels": {"app": "web", "team": "web"},
        "annotations": {"note": "$kept"},
    }
    assert body["spec"]["replicas"] == 5
    assert body["spec"]["paused"] is True
    assert body["spec"]["selector"]["matchLabels"] == {"app": "web", "team": "web"}
    assert body["spec"]["template"]["spec"]["containers"][0]["image"] == "mirror.example.com/web:2"


def test_label_without_selector_leaves_selectors_alone(world):
    renderings = made(world, below("k8s/one/web", WEB), commonLabels={"team": "a"}, labelWithoutSelector=True)
    body = deployment(renderings)
    assert body["metadata"]["labels"] == {"app": "web", "team": "a"}
    assert body["spec"]["selector"]["matchLabels"] == {"app": "web"}
    assert body["spec"]["template"]["metadata"]["labels"] == {"app": "web"}


def test_label_that_is_there_is_replaced_by_force_alone(world):
    files = below("k8s/one/web", {**WEB, "kustomization.yaml": "resources: [web.yaml]\ncommonLabels: {team: a}\n"})
    renderings = made(world, files, commonLabels={"team": "b"})
    assert app(renderings, "web").status.value == "failed"
    assert "commonLabels: team is in the kustomization too" in renderings.findings[0].message
    renderings = made(world, files, commonLabels={"team": "b"}, forceCommonLabels=True)
    assert deployment(renderings)["metadata"]["labels"]["team"] == "b"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"version": "v4.4.0"}, "sets kustomize.version"),
        ({"newOption": True, "version": "v4.4.0"}, "sets kustomize.newOption, kustomize.version"),
        ({"images": ["web=web:$ARGOCD_APP_REVISION"]}, "uses $ARGOCD_APP_REVISION"),
        ({"components": ["parts/*"]}, "has a pattern"),
    ],
)
def test_option_that_is_not_followed_is_named_and_not_ignored(world, said, reason):
    renderings = made(world, below("k8s/one/web", WEB), **said)
    assert app(renderings, "web").status.value == "unverifiable"
    (finding,) = renderings.findings
    assert finding.rule.id == "gitops/source-not-rendered"
    assert reason in finding.message


@pytest.mark.parametrize(
    "text",
    [
        "resources: ['https://example.com/base?ref=1']\n",
        "resources: ['github.com/acme/base']\n",
        "resources: ['git@example.com:acme/base.git']\n",
        "Resources: ['web.yaml']\n",
        "resources: [web.yaml]\npatches: [{Path: 'https://example.com/x'}]\n",
        "resources: [web.yaml]\npatches: [{\"pat\\u0068\": 'http://example.com/x'}]\n",
        "resources: [web.yaml]\npatchesStrategicMerge: [\"https://example.com/x: {kind: a, apiVersion: b}\\n\"]\n",
        "configMapGenerator: [{name: x, files: ['a=https://example.com/x']}]\n",
        "secretGenerator: [{name: x, envs: ['https://example.com/x']}]\n",
        "secretGenerator: [{name: x, Env: 'https://example.com/x'}]\n",
        "replacements: [{path: 'https://example.com/x'}]\n",
        "openapi: {path: 'https://example.com/x'}\n",
        "helmCharts: [{name: web, repo: 'https://example.com'}]\n",
        "generators: [plugin.yaml]\n",
        "transformers: [\"apiVersion: acme.example.com/v1\\nkind: Exec\\nmetadata: {name: x}\\n\"]\n",
        "transformers: [\"apiVersion: builtin\\nkind: PatchTransformer\\nmetadata: {name: x}\\nPath: 'https://example.com/x'\\n\"]\n",
        "generators: [\"apiVersion: builtin\\nkind: HelmChartInflationGenerator\\nmetadata: {name: x}\\nname: web\\n\"]\n",
        "bases: [../base]\n",
    ],
)  # fmt: skip
def test_what_would_be_fetched_or_run_is_refused(world, text):
    plugin = "apiVersion: acme.example.com/v1\nkind: Maker\nmetadata: {name: x}\n"
    files = below("k8s/one/web", {**WEB, "kustomization.yaml": text, "plugin.yaml": plugin})
    files |= below("k8s/one/base", {"kustomization.yaml": "resources: ['ssh://git@example.com/x']\n"})
    renderings = made(world, files)
    assert app(renderings, "web").status.value == "unverifiable"
    assert [one.rule.id for one in renderings.findings] == ["gitops/source-not-rendered"]


def test_credentials_in_an_address_are_not_told(world):
    files = below("k8s/one/web", {"kustomization.yaml": "resources: ['https://me:secret@example.com/x?ref=token']\n"})
    (finding,) = made(world, files).findings
    assert "k8s/one/web/kustomization.yaml names the address 'https://example.com/x'" in finding.message
    assert "secret" not in finding.message
    assert "token" not in finding.message


def test_builtin_transformer_and_inline_patch_are_followed(world):
    text = (
        "resources: [web.yaml]\ntransformers: [prefix.yaml]\n"
        'patchesStrategicMerge: ["apiVersion: apps/v1\\nkind: Deployment\\nmetadata: {name: web}\\nspec: {replicas: 7}\\n"]\n'
    )
    prefix = "apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {name: x}\nprefix: p-\nfieldSpecs: [{path: metadata/name}]\n"
    renderings = made(world, below("k8s/one/web", {**WEB, "kustomization.yaml": text, "prefix.yaml": prefix}))
    assert renderings.findings == ()
    assert (deployment(renderings)["metadata"]["name"], deployment(renderings)["spec"]["replicas"]) == ("p-web", 7)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("resources: [gone.yaml]\n", "names gone.yaml, which is not in the repository"),
        ("resources: [../../../../etc]\n", "leads out of the repository"),
        ("resources: [/etc/hostname]\n", "leads out of the repository"),
        ("resources: [.]\n", "cycle"),
        ("resources: [web.yaml]\npatches: [{path: ../outside.yaml}]\n", "security"),
        ("patchesStrategicMerge: [web.yaml]\n", "kustomize cannot build it: no "),
        ("- a\n", "a kustomization has keys with values"),
        ("resources: [web.yaml, web.yaml]\n", "may not add resource with an already registered id"),
    ],
)
def test_kustomization_that_cannot_be_built_fails_and_says_why(world, text, reason):
    files = below("k8s/one/web", {**WEB, "kustomization.yaml": text}) | {"k8s/one/outside.yaml": "a: 1\n"}
    renderings = made(world, files)
    assert app(renderings, "web").status.value == "failed"
    assert reason in renderings.findings[0].message
    assert "/tmp" not in renderings.findings[0].message


@pytest.mark.parametrize("target", ["/etc", "../base", "web.yaml"])
def test_link_is_not_followed(world, target):
    files = below("k8s/one/web", {**WEB, "kustomization.yaml": "resources: [link]\n"}) | below("k8s/one/base", WEB)
    repos.write(world.config, files)
    (world.config / "k8s/one/web/link").symlink_to(target)
    renderings = made(world, {})
    assert app(renderings, "web").status.value == "unverifiable"
    assert "reaches link through a link" in renderings.findings[0].message


def test_base_in_another_folder_of_the_repository_at_a_revision(world):
    files = below("k8s/one/web", {"kustomization.yaml": "resources: [../../../shared/base]\n"}) | below(
        "shared/base", WEB
    )
    world.cluster("one", {"web.yaml": application("web", source=source())})
    (world.kubeaid / "argocd-helm-charts").mkdir()
    repos.write(world.config, files)
    world.commit()
    shutil.rmtree(world.config / "shared")
    renderings = world.render(config_ref="main")
    assert [one.path for one in app(renderings, "web").manifests] == ["shared/base/web.yaml"]


def test_folder_of_the_kubeaid_repo_is_built_too(world):
    repos.write(world.kubeaid, below("apps/web", WEB) | {"argocd-helm-charts/README.md": ""})
    world.cluster("one", {"web.yaml": application("web", source={"repoURL": KUBEAID, "path": "apps/web"})})
    assert [one.path for one in app(world.render(), "web").manifests] == ["apps/web/web.yaml"]


def test_annotation_that_the_kustomization_asks_for_stays(world):
    text = "resources: [web.yaml]\nbuildMetadata: [originAnnotations]\n"
    renderings = made(world, below("k8s/one/web", {**WEB, "kustomization.yaml": text}))
    assert deployment(renderings)["metadata"]["annotations"] == {"config.kubernetes.io/origin": "path: web.yaml\n"}


def test_second_rendering_comes_from_the_cache_until_a_file_changes(world):
    files = below("k8s/one/web", OVERLAY) | below("k8s/one/base", WEB)
    made(world, files)
    assert app(world.render(), "web").cached
    repos.write(world.config, {"k8s/one/web/files/x.txt": "another\n"})
    assert not app(world.render(), "web").cached


def test_without_kustomize_and_kubectl_it_is_unverifiable(world, only_kubectl):
    (only_kubectl / "kubectl").unlink()
    renderings = made(world, below("k8s/one/web", WEB))
    assert app(renderings, "web").status.value == "unverifiable"
    assert "neither kustomize nor kubectl is on PATH" in renderings.findings[0].message


SPY = """#!{python}
import json, os, sys
if sys.argv[1:] == ["version"]:
    print("{version}")
else:
    print(json.dumps({{"apiVersion": "v1", "kind": "Seen", "metadata": {{"name": "x"}}, "argv": sys.argv[1:],
        "env": dict(os.environ), "home": os.listdir(os.environ["HOME"]), "here": os.listdir(".")}}))
"""


def spy(folder: Path, version: str) -> None:
    program = folder / "kustomize"
    program.write_text(SPY.format(python=sys.executable, version=version))
    program.chmod(0o755)


def test_program_sees_no_token_no_home_and_no_other_program(world, only_kubectl, monkeypatch):
    monkeypatch.setenv("KUBEAID_CI_TOKEN", "secret")
    spy(only_kubectl, "v5.7.1")
    (seen,) = bodies(made(world, below("k8s/one/web", WEB)), "web")
    env = {name: value for name, value in seen["env"].items() if name != "LC_CTYPE"}
    assert set(env) == {"HOME", "PATH", "HTTP_PROXY", "HTTPS_PROXY"}
    assert (env["HOME"], seen["home"], seen["here"]) == (env["PATH"], [], [])
    assert (seen["argv"][0], seen["argv"][1].endswith("/k8s/one/web"), len(seen["argv"])) == ("build", True, 2)
    assert "secret" not in json.dumps(seen)
    assert not os.path.exists(seen["argv"][1])


def test_program_that_does_not_end_is_a_failure_that_is_not_kept(world, only_kubectl, monkeypatch):
    program = only_kubectl / "kustomize"
    program.write_text(f"#!/bin/sh\nexec {shutil.which('sleep', path=os.defpath)} 60\n")
    program.chmod(0o755)
    monkeypatch.setattr(kustomize, "_SECONDS", 0.05)
    repos.write(world.config, below("k8s/one/web", WEB))
    at = FilesAt(str(world.config), WORK_TREE, ("k8s",))
    slow = Kustomize((str(program), "build"), "v5.0.0")
    task = KustomizeTask(at, "k8s/one/web", "k8s/one/web/kustomization.yaml", ("k8s/one/web/web.yaml",), "", (), slow)
    with pytest.raises(WorkerError, match="kustomize: did not end within"):
        built(task)


def test_kustomize_comes_before_kubectl_and_one_too_old_is_told(world, only_kubectl):
    assert kustomize.find().name == "kubectl kustomize"
    spy(only_kubectl, "{Version:kustomize/v4.4.1 GitCommit:b2d65ddc98e09187a8e38adc27c30bab078c1dbf}")
    assert (kustomize.find().name, kustomize.find().version) == ("kustomize", "v4.4.1")
    renderings = made(world, below("k8s/one/web", WEB))
    assert app(renderings, "web").status.value == "unverifiable"
    assert "kustomize v4.4.1 is too old" in renderings.findings[0].message


def test_only_the_named_application_is_touched_by_a_broken_one(world):
    world.cluster(
        "one",
        {"bad.yaml": application("bad", source=source("k8s/one/bad")), "web.yaml": application("web", source=source())},
    )
    (world.kubeaid / "argocd-helm-charts").mkdir()
    repos.write(
        world.config, below("k8s/one/web", WEB) | {"k8s/one/bad/kustomization.yaml": "resources: [gone.yaml]\n"}
    )
    renderings = world.render()
    assert [app(renderings, name).status.value for name in ("bad", "web")] == ["failed", "rendered"]
    assert told(renderings) == [("chart/render-failed", "one/bad", "k8s/one/argocd-apps/templates/bad.yaml", None)]
