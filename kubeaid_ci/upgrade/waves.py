"""Waves: groups of clusters that are upgraded one after the other (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.errors import UserError
from kubeaid_ci.globs.paths import matches
from kubeaid_ci.settings import WaveSettings
from kubeaid_ci.suggestion import NAME, suggestion

NEXT = "next"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A cluster's state. `at` is true if its KubeAid sources are all at the revision; `since` is when it got there."""

    at: bool
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class WaveChoice:
    """The wave to upgrade, with the folders of its clusters. `waiting` is why it is not due; empty if it is."""

    name: str
    clusters: tuple[str, ...]
    waiting: str = ""


def clusters_of(wave: WaveSettings, clusters: Sequence[Cluster]) -> tuple[Cluster, ...]:
    """Return the clusters of a wave. Raises `UserError` if it has none."""
    found = tuple(
        cluster
        for cluster in clusters
        if any(matches(glob, name) for glob in wave.clusters for name in _names(cluster))
    )
    if not found:
        known = [name for cluster in clusters for name in _names(cluster)]
        near = suggestion(", ".join(wave.clusters), known, likeness=NAME)
        raise UserError(f"waves: {wave.name} has no cluster: nothing is named {', '.join(wave.clusters)}; {near}")
    return found


def choose(
    name: str,
    waves: Sequence[WaveSettings],
    clusters: Sequence[Cluster],
    arrivals: Mapping[str, Arrival],
    *,
    to: str,
    now: datetime,
) -> WaveChoice:
    """Return the wave of a name, or with ``next`` the first one that is not at the revision.

    `arrivals` has the state of each cluster by folder. Raises `UserError` if there is no such wave.
    """
    if not waves:
        raise UserError("no waves are set; list them under waves in .kubeaid-ci.yaml")
    grouped = [clusters_of(wave, clusters) for wave in waves]
    number = _next(grouped, arrivals) if name == NEXT else _named(name, waves)
    if number is None:
        return WaveChoice(NEXT, (), f"every wave is at {to}")
    wave, chosen = waves[number], tuple(cluster.dir for cluster in grouped[number])
    waiting = _waiting(wave, waves[number - 1], grouped[number - 1], arrivals, to=to, now=now) if number else ""
    return WaveChoice(wave.name, chosen, waiting)


def _names(cluster: Cluster) -> tuple[str, ...]:
    return (cluster.dir, cluster.name)


def _named(name: str, waves: Sequence[WaveSettings]) -> int:
    names = [wave.name for wave in waves]
    if name not in names:
        raise UserError(f"--wave {name}: no such wave; {suggestion(name, names, likeness=NAME)}")
    return names.index(name)


def _next(grouped: Sequence[Sequence[Cluster]], arrivals: Mapping[str, Arrival]) -> int | None:
    behind = (number for number, some in enumerate(grouped) if not all(arrivals[cluster.dir].at for cluster in some))
    return next(behind, None)


def _waiting(
    wave: WaveSettings,
    before: WaveSettings,
    clusters: Sequence[Cluster],
    arrivals: Mapping[str, Arrival],
    *,
    to: str,
    now: datetime,
) -> str:
    """Return what the wave before lacks, or how long it still has to be at the revision."""
    behind = [cluster.dir for cluster in clusters if not arrivals[cluster.dir].at]
    if behind:
        return f"wave {wave.name} waits for wave {before.name}: {', '.join(behind)} not at {to}"
    unknown = [cluster.dir for cluster in clusters if arrivals[cluster.dir].since is None]
    if wave.soak and unknown:
        return f"wave {wave.name} waits: Git has no commit that brought {', '.join(unknown)} to {to}"
    newest = max((since for cluster in clusters if (since := arrivals[cluster.dir].since)), default=now)
    left = newest + (wave.soak or timedelta()) - now
    if left > timedelta():
        return f"wave {wave.name} waits until {newest + (wave.soak or timedelta()):%Y-%m-%d %H:%M} UTC: soak of {to}"
    return ""
