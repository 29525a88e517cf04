"""The pods and policies of a cluster for the checks of this family, and where a person edits a policy."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from kubeaid_ci.check.applied import edited_file, edited_line
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.network.model import PodGroup, Policy
from kubeaid_ci.network.network import Network, grouped, read_network
from kubeaid_ci.network.reach import selects
from kubeaid_ci.network.scrapes import scraped, scrapers
from kubeaid_ci.network.services import Offer, Service, called_by_api_server, offers, services
from kubeaid_ci.render.cluster_state import ClusterState
from kubeaid_ci.render.rendering import RenderedApp, RenderStatus

_ALWAYS = ("default", "kube-system", "kube-public", "kube-node-lease")


@dataclass(frozen=True, slots=True)
class Traffic:
    """The pods of one cluster, the policies for them, and the traffic that its objects ask for.

    By pods: the ports that Services offer, that Prometheus scrapes (its pods are `scrapers`), and that the API server
    calls. `unknown` has the names of Applications, by namespace, whose objects are not all known. `namespaces` are
    those that exist as far as Git knows. `repositories` are the addresses of all sources.
    """

    network: Network
    manifests: tuple[Manifest, ...]
    offered: Mapping[PodGroup, tuple[tuple[Service, Offer], ...]]
    scraped: Mapping[PodGroup, tuple[Offer, ...]]
    called: Mapping[PodGroup, tuple[Offer, ...]]
    scrapers: tuple[PodGroup, ...]
    unknown: Mapping[str, tuple[str, ...]]
    namespaces: frozenset[str]
    repositories: tuple[str, ...]

    def selecting(self, pods: PodGroup) -> tuple[Policy, ...]:
        """Return the policies that select pods, or may."""
        return tuple(policy for policy in self.network.policies_near(pods) if selects(policy, pods) is not False)


@dataclass(frozen=True, slots=True)
class Place:
    """The place where a person edits an object. `line` counts from 1, None if it is not known."""

    path: str
    line: int | None
    subject: str


def place(manifest: Manifest, state: ClusterState, context: CheckContext, *fields: str | int) -> Place:
    """Return the file that a person edits to change an object, and the line of a field of the object in it.

    If the object is not in that file as it is, the line is that of its Application, or None.
    """
    app = next(app for app in state.apps if app.app == manifest.app)
    path = edited_file(state.cluster, app, manifest)
    line = edited_line(context.files, path, app, manifest, *fields)
    return Place(path, line, f"{state.cluster.label}/{app.app}")


class _Identity:
    """A key for a value without a hash: equal only for the same object."""

    __slots__ = ("state",)

    def __init__(self, state: ClusterState) -> None:
        self.state = state

    def __hash__(self) -> int:
        return id(self.state)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and other.state is self.state


def traffic(state: ClusterState) -> tuple[Traffic, ...]:
    """Return the traffic in each cluster that the Applications deploy to, the one of Argo CD first."""
    return _traffic(_Identity(state))


@lru_cache(maxsize=1)  # each check of the family asks for the same cluster
def _traffic(key: _Identity) -> tuple[Traffic, ...]:
    by_destination: dict[str, list[RenderedApp]] = defaultdict(list)
    for app in key.state.apps:
        by_destination[app.destination].append(app)
    repositories = tuple(sorted({plan.source.url for app in key.state.apps for plan in app.sources}))
    return tuple(_read(apps, repositories) for _, apps in sorted(by_destination.items()))


def _read(apps: Iterable[RenderedApp], repositories: tuple[str, ...]) -> Traffic:
    manifests: list[Manifest] = []
    unknown: dict[str, tuple[str, ...]] = {}
    destinations: set[str] = set()
    for app in apps:
        destinations.add(app.namespace)
        manifests += app.manifests
        if app.status is not RenderStatus.RENDERED:
            unknown[app.namespace] = (*unknown.get(app.namespace, ()), app.app)
    network = read_network(manifests)
    listed, pods = services(manifests), network.pods_by_namespace
    return Traffic(
        network,
        tuple(manifests),
        grouped((pair[1].pods, pair) for pair in offers(listed, pods)),
        grouped((offer.pods, offer) for offer in scraped(manifests, listed, pods)),
        grouped((offer.pods, offer) for offer in called_by_api_server(manifests, listed, pods)),
        scrapers(network.pods),
        unknown,
        frozenset(
            (
                *_ALWAYS,
                *destinations,
                *(manifest.key.name for manifest in manifests if manifest.key.kind == "Namespace"),
            )
        ),
        repositories,
    )
