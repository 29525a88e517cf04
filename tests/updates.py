"""KubeAid repositories whose vendored charts come from a repository on loopback, and updates of them."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import kubeaid_ci
from kubeaid_ci.charts.update.result import Updates
from kubeaid_ci.helm.chart import CHARTS
from kubeaid_ci.helm.upstreams import Upstreams
from kubeaid_ci.net.retries import RetryPolicy
from kubeaid_ci.settings import Settings
from tests import repos, umbrellas
from tests.servers.charts import Charts
from tests.umbrellas import metadata

DAY = date(2026, 3, 10)
QUICK = RetryPolicy(attempts=1, first=0, sleep=lambda _: None)
DEPLOYMENT = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  replicas: {{{{ .Values.replicas }}}}\n"
)


def upstreams(**more) -> Upstreams:
    return Upstreams(environ={}, retries=QUICK, keep=True, **more)


def files(name: str, more: Mapping[str, str] | None = None) -> dict[str, bytes]:
    """What a published chart holds beside its Chart.yaml."""
    texts = {"values.yaml": "replicas: 1\n", "templates/web.yaml": DEPLOYMENT.format(name=name), **(more or {})}
    return {path: text.encode() for path, text in texts.items()}


def publish(charts: Charts, name: str, version: str, more: Mapping[str, str] | None = None, **entry) -> bytes:
    """Put a version into the repository."""
    return charts.add(name, version, files(name, more), **entry)


def vendored(root: Path, umbrella: str, *names: str) -> Path:
    """The folders of charts vendored in an umbrella chart, or its own."""
    return root.joinpath(CHARTS, umbrella, *(part for name in names for part in ("charts", name)))


def umbrella(root: Path, charts: Charts, name: str, *dependencies: str, more: Mapping[str, str] | None = None) -> Path:
    """An umbrella chart of dependencies ``name version [key=value]…``, vendored as they are published; then committed."""
    declared, unpacked = [], {}
    for one in dependencies or (f"{name} 1.0.0",):
        called, version, *rest = one.split(" ")
        declared.append(" ".join([called, version, charts.server.url, *rest]))
        got = upstreams().fetch(called, version, charts.server.url)
        unpacked |= {f"charts/{called}/{path}": file.data for path, file in got.files.items()}
    umbrellas.umbrella(root, name, {"Chart.yaml": metadata(name, "0.1.0", *declared), **unpacked, **(more or {})})
    repos.commit(root, "vendor")
    return root


def update(root: Path, *names: str, policies=None, **options) -> Updates:
    known = Settings(charts=policies or {})
    given = {"settings": known, "upstreams": upstreams(), "today": DAY, "jobs": 1, "cache": False} | options
    return kubeaid_ci.update_charts(root, charts=names, **given)


def outcomes(found: Updates) -> list[tuple[str, str]]:
    return [(one.chart, one.status.value) for one in found.results]


def rules(found: Updates) -> list[tuple[str, str]]:
    return [(one.rule.id, one.subject) for one in found.findings]
