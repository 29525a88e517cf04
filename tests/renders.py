"""A KubeAid repo with charts, and a config repo whose clusters take them, written where a test wants them."""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import kubeaid_ci
from kubeaid_ci import documents
from kubeaid_ci.render.rendering import RenderedApp, Renderings
from tests import repos
from tests.helm_charts import chart

KUBEAID = "https://git.example.com/acme/KubeAid"
CONFIG = "git@git.example.com:acme/kubernetes-config.git"
CHART = {
    "values.yaml": "replicas: 1\nname: web\n",
    "templates/web.yaml": (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Release.Name }}-{{ .Values.name }}\n"
        "spec:\n  replicas: {{ .Values.replicas }}\n"
    ),
}


def application(name: str, **spec) -> str:
    """An Application as YAML; by default of the chart `web` at the work tree's revision."""
    spec.setdefault("project", "kubeaid")
    spec.setdefault("destination", {"server": "https://kubernetes.default.svc", "namespace": name})
    if "sources" not in spec:
        spec.setdefault("source", helm())
    body = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": name}, "spec": spec}
    return documents.dump(body)


def helm(chart_name: str = "web", revision: str = "1.0.0", **said) -> dict:
    source = {"repoURL": KUBEAID, "path": f"argocd-helm-charts/{chart_name}", "targetRevision": revision}
    return {**source, "helm": said} if said else source


def values_ref() -> dict:
    return {"repoURL": CONFIG, "targetRevision": "HEAD", "ref": "values"}


def root(cluster: str) -> str:
    source = {"repoURL": CONFIG, "path": f"k8s/{cluster}/argocd-apps", "targetRevision": "HEAD"}
    return application("root", source=source, destination={"namespace": "argocd"})


@dataclass
class World:
    """Both repositories; `files` of a chart lie below its folder, those of a cluster below its own.

    The two addresses are those of the origins, and those that Applications name.
    """

    folder: Path
    kubeaid_address: str = KUBEAID
    config_address: str = CONFIG
    kubeaid: Path = field(init=False)
    config: Path = field(init=False)

    def __post_init__(self) -> None:
        self.kubeaid, self.config = self.folder / "KubeAid", self.folder / "kubernetes-config"
        self.kubeaid.mkdir(parents=True)
        self.config.mkdir(parents=True)
        for folder, address in ((self.kubeaid, self.kubeaid_address), (self.config, self.config_address)):
            repos.git(folder, "init", "--quiet")
            repos.git(folder, "remote", "add", "origin", address)

    def chart(self, name: str, files: Mapping[str, str] = CHART, *, more: str = "", folder: str = "") -> None:
        inside = chart(name, files, more=more)
        repos.write(
            self.kubeaid, {f"argocd-helm-charts/{folder or name}/{path}": text for path, text in inside.items()}
        )

    def cluster(self, name: str, files: Mapping[str, str], *, chart_files: Mapping[str, str] | None = None) -> None:
        """Files of `argocd-apps/templates` by name; a name with a slash, such as ``./x``, is below the cluster's folder."""
        apps = {"Chart.yaml": "apiVersion: v2\nname: root\nversion: 1.0.0\n", **(chart_files or {})}
        placed = {f"{name}-vars.jsonnet": "{}", "argocd-apps/templates/root.yaml": root(name)}
        placed |= {f"argocd-apps/{path}": text for path, text in apps.items()}
        placed |= {
            posixpath.normpath(path) if "/" in path else f"argocd-apps/templates/{path}": text
            for path, text in files.items()
        }
        repos.write(self.config, {f"k8s/{name}/{path}": self.addressed(text) for path, text in placed.items()})

    def addressed(self, text: str) -> str:
        """Return a text with the addresses of these two repositories."""
        return text.replace(KUBEAID, self.kubeaid_address).replace(CONFIG, self.config_address)

    def commit(self, tag: str = "") -> None:
        repos.commit(self.config)
        repos.commit(self.kubeaid, tag=tag)

    def render(self, *clusters: str, **options) -> Renderings:
        options.setdefault("cache", self.folder / "cache")
        options.setdefault("jobs", 1)
        return kubeaid_ci.render_clusters(self.config, self.kubeaid, clusters=clusters, **options)


def app(renderings: Renderings, name: str, cluster: str = "one") -> RenderedApp:
    (found,) = [one for one in renderings.apps if (one.cluster, one.app) == (cluster, name)]
    return found


def bodies(renderings: Renderings, name: str, cluster: str = "one") -> list:
    return [manifest.body for manifest in app(renderings, name, cluster).manifests]


def told(renderings: Renderings) -> list[tuple[str, str, str | None, int | None]]:
    return [(one.rule.id, one.subject, one.path, one.line) for one in renderings.findings]
