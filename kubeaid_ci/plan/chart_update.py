"""What an update writes into an umbrella chart: its Chart.yaml, in place, and its lock, as Helm writes it."""

from collections.abc import Mapping, Sequence
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.errors import UserError
from kubeaid_ci.model.chart import Chart, Dependency
from kubeaid_ci.model.version import Version
from kubeaid_ci.model.version_range import VersionRange
from kubeaid_ci.plan import lock_digest

_V1 = "v1"


def declared_in(chart: Chart) -> str:
    """The file that declares a chart's dependencies."""
    return next((one.path for one in chart.dependencies if one.path), chart.file)


def declare(text: str, versions: Mapping[str, str], *, where: str) -> str:
    """The text of a Chart.yaml with other versions of dependencies, by name; all else stays as it was written.

    A range that allows the new version stays. Raises `UserError` where a version cannot be set in place.
    """
    for number, one in enumerate(dependencies(text, where=where)):
        wanted = versions.get(str(one.get("name")))
        said = str(one.get("version") or "")
        if wanted is None or said == wanted or _covers(said, wanted):
            continue
        text = documents.set_scalar(text, ("dependencies", number, "version"), wanted, where=where)
    return text


def dependencies(text: str, *, where: str) -> list[dict[str, Any]]:
    """The dependencies that a Chart.yaml or requirements.yaml declares, as plain values."""
    said = documents.load(text, where=where)
    found = said.get("dependencies") if isinstance(said, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def lock_path(chart: Chart) -> str:
    """Where Helm has the lock of a chart."""
    if chart.lock is not None:
        return chart.lock.path
    return f"{chart.path}/{'requirements' if chart.api_version == _V1 else 'Chart'}.lock"


def lock(chart: Chart, declared: Sequence[Mapping[str, Any]], versions: Mapping[str, str], *, day: str) -> str | None:
    """The text of a chart's lock, given what it declares from now on and the versions that it gets by name.

    Nothing where the lock that is there still fits, which Helm leaves alone then. `day` is when it was
    made, as Go writes a time.
    """
    locked = [_locked(chart, one, versions) for one in declared]
    digest = lock_digest.digest(declared, locked)
    if chart.lock is not None and chart.lock.digest == digest:
        return None
    return documents.dump({"dependencies": locked, "digest": digest, "generated": day})


def _locked(chart: Chart, one: Mapping[str, Any], versions: Mapping[str, str]) -> dict[str, str]:
    name, repository = str(one.get("name") or ""), str(one.get("repository") or "")
    version = versions.get(name) or _known(chart, name, repository) or str(one.get("version") or "")
    entry = {"name": name, "repository": repository}
    return entry | ({"version": version} if version else {})


def _known(chart: Chart, name: str, repository: str) -> str:
    """The version that a dependency has, which this update leaves alone: as it is locked, else as it is vendored."""
    before: tuple[Dependency, ...] = chart.lock.dependencies if chart.lock else ()
    locked = next((one.version for one in before if (one.name, one.repository) == (name, repository)), "")
    subchart = chart.subchart(name)
    return locked or (subchart.version if subchart else "")


def _covers(said: str, wanted: str) -> bool:
    """Whether what is declared is a range, and allows the version."""
    try:
        declared = VersionRange.parse(said)
        return not declared.is_exact and declared.allows(Version.parse(wanted))
    except UserError:
        return False
