"""Compares a cluster that exists before and after a change, Application by Application; the cache has known results."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kubeaid_ci.compare.objects import Known
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.diff import unknown
from kubeaid_ci.diff.cache import key, packed, unpacked
from kubeaid_ci.diff.clusters import compare_cluster
from kubeaid_ci.diff.comparison import Comparison, NotCompared
from kubeaid_ci.diff.one_sided_clusters import apps_of, deployed_on_both
from kubeaid_ci.diff.options import DiffOptions
from kubeaid_ci.diff.unknown import Apps, Verdict
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.k8s.scopes import NO_SCOPES, Scopes
from kubeaid_ci.render.fleet import States
from kubeaid_ci.render.render import is_named
from kubeaid_ci.render.renderer import Renderer


@dataclass(frozen=True, slots=True)
class Pair:
    """One cluster that exists on both sides, by its name after the change."""

    cluster: Cluster
    before: Apps
    after: Apps
    apps: frozenset[str] = frozenset()
    """The Applications to report; empty: all."""
    scopes: tuple[Scopes, Scopes] = (NO_SCOPES, NO_SCOPES)
    findings: tuple[Finding, ...] = ()
    unbuilt: tuple[tuple[str, str], ...] = ()
    """The Applications whose monitoring could not be built on a side, and why."""


def pairs_of(states: Sequence[States], names: Sequence[str]) -> list[Pair]:
    """Return the clusters that Argo CD deploys before and after the change; `names` are the Applications to report."""
    pairs = []
    for old, new in states:
        if old and new and deployed_on_both(old.cluster, new.cluster):
            before, after = apps_of(old), apps_of(new)
            # A name that no Application of this cluster has still excludes the others.
            named = {app for app in {*before, *after} if any(is_named(app, name) for name in names)} | {*names}
            pairs.append(Pair(new.cluster, before, after, frozenset(named), (old.scopes, new.scopes)))
    return pairs


def compare_cached(pair: Pair, renderer: Renderer, options: DiffOptions, *, known: Known) -> Comparison:
    """Compare one cluster, or return the cached result if the options, all inputs and our own code are the same."""
    details = {"noise": options.noise, "diffs": options.diffs, "contents": options.contents}
    name = ""
    if renderer.cache is not None and all(side.app.digest for side in (*pair.before.values(), *pair.after.values())):
        # Digests represent the objects.
        inputs = [
            [
                (replace(side, app=replace(side.app, manifests=(), cached=False)), side.app.made)
                for side in apps.values()
            ]
            for apps in (pair.before, pair.after)
        ]
        name = key(pair.cluster, pair.findings, pair.unbuilt, inputs, sorted(pair.apps), details)
        if (data := renderer.noted(name)) is not None:
            return unpacked(data)
    comparison = compare_pair(pair, known=known, **details)
    if name:
        renderer.keep(name, packed(comparison))
    return comparison


def compare_pair(
    pair: Pair, *, known: Known, noise: bool = False, diffs: bool = False, contents: bool = True
) -> Comparison:
    """Compare one cluster, with findings on the Applications that cannot be compared."""
    verdicts = unknown.verdicts(pair.before, pair.after)
    wanted = {name: verdict for name, verdict in verdicts.items() if not pair.apps or name in pair.apps}
    label = pair.cluster.label
    comparison = compare_cluster(
        label,
        list(_manifests(pair.before, verdicts)),
        list(_manifests(pair.after, verdicts, alike=pair.before)),
        noise=noise,
        diffs=diffs,
        contents=contents,
        apps=pair.apps,
        known=known,
        secrets={text for apps in (pair.before, pair.after) for side in apps.values() for text in side.app.secrets},
        applications=(
            {name: side.app for name, side in pair.before.items()},
            {name: side.app for name, side in pair.after.items()},
        ),
    )
    findings = (finding for verdict in wanted.values() for finding in verdict.findings)
    new_hosts = unknown.new_hosts(pair.before, {name: side for name, side in pair.after.items() if name in wanted})
    not_compared = {
        name: NotCompared(label, name, verdict.unknown, verdict.compared)
        for name, verdict in wanted.items()
        if verdict.unknown
    }
    not_compared |= {app: NotCompared(label, app, reason) for app, reason in pair.unbuilt}
    return replace(
        comparison,
        findings=(*pair.findings, *findings, *new_hosts, *comparison.findings),
        not_compared=tuple(not_compared.values()),
        applications=len(wanted),
    )


def _manifests(apps: Apps, verdicts: Mapping[str, Verdict], alike: Apps | None = None) -> Iterator[Manifest]:
    """Yield the objects that can be compared; of an Application that renders the same in `alike`, those of `alike`.

    The same values need no comparison. The Applications that an ApplicationSet makes are objects too.
    """
    for name, side in apps.items():
        if side.app.made and not verdicts[name].is_lost:
            yield side.app.made
        if verdicts[name].compared:
            other = alike.get(name) if alike else None
            is_same = other is not None and other.app.digest and other.app.digest == side.app.digest
            yield from other.app.manifests if other is not None and is_same else side.app.manifests
