"""Makes the demo's repositories: a small KubeAid repo, a config repo with three clusters, and a chart repository."""

from dataclasses import dataclass
from pathlib import Path

from kubeaid_ci.demo import charts as demo_charts
from kubeaid_ci.demo import starter
from kubeaid_ci.errors import UserError
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.runtime.files import write_atomically

RELEASE = "v0.1.0"
REVISION = "1.0.0"


@dataclass(frozen=True, slots=True)
class Demo:
    """The demo's folders."""

    kubeaid: Path
    config: Path
    remote: Path
    """The bare remote that change requests are offered on."""
    charts: Path
    """The chart repository, as files to be served."""


@dataclass(frozen=True, slots=True)
class _Cluster:
    """One of the demo's clusters. With CAPI the folder and the cluster differ in name."""

    dir: str
    name: str
    platform: str
    more: str


_CLUSTERS = (
    _Cluster("production.example.com", "production", "eks", "  grafana_ingress_host: 'grafana.example.com',\n"),
    _Cluster("staging.example.com", "staging", "kubeadm", "  prometheus+: { retention: '7d' },\n"),
    _Cluster("edge", "edge", "kops", ""),
)

_VARS = """{{
  platform: '{platform}',
  kube_prometheus_version: '{release}',
{more}}}
"""

_KUBEAID = "https://git.example.com/platform/KubeAid.git"
_CONFIG = "https://git.example.com/platform/kubernetes-config.git"
"""The addresses of both repositories, as the Applications name them; no host is contacted at them."""

_ROOT = """apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: root
  namespace: argocd
spec:
  project: kubeaid
  destination:
    server: https://kubernetes.default.svc
    namespace: argocd
  source:
    repoURL: {config}
    path: k8s/{dir}/argocd-apps
    targetRevision: HEAD
"""

_APPLICATION = """apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: kube-prometheus
  namespace: argocd
  labels:
    kubeaid.io/version: {revision}
spec:
  project: kubeaid
  destination:
    server: https://kubernetes.default.svc
    namespace: monitoring
  source:
    repoURL: {config}
    path: k8s/{dir}/kube-prometheus
    targetRevision: HEAD
    directory:
      recurse: true
"""

_BROKEN = """apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: web
  namespace: argocd
  finalizers:
    - argocd.argoproj.io/resources-finalizer
spec:
  project: default
  destination:
    server: https://kubernetes.default.svc
    namespace: web
  source:
    repoURL: {config}
    path: k8s/edge/web
    targetRevision: HEAD
"""
"""A finalizer that Argo CD does not know, the project default, and a namespace that nothing creates."""

_WEB = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: docker.io/library/nginx:1.29.0
          ports:
            - {name: http, containerPort: 8080}
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports:
    - {name: http, port: 80, targetPort: http}
"""

_CHART = "apiVersion: v2\nname: root\nversion: 0.1.0\n"


def create(folder: Path) -> Demo:
    """Make the demo's repositories in an empty folder; raises `UserError` if it is not empty."""
    # A relative path would mean another folder to Git, which works in one of the repositories.
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise UserError(f"{folder}: not empty; name a new folder for the demo")
    demo = Demo(folder / "kubeaid", folder / "kubernetes-config", folder / "remote.git", folder / "charts")
    starter.copy(demo.kubeaid)
    demo_charts.publish(demo.charts)
    demo_charts.vendor(demo.kubeaid)
    kubeaid = Repository.create(demo.kubeaid)
    kubeaid.commit_all("feat: a small platform", tag=REVISION)
    kubeaid.add_remote(_KUBEAID)
    for cluster in _CLUSTERS:
        _write(demo.config / "k8s" / cluster.dir, cluster)
    repository = Repository.create(demo.config)
    repository.commit_all("feat: three clusters")
    demo.remote.mkdir()
    Repository.create(demo.remote, bare=True)
    repository.push_to(demo.remote)
    return demo


def merge(demo: Demo, message: str) -> None:
    """Bring what is in the work tree to the remote's default branch, as a merged change request would."""
    repository = Repository(demo.config)
    repository.commit_all(message)
    repository.push_to(demo.remote)


def lengthen_retention(demo: Demo) -> Path:
    """Change one setting of the staging cluster; gives the vars file."""
    path = demo.config / "k8s" / "staging.example.com" / "staging-vars.jsonnet"
    write_atomically(path, path.read_bytes().replace(b"'7d'", b"'14d'"))
    return path


def break_edge(demo: Demo) -> Path:
    """Add an Application with three mistakes to the cluster `edge`; return its file."""
    folder = demo.config / "k8s" / "edge"
    path = folder / "argocd-apps" / "templates" / "web.yaml"
    _text(folder / "web" / "web.yaml", _WEB)
    _text(path, _BROKEN.format(config=_CONFIG))
    return path


def _text(path: Path, text: str) -> None:
    write_atomically(path, text.encode())


def _write(folder: Path, cluster: _Cluster) -> None:
    text = _VARS.format(platform=cluster.platform, release=RELEASE, more=cluster.more)
    _text(folder / f"{cluster.name}-vars.jsonnet", text)
    apps = folder / "argocd-apps"
    _text(apps / "Chart.yaml", _CHART)
    _text(apps / "templates" / "root.yaml", _ROOT.format(config=_CONFIG, dir=cluster.dir))
    application = _APPLICATION.format(config=_CONFIG, dir=cluster.dir, revision=REVISION)
    _text(apps / "templates" / "kube-prometheus.yaml", application)
