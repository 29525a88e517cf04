"""Small KubeAid and config repositories, written where a test wants them."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TEMPLATE = """\
local check = import 'lib/validate.libsonnet';
local defaults = import 'lib/default_vars.libsonnet';
local mixin = import 'mixin/main.libsonnet';
local vars = defaults + std.extVar('vars');
local errors = check(vars);
assert std.length(errors) == 0 : '\\n\\nVars validation failed:\\n' + std.join('\\n', ['  - ' + e for e in errors]) + '\\n';
{
  'setup/0namespace-namespace': { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'monitoring' } },
  'prometheus-prometheus': {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'Prometheus',
    metadata: { name: 'k8s', namespace: 'monitoring' },
    spec: { retention: vars.prometheus.retention, replicas: vars.replicas, storage: vars.prometheus.storage.size },
  },
  'general-rules': {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'general', namespace: 'monitoring' },
    spec: { groups: mixin.groups(vars) },
  },
  [if vars.platform == 'aks' then 'aks-only']: {
    apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'aks', namespace: 'monitoring' }, data: { a: '1' },
  },
} + std.get(vars, 'more', {})
"""
DEFAULTS = "{ replicas: 1, prometheus: { retention: '30d', storage: { size: '30Gi' } }, addMixins: { etcd: true } }\n"
VALIDATE = """\
function(vars) [
  'platform must be one of: kops, kubeadm, gke, eks, aks (got: "%s")' % vars.platform
  for _ in [1]
  if !std.member(['kops', 'kubeadm', 'gke', 'eks', 'aks'], vars.platform)
]
"""
MIXIN = """\
{
  groups(vars): [{
    name: 'general',
    rules: [{ alert: 'Watchdog', expr: 'vector(1)', labels: { severity: 'none' } }],
  }],
}
"""


@dataclass(frozen=True)
class Repos:
    """A KubeAid repo and a config repo side by side."""

    kubeaid: Path
    config: Path


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def kubeaid(root: Path, *releases: str) -> Path:
    build = "build/kube-prometheus"
    files = {
        f"{build}/common-template.jsonnet": TEMPLATE,
        f"{build}/lib/default_vars.libsonnet": DEFAULTS,
        f"{build}/lib/validate.libsonnet": VALIDATE,
    }
    for release in releases or ("v0.17.0",):
        files[f"{build}/libraries/{release}/vendor/mixin/main.libsonnet"] = MIXIN
    return write(root, files)


def vars_file(**settings: str) -> str:
    fields = {"platform": "'kops'", "kube_prometheus_version": "'v0.17.0'", **settings}
    return "{\n" + "".join(f"  {name}: {value},\n" for name, value in fields.items()) + "}\n"


def config(root: Path, clusters: Mapping[str, str | bytes]) -> Path:
    """Clusters by folder; a folder ``dir:name`` names the vars file otherwise than the folder."""
    root.mkdir(parents=True, exist_ok=True)
    for cluster, text in clusters.items():
        folder, _, name = cluster.partition(":")
        write(root, {f"k8s/{folder}/{name or folder}-vars.jsonnet": text})
    return root


def application(revision: str, *, url: str = "git@git.example.com:acme/kubernetes-config.git", label: str = "") -> str:
    labels = f"\n  labels:\n    kubeaid.io/version: {label}" if label else ""
    return (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: kube-prometheus"
        f"{labels}\nspec:\n  source:\n    repoURL: {url}\n    path: k8s/x/kube-prometheus\n    targetRevision: {revision}\n"
    )


def git(folder: Path, *arguments: str) -> str:
    identity = [
        "-c",
        "user.name=Tester",
        "-c",
        "user.email=tester@example.com",
        "-c",
        "init.defaultBranch=main",
    ]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(folder: Path, message: str = "a change", *, tag: str = "") -> str:
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", message)
    if tag:
        git(folder, "tag", tag)
    return git(folder, "rev-parse", "HEAD")


def snapshot(root: Path) -> dict[str, bytes]:
    """Every file below a folder but Git's, by its path."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }
