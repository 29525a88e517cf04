"""The values that clusters set for charts, and those of them that go with a new version of a chart."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kubeaid_ci import documents
from kubeaid_ci.charts.update import values_change
from kubeaid_ci.charts.update.result import ChartUpdate, LostValue
from kubeaid_ci.errors import UserError
from kubeaid_ci.helm.chart import CHARTS
from kubeaid_ci.render.fleet import open_fleet
from kubeaid_ci.render.rendering import ValuesLayer
from kubeaid_ci.settings import Settings


@dataclass(frozen=True, slots=True)
class SetValues:
    """The values that one Application sets for one of our charts, by the chart's folder."""

    cluster: str
    app: str
    chart: str
    layers: tuple[ValuesLayer, ...]


def set_values(
    config_repo: Path, kubeaid: Path, *, kubeaid_ref: str, settings: Settings, jobs: int, cache: bool
) -> tuple[SetValues, ...]:
    """Return what every Application of every cluster sets, the charts taken from one revision of the KubeAid repo."""
    found = []
    with open_fleet(config_repo, kubeaid, kubeaid_ref=kubeaid_ref, settings=settings, jobs=jobs, cache=cache) as fleet:
        for state in fleet.clusters():
            for app in state.apps:
                for plan in app.sources:
                    if plan.chart and plan.path.startswith(f"{CHARTS}/"):
                        name = plan.path.removeprefix(f"{CHARTS}/")
                        found.append(SetValues(state.cluster.label, app.app, name, plan.values))
    return tuple(found)


def lost(known: Iterable[SetValues], update: ChartUpdate) -> tuple[LostValue, ...]:
    """The values that clusters set and that the updated chart no longer has, in order of cluster."""
    found = {one for each in known if each.chart == update.chart for one in _lost(each, update)}
    return tuple(sorted(found, key=lambda one: (one.cluster, one.app, one.path, one.line or 0, one.key)))


def _lost(each: SetValues, update: ChartUpdate) -> Iterator[LostValue]:
    for layer in each.layers:
        said = _loaded(layer)
        for one in update.subcharts:
            top = one.alias or one.name
            for keys in values_change.lost(said.get(top), one.values):
                line = documents.locate(layer.text, (top, *keys)) if layer.has_lines else None
                yield LostValue(each.cluster, each.app, ".".join((top, *keys)), layer.path, line)


def _loaded(layer: ValuesLayer) -> dict[str, object]:
    try:
        said = next(iter(documents.load_all(layer.text, where=layer.path)), None)
    except UserError:
        return {}  # the rendering of the Application reports it
    return said if isinstance(said, dict) else {}
