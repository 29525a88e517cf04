"""Small KubeAid repositories with umbrella charts, and what an upstream would give for them."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from kubeaid_ci import verify_charts
from kubeaid_ci.charts.verify.verdict import Verification
from kubeaid_ci.git.tree import REGULAR, File, tree_id
from kubeaid_ci.helm.published import Fetched
from tests import repos
from tests.servers.charts import Charts

DAY = date(2026, 1, 2)
UPSTREAM = "https://charts.example.com"
FILES = {
    "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.2.3\nappVersion: v9\n",
    "values.yaml": "replicas: 1\nscript: |\n  if true\n    run\n",
    "templates/_helpers.tpl": '{{- define "web.name" -}}web{{- end -}}\n',
    "templates/deployment.yaml": "kind: Deployment\nreplicas: {{ .Values.replicas }}\n",
    "crds/web.yaml": "kind: CustomResourceDefinition\n",
    "charts/inner/Chart.yaml": "apiVersion: v2\nname: inner\nversion: 0.1.0\n",
    "charts/inner/templates/job.yaml": "kind: Job\n",
    "icon.png": "\x89PNG\0",
}


def metadata(name: str, version: str, *dependencies: str, more: str = "") -> str:
    """A Chart.yaml; a dependency is ``name version repository``, and more keys as ``key=value``."""
    text = f"apiVersion: v2\nname: {name}\nversion: {version}\n{more}"
    if dependencies:
        text += "dependencies:\n"
    for one in dependencies:
        called, wanted, repository, *rest = one.split(" ")
        keys = "".join(f"\n    {key}: {value}" for key, value in (pair.split("=") for pair in rest))
        text += f"  - name: {called}\n    version: '{wanted.replace('_', ' ')}'\n    repository: {repository}{keys}\n"
    return text


def umbrella(root: Path, name: str, files: Mapping[str, str | bytes]) -> Path:
    return repos.write(root, {f"argocd-helm-charts/{name}/{path}": text for path, text in files.items()})


def web(root: Path, files: Mapping[str, str | bytes] = FILES, *, upstream: str = UPSTREAM) -> Path:
    """A KubeAid repo with one umbrella chart that vendors ``web``."""
    own = {"Chart.yaml": metadata("web", "0.1.0", f"web 1.2.3 {upstream}")}
    return umbrella(root, "web", own | {f"charts/web/{path}": text for path, text in files.items()})


def two_versions(root: Path, upstream: str = UPSTREAM) -> Path:
    """A KubeAid repo with an umbrella chart that has two versions of one chart, each under an alias."""
    declared = [f"web {version} {upstream} alias={alias}" for version, alias in (("1.0.0", "old"), ("2.0.0", "new"))]
    files = {f"charts/web-{number}/Chart.yaml": metadata("web", f"{number}.0.0") for number in (1, 2)}
    return umbrella(root, "app", {"Chart.yaml": metadata("app", "0.1.0", *declared), **files})


def vendored(root: Path) -> Path:
    return root / "argocd-helm-charts/web/charts/web"


def recorded(root: Path) -> Path:
    """The same repo with everything in the ledger, and committed."""
    verify(root, update_ledger=True)
    repos.commit(root, "vendor web")
    return root


def served(root: Path, charts: Charts) -> Path:
    """A KubeAid repo that vendors what a chart repository publishes, and has it in its ledger."""
    files = {path: text.encode() for path, text in FILES.items() if path != "Chart.yaml"}
    charts.add("web", "1.2.3", files)
    files["Chart.yaml"] = b"apiVersion: v2\nname: web\nversion: 1.2.3\n"
    return recorded(web(root, files, upstream=charts.server.url))


def verify(root: Path, **options) -> Verification:
    return verify_charts(root, **{"today": DAY, "cache": False, "effects": False} | options)


def said(found: Verification) -> list[str]:
    """The findings as ``rule path``, the path cut to where it is in the umbrella chart."""
    return sorted(f"{one.rule.id} {(one.path or '').removeprefix('argocd-helm-charts/')}" for one in found.findings)


def published(files: Mapping[str, str | bytes] = FILES, **fields) -> Fetched:
    packed = {path: File(REGULAR, text if isinstance(text, bytes) else text.encode()) for path, text in files.items()}
    known = {"sha256": "a" * 64, "url": f"{UPSTREAM}/web-1.2.3.tgz", "host": "charts.example.com"}
    return Fetched(files=packed, tree_id=tree_id({path: file.entry for path, file in packed.items()}), **known | fields)
