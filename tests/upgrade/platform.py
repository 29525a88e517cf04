"""A small KubeAid repo with two releases, and the files of config repos that use it."""

from pathlib import Path

from tests import repos

URL = "https://git.example.com/platform/KubeAid.git"
CONFIG = "https://git.example.com/acme/kubernetes-config.git"
OLD, NEW = "1.0.0", "2.0.0"

_SCHEMA = '{"type": "object", "properties": {"size": {"type": "integer"}}, "additionalProperties": false}'


def chart(name: str, image: str, *, wraps: str = "", schema: bool = False) -> dict[str, str]:
    """A chart with one Deployment; `wraps` is a dependency, which is not rendered."""
    home = f"argocd-helm-charts/{name}"
    dependencies = f"dependencies:\n- name: {wraps}\n  version: {image}\n  condition: on\n" if wraps else ""
    files = {
        f"{home}/Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: 0.1.0\n{dependencies}",
        f"{home}/values.yaml": "on: false\n",
        f"{home}/templates/web.yaml": (
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n"
            "  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n"
            f'    spec: {{containers: [{{name: web, image: "registry.example.com/{name}:{image}"}}]}}\n'
        ),
    }
    if wraps:
        below = f"{home}/charts/{wraps}"
        files |= {f"{below}/Chart.yaml": f"apiVersion: v2\nname: {wraps}\nversion: {image}\n"}
    if schema:
        files |= {f"{home}/values.schema.json": _SCHEMA, f"{home}/values.yaml": ""}
    return files


def kubeaid(root: Path) -> Path:
    """KubeAid at 1.0.0 and 2.0.0: a chart is renamed, one gets a schema, the monitoring changes."""
    repos.kubeaid(root, "v0.16.0", "v0.17.0")
    repos.write(root, chart("web", OLD, wraps="engine") | chart("gone", OLD, wraps="driver") | chart("strict", OLD))
    repos.commit(root, "one", tag=OLD)
    repos.git(root, "remote", "add", "origin", URL)
    repos.git(root, "rm", "-rq", "argocd-helm-charts/gone", "build/kube-prometheus/libraries/v0.16.0")
    repos.write(root, chart("web", NEW, wraps="engine") | chart("successor", NEW, wraps="driver"))
    repos.write(root, chart("strict", NEW, schema=True))
    repos.write(root, {"build/kube-prometheus/lib/default_vars.libsonnet": repos.DEFAULTS.replace("'30d'", "'60d'")})
    repos.commit(root, "two", tag=NEW)
    return root


def app(name: str, *, chart: str = "web", revision: str = OLD, label: str | None = OLD, extra: str = "") -> str:
    """An Application of a KubeAid chart; a label of None is left out."""
    labels = (
        f"  labels:\n    kubeaid.io/version: {label}\n    kubeaid.io/sync-order: '10'\n" if label is not None else ""
    )
    return (
        f"apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: {name}\n  namespace: argocd\n{labels}"
        "spec:\n  project: kubeaid\n  destination: {server: https://kubernetes.default.svc, namespace: web}\n"
        f"  source:\n    repoURL: {URL} # the platform\n    path: argocd-helm-charts/{chart}\n"
        f"    targetRevision: {revision}\n{extra}"
    )


def monitoring(folder: str, label: str = OLD) -> str:
    """The Application of a cluster's built manifests."""
    return (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: kube-prometheus\n  namespace: argocd\n"
        f"  labels:\n    kubeaid.io/version: {label}\nspec:\n  project: kubeaid\n"
        "  destination: {server: https://kubernetes.default.svc, namespace: monitoring}\n"
        f"  source:\n    repoURL: {CONFIG}\n    path: k8s/{folder}/kube-prometheus\n    targetRevision: HEAD\n"
        "    directory: {recurse: true}\n"
    )


def cluster(name: str, apps: dict[str, str], *, release: str = "v0.17.0", built: bool = True) -> dict[str, str]:
    """A cluster's files: Applications by file name, the root chart, general settings, and a vars file."""
    home = f"k8s/{name}"
    files = {f"{home}/argocd-apps/templates/{file}.yaml": text for file, text in apps.items()}
    files[f"{home}/argocd-apps/Chart.yaml"] = "apiVersion: v2\nname: root\nversion: 0.1.0\n"
    files[f"{home}/argocd-apps/templates/root.yaml"] = (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: root, namespace: argocd}\nspec:\n"
        "  project: kubeaid\n  destination: {server: https://kubernetes.default.svc, namespace: argocd}\n"
        f"  source: {{repoURL: {CONFIG}, path: {home}/argocd-apps, targetRevision: HEAD}}\n"
    )
    files[f"{home}/kubeaid-cli.general.yaml"] = (
        f"cluster: {{name: {name}}}\nforkURLs:\n  kubeaid:\n    url: {URL}\n    version: {OLD} # pinned\n"
        f"  kubeaidConfig: {{url: {CONFIG}}}\n"
    )
    if built:
        files[f"{home}/{name}-vars.jsonnet"] = repos.vars_file(kube_prometheus_version=f"'{release}'")
        files[f"{home}/argocd-apps/templates/kube-prometheus.yaml"] = monitoring(name)
        files[f"{home}/kube-prometheus/old.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: old}\n"
    return files


def config(root: Path, *clusters: dict[str, str]) -> Path:
    """A config repo with clusters, committed."""
    for files in clusters:
        repos.write(root, files)
    repos.commit(root, "clusters")
    repos.git(root, "remote", "add", "origin", CONFIG)
    return root
