"""A cluster is copied under another name: its files, what both clusters would claim, what has to be restored."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import kubeaid_ci
from kubeaid_ci import Shadow, UserError
from kubeaid_ci.check.applied import Applied
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.config_repo.general_settings import GeneralSettings
from kubeaid_ci.k8s.manifest import Manifest, ObjectId
from kubeaid_ci.render.rendering import RenderedApp, RenderStatus
from kubeaid_ci.upgrade import shadow, shadow_copy
from kubeaid_ci.upgrade.shadow_uses import UseKind
from tests import repos
from tests.upgrade import platform
from tests.upgrade.platform import NEW, OLD, app, cluster

ROOT = Path(kubeaid_ci.__file__).parents[1]
APP = RenderedApp("blue", "blue", "web", RenderStatus.RENDERED)


def applied(body: dict[str, Any]) -> Applied:
    return Applied(Cluster("blue", "blue", None), APP, Manifest(ObjectId.of(body), body, "k8s/blue/web/all.yaml"))


def found(*texts: str, original: tuple[str, ...] | None = None, old: str = "prod") -> list[tuple[str, str, str]]:
    """What a copy with these objects shares with a cluster that has the same, or the `original` ones."""
    copy = [applied(yaml.safe_load(text)) for text in texts]
    before = copy if original is None else [applied(yaml.safe_load(text)) for text in original]
    made = shadow.collisions(copy, before, {}, old=old, new="blue")
    return [(one.kind.value, one.field, one.value) for one in made]


def obj(api: str, kind: str, spec: str, metadata: str = "") -> str:
    return f"{{apiVersion: {api}, kind: {kind}, metadata: {{name: a, namespace: web{metadata}}}, spec: {spec}}}"


def pod(container: str) -> str:
    return obj(
        "apps/v1",
        "Deployment",
        f"{{template: {{spec: {{containers: [{{name: c, image: x/external-dns:1, {container}}}]}}}}}}",
    )


CNPG = "{backup: {barmanObjectStore: {destinationPath: s3://b/pg}}}"
VELERO = "{objectStorage: {bucket: b, prefix: /p/}}"
FIRES = {
    "ingress": (
        obj("networking.k8s.io/v1", "Ingress", "{rules: [{host: a.example.com}]}"),
        "hostname",
        "a.example.com",
    ),
    "tls": (obj("networking.k8s.io/v1", "Ingress", "{tls: [{hosts: [t.example.com]}]}"), "hostname", "t.example.com"),
    "route": (
        obj("gateway.networking.k8s.io/v1", "HTTPRoute", "{hostnames: [r.example.com]}"),
        "hostname",
        "r.example.com",
    ),
    "gateway": (
        obj("gateway.networking.k8s.io/v1", "Gateway", "{listeners: [{hostname: g.example.com}]}"),
        "hostname",
        "g.example.com",
    ),
    "certificate": (
        obj("cert-manager.io/v1", "Certificate", "{dnsNames: [c.example.com]}"),
        "hostname",
        "c.example.com",
    ),
    "traefik": (
        obj("traefik.io/v1alpha1", "IngressRoute", "{routes: [{match: 'Host(`i.example.com`)'}]}"),
        "hostname",
        "i.example.com",
    ),
    "annotated host": (
        obj("v1", "Service", "{}", ", annotations: {external-dns.alpha.kubernetes.io/hostname: 's.example.com'}"),
        "hostname",
        "s.example.com",
    ),
    "load balancer": (obj("v1", "Service", "{loadBalancerIP: 192.0.2.1}"), "address", "192.0.2.1"),
    "annotated address": (
        obj("v1", "Service", "{}", ", annotations: {metallb.io/loadBalancerIPs: '192.0.2.2'}"),
        "address",
        "192.0.2.2",
    ),
    "name of a load balancer": (
        obj("v1", "Service", "{}", ", annotations: {load-balancer.hetzner.cloud/name: lb}"),
        "address",
        "lb",
    ),
    "pool": (obj("metallb.io/v1beta1", "IPAddressPool", "{addresses: [192.0.2.0/28]}"), "address", "192.0.2.0/28"),
    "cilium pool": (
        obj("cilium.io/v2", "CiliumLoadBalancerIPPool", "{blocks: [{cidr: 192.0.2.0/29}]}"),
        "address",
        "192.0.2.0/29",
    ),
    "owner": (pod("args: [--txt-owner-id=me]"), "dns-owner", "me"),
    "owner as two arguments": (pod("args: [--txt-owner-id, you]"), "dns-owner", "you"),
    "owner by default": (pod("args: [--source=ingress]"), "dns-owner", "default"),
    "velero": (obj("velero.io/v1", "BackupStorageLocation", VELERO), "bucket", "b/p"),
    "cloudnative-pg": (obj("postgresql.cnpg.io/v1", "Cluster", CNPG), "bucket", "s3://b/pg of server a"),
    "bucket variable": (pod("args: [--registry=noop], env: [{name: WAL_S3_BUCKET, value: w}]"), "bucket", "w"),
    "secret": (
        obj("external-secrets.io/v1", "ExternalSecret", "{data: [{remoteRef: {key: kv/a}}]}"),
        "secret-path",
        "kv/a",
    ),
    "autoscaler": (
        pod("args: [--registry=noop, '--node-group-auto-discovery=asg:tag=x']"),
        "cluster-name",
        "asg:tag=x",
    ),
    "argument": (pod("args: [--registry=noop, --label=prod-1]"), "cluster-name", "--label=prod-1"),
    "cluster api": (obj("cluster.x-k8s.io/v1beta1", "Cluster", "{}"), "cluster-name", "a"),
    "tag": (
        obj("infrastructure.cluster.x-k8s.io/v1", "AWSCluster", "{additionalTags: {team: prod}}"),
        "cluster-name",
        "prod",
    ),
    "label": (obj("v1", "Service", "{}", ", labels: {cluster: prod}"), "cluster-name", "prod"),
    "sealed": (obj("bitnami.com/v1alpha1", "SealedSecret", "{encryptedData: {a: AgB}}"), "sealed-secret", "web/a"),
}


@pytest.mark.parametrize("name", FIRES)
def test_what_both_clusters_would_claim_is_found(name: str) -> None:
    text, kind, value = FIRES[name]
    assert [(each, shared) for each, _, shared in found(text)] == [(kind, value)]


QUIET = {
    "a hostname within the cluster": obj(
        "cert-manager.io/v1", "Certificate", "{dnsNames: [a.web.svc, web.svc.cluster.local, a]}"
    ),
    "a registry that has no owner": pod("args: [--registry=noop]"),
    "discovery within Cluster API": pod(
        "args: [--registry=noop, '--node-group-auto-discovery=clusterapi:namespace=x']"
    ),
    "a word that has the name in it": pod("args: [--registry=noop, --to=production]"),
    "the new name": pod("args: [--registry=noop, --to=blue]"),
    "no backup": obj("postgresql.cnpg.io/v1", "Cluster", "{instances: 3}"),
}


@pytest.mark.parametrize("name", QUIET)
def test_what_clusters_can_share_is_not_found(name: str) -> None:
    assert found(QUIET[name]) == []


@pytest.mark.parametrize("name", [name for name in FIRES if name not in ("argument", "tag", "label", "sealed")])
def test_what_the_original_does_not_claim_is_no_collision(name: str) -> None:
    assert found(FIRES[name][0], original=()) == []


def test_secrets_in_arguments_are_not_quoted() -> None:
    secret = "prod-s3cr3t-v4lue"
    text = pod(f"args: [--registry=noop, --db-password={secret}, --token, {secret}, --label=prod]")
    assert [value for _, _, value in found(text)] == ["--label=prod"]


def test_lines_with_the_same_key_are_one() -> None:
    left = list(
        shadow_copy.leftovers("k8s/blue", "prod", "blue", {"k8s/blue/v.yaml": b"- name: prod\n- name: prod\nx: prod\n"})
    )
    made = shadow.of_leftovers(left, (), "prod")
    assert [(one.field, one.line, one.others) for one in made] == [("name", 1, 1), ("x", 3, 0)]


def test_another_prefix_or_server_is_no_collision() -> None:
    other = obj("velero.io/v1", "BackupStorageLocation", "{objectStorage: {bucket: b, prefix: q}}")
    assert found(other, original=(obj("velero.io/v1", "BackupStorageLocation", VELERO),)) == []
    server = obj("postgresql.cnpg.io/v1", "Cluster", CNPG.replace("}}}", ", serverName: blue}}}"))
    assert found(server, original=(obj("postgresql.cnpg.io/v1", "Cluster", CNPG),)) == []


@pytest.mark.parametrize("wrong", ["null", "1", "[]", "[null, 1]", "{'': [[{}]]}", "text", "{1: {2: 3}}"])
@pytest.mark.parametrize("name", FIRES)
def test_objects_may_hold_anything(name: str, wrong: str) -> None:
    body = yaml.safe_load(FIRES[name][0])
    for key in list(body["spec"] or {"none": 1}):
        hostile = {**body, "spec": {**body["spec"], key: yaml.safe_load(wrong)}}
        kinds = {each for each, _, _ in found(yaml.safe_dump(hostile))}
        assert kinds <= {kind.value for kind in UseKind}
    assert found(yaml.safe_dump({**body, "spec": yaml.safe_load(wrong), "metadata": {"name": "a"}})) is not None


RENAMES = [
    ("a: $values/k8s/prod/values.yaml", "a: $values/k8s/blue/values.yaml"),
    ("path: k8s/prod", "path: k8s/blue"),
    ("see k8s/prod.", "see k8s/blue."),
    ('"k8s/prod"\r\n', '"k8s/blue"\r\n'),
    ("see vpn-vars.jsonnet", "see blue-vars.jsonnet"),
    ("k8s/prod-2/x k8s/prod.d/x mk8s/prod/x k8s/production", None),
    ("cluster: prod", None),
    ("my-vpn-vars.jsonnet", None),
]


@pytest.mark.parametrize(("before", "after"), RENAMES)
def test_paths_take_the_new_name_and_nothing_else_does(before: str, after: str | None) -> None:
    original = Cluster("vpn", "prod", "k8s/prod/vpn-vars.jsonnet")
    made = shadow_copy.copied(original, "blue", {"k8s/prod/argocd-apps/a.yaml": before.encode()})
    assert made == {"k8s/blue/argocd-apps/a.yaml": (before if after is None else after).encode()}


def test_the_name_in_the_general_settings_is_set_in_place() -> None:
    path = "k8s/prod/kubeaid-cli.general.yaml"
    original = Cluster("vpn", "prod", "k8s/prod/vpn-vars.jsonnet", general=GeneralSettings(path))
    text = b"cluster: # of us\n  name: 'vpn' # the name\n  type: workload\n"
    made = shadow_copy.copied(
        original, "blue", {path: text, "k8s/prod/vpn-vars.jsonnet": b"{}", "k8s/prod/a": b"\xff prod"}
    )
    assert made["k8s/blue/kubeaid-cli.general.yaml"] == text.replace(b"vpn", b"blue")
    assert (made["k8s/blue/blue-vars.jsonnet"], made["k8s/blue/a"]) == (b"{}", b"\xff prod")


def test_a_new_name_that_contains_the_old_one_is_not_taken_for_it() -> None:
    files = {"k8s/prod-blue/v.yaml": b"a: prod-blue\n- name: prod\nb: x prod-bluer\n"}
    left = list(shadow_copy.leftovers("k8s/prod-blue", "prod", "prod-blue", files))
    assert [(one.line, one.key) for one in left] == [(2, "name"), (3, "b")]


@pytest.fixture(scope="module")
def kubeaid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return platform.kubeaid(tmp_path_factory.mktemp("KubeAid"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def copy(kubeaid: Path, cache: Path, tmp_path: Path) -> Any:
    def run(name: str = "blue", source: str = "prod", **options: Any) -> Shadow:
        return kubeaid_ci.shadow_cluster(
            tmp_path / "config", kubeaid, cluster=source, name=name, jobs=1, **{"cache": cache, "to": NEW, **options}
        )

    return run


SITE = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: site}\nspec:\n  rules:\n  - host: a.example.com\n"
OWN = (
    platform.monitoring("prod")
    .replace("name: kube-prometheus", "name: own")
    .replace("/kube-prometheus", "/own")
    .replace(f"    kubeaid.io/version: {OLD}\n", "    team: web\n")
)
CLAIM = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {}\n"


def files(name: str = "prod", chart: str = "web") -> dict[str, str]:
    made = cluster(name, {"web": app("web", chart=chart), "own": OWN})
    return made | {f"k8s/{name}/own/site.yaml": SITE, f"k8s/{name}/own/claim.yaml": CLAIM}


def test_a_copy_is_complete_and_renders_as_the_upgraded_original(
    copy: Any, kubeaid: Path, cache: Path, tmp_path: Path
) -> None:
    config = platform.config(tmp_path / "config", files())
    (config / "k8s/prod/run.sh").write_text("#!/bin/sh\n")
    (config / "k8s/prod/run.sh").chmod(0o755)
    (config / "k8s/prod/link").symlink_to("run.sh")
    before = repos.snapshot(config)
    made = copy()
    after = repos.snapshot(config)
    assert {path: data for path, data in after.items() if "k8s/blue/" not in path} == before
    assert (config / "k8s/blue/link").is_symlink()
    assert os.access(config / "k8s/blue/run.sh", os.X_OK)
    texts = {path: data for path, data in after.items() if path.startswith("k8s/blue/")}
    assert set(made.cluster.files) == set(texts) - {"k8s/blue/link"}
    assert [path for path, data in texts.items() if b"prod" in data or OLD.encode() in data] == []
    assert "k8s/blue/blue-vars.jsonnet" in texts
    kubeaid_ci.upgrade_clusters(config, kubeaid, to=NEW, clusters=["prod"], cache=cache, jobs=1)
    rendered = kubeaid_ci.render_clusters(config, kubeaid, kubeaid_ref="pinned", cache=cache, jobs=1)
    objects: dict[str, list[str]] = {}
    for one in rendered.apps:
        assert one.status is RenderStatus.RENDERED
        objects.setdefault(one.dir, []).extend(json.dumps(dict(each.body), sort_keys=True) for each in one.manifests)
    assert [text.replace("k8s/prod", "k8s/blue") for text in objects["prod"]] == objects["blue"]
    again = kubeaid_ci.build_clusters(config, kubeaid, kubeaid_ref="pinned", check=True, cache=False, jobs=1)
    assert [result.status.value for result in again.results] == ["unchanged"] * 2


def test_findings_name_the_line_of_the_copy(copy: Any, tmp_path: Path) -> None:
    platform.config(tmp_path / "config", files())
    made = copy()
    lines = {(one.rule.id, one.path, one.line) for one in made.findings if one.rule.id.startswith("upgrade/shadow")}
    assert ("upgrade/shadow-collision", "k8s/blue/own/site.yaml", 6) in lines
    restores = [one for one in made.findings if one.rule.id == "upgrade/shadow-restore"]
    assert any("PersistentVolumeClaim data: in no backup" in one.message for one in restores)
    (host,) = (one for one in made.cluster.collisions if one.kind is UseKind.HOSTNAME)
    assert (host.value, host.app, host.field) == ("a.example.com", "own", "spec.rules[0].host")


def test_what_is_left_of_the_old_name_is_reported(copy: Any, tmp_path: Path) -> None:
    platform.config(
        tmp_path / "config", files(), {"k8s/prod/argocd-apps/values-x.yaml": "a: 1\ntoken: prod-secret-word\n"}
    )
    made = copy()
    (left,) = (one for one in made.findings if one.path == "k8s/blue/argocd-apps/values-x.yaml")
    assert (left.line, "secret" in left.message) == (2, False)
    assert left.message.startswith("token: prod: ")


@pytest.mark.parametrize(
    ("name", "source", "message"),
    [
        ("taken", "prod", "k8s/taken has this name already; choose another, or remove it"),
        ("prod", "prod", "k8s/prod has this name already"),
        ("link", "prod", "k8s/link"),
        ("../x", "prod", "not a name for a cluster"),
        ("", "prod", "not a name for a cluster"),
        ("-x", "prod", "not a name for a cluster"),
        ("blue", "prd", "did you mean prod"),
    ],
)
def test_what_cannot_be_copied_is_refused(name: str, source: str, message: str, copy: Any, tmp_path: Path) -> None:
    config = platform.config(tmp_path / "config", files(), {"k8s/taken/notes.md": "mine\n"})
    (config / "k8s/link").symlink_to("nowhere")
    before = repos.snapshot(config)
    with pytest.raises(UserError, match=message):
        copy(name, source)
    assert repos.snapshot(config) == before


def test_a_second_run_is_refused_and_changes_nothing(copy: Any, tmp_path: Path) -> None:
    config = platform.config(tmp_path / "config", files())
    copy()
    before = repos.snapshot(config)
    with pytest.raises(UserError, match="has this name already; choose another"):
        copy()
    assert repos.snapshot(config) == before


def test_errors_of_the_rehearsal_refuse_the_copy(copy: Any, tmp_path: Path) -> None:
    config = platform.config(tmp_path / "config", files(chart="gone"))
    before = repos.snapshot(config)
    made = copy()
    assert (made.is_refused, made.cluster.errors) == (True, 1)
    assert repos.snapshot(config) == before
    assert not copy(accept_dangers=True).is_refused
    assert (config / "k8s/blue").is_dir()


def test_a_dry_run_writes_nothing_and_is_json(copy: Any, tmp_path: Path) -> None:
    config = platform.config(tmp_path / "config", files())
    before = repos.snapshot(config)
    report = json.loads(copy(dry_run=True).to_json())
    assert repos.snapshot(config) == before
    assert report["summary"]["in_short"].startswith("k8s/blue would be created as a copy of prod at 2.0.0 · ")
    (one,) = report["results"]
    assert (one["cluster"], one["source"], one["status"], one["dry_run"]) == ("blue", "prod", "created", True)
    assert one["not_rendered"] == []


KILLED = """
import os, signal, sys
count = int(sys.argv[1])
def watch(event, arguments):
    global count
    if event in ("os.rename", "open", "os.mkdir", "shutil.copytree", "os.chmod"):
        count -= 1
        if count == 0:
            os.kill(os.getpid(), signal.SIGKILL)
from kubeaid_ci.upgrade import shadow_job
real = shadow_job._put_in_place
def put(*arguments):
    sys.addaudithook(watch)
    real(*arguments)
shadow_job._put_in_place = put
shadow_job.shadow_cluster(sys.argv[2], sys.argv[3], cluster="prod", name="blue", to="2.0.0", cache=sys.argv[4], jobs=1)
"""


@pytest.mark.parametrize("step", [1, 2, 4, 10, 25, 60])
def test_a_kill_leaves_no_half_folder(step: int, copy: Any, kubeaid: Path, cache: Path, tmp_path: Path) -> None:
    config = platform.config(tmp_path / "config", files())
    before = repos.snapshot(config)
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    argv = [sys.executable, str(script), str(step), str(config), str(kubeaid), str(cache)]
    done = subprocess.run(argv, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    killed = repos.snapshot(config)
    if killed == before:
        assert not copy().is_refused
        assert not (config / ".git/kubeaid-ci.new").exists()
    complete = repos.snapshot(config)
    assert "k8s/blue/blue-vars.jsonnet" in complete
    assert killed in (before, complete)
    shutil.rmtree(config / "k8s/blue")
    copy()
    assert repos.snapshot(config) == complete
