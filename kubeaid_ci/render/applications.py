"""The Applications of one cluster, as far as they are rendered."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import or_
from typing import Any

from kubeaid_ci.argocd import application_set
from kubeaid_ci.argocd.application import APPLICATION_SET, Application, Source, is_application
from kubeaid_ci.argocd.application_set import Listing, UnsupportedError
from kubeaid_ci.argocd.version import is_version, repo_server_version
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.config_repo.general_settings import Addresses
from kubeaid_ci.errors import UserError
from kubeaid_ci.helm.value_files import may_depend_on_helm
from kubeaid_ci.helm.version import ClusterHelm
from kubeaid_ci.k8s import api
from kubeaid_ci.k8s.manifest import Manifest, ObjectId
from kubeaid_ci.k8s.rendered import Rendered
from kubeaid_ci.k8s.scopes import NO_SCOPES
from kubeaid_ci.net.address import Remote
from kubeaid_ci.render.cluster_facts import ClusterFacts, registered_cluster
from kubeaid_ci.render.followed import Followed
from kubeaid_ci.render.held_application import (
    HeldApplication,
    made_application,
    object_key,
    object_name,
    object_namespace,
    read_application,
    unreadable_application,
)
from kubeaid_ci.render.plan import Capabilities, Part, Planner
from kubeaid_ci.render.planned import Holder, Planned
from kubeaid_ci.render.repositories import LocalRepositories, UnavailableError
from kubeaid_ci.render.results import placed
from kubeaid_ci.render.task import ChartTask, Note, Outcome, ScanResult, ScanTask, Task
from kubeaid_ci.semver.version import Version

Outcomes = Mapping[Task, Outcome]

_ARGOCD = "argocd"


@dataclass(slots=True)
class ClusterApplications:
    """Follows a cluster's Applications from the root on, and learns the kinds that they add to the cluster."""

    cluster: Cluster
    repositories: LocalRepositories
    version: Version
    scans: Mapping[ScanTask, ScanResult]
    more_versions: tuple[str, ...] = ()
    helm_setting: Version | None = None
    known: Addresses = field(default_factory=Addresses)
    before: "ClusterApplications | None" = None
    """The same cluster before the change."""
    is_new: bool = False
    """True if the cluster does not exist before the change."""
    others: "Sequence[ClusterApplications]" = ()
    """The clusters that exist before the change, for a new cluster."""
    definitions: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    built_in: tuple[str, ...] = field(init=False)
    _learnt: set[Task] = field(default_factory=set)
    _rendered: set[Task] = field(default_factory=set)
    _inside: dict[Task, list[HeldApplication | Rendered]] = field(default_factory=dict)
    _registered: dict[str, str] = field(default_factory=dict)
    _defined: tuple[str, ...] = ()
    _guessed: frozenset[str] = frozenset()
    _plans: dict[tuple[str, str, Addresses], Planned] = field(default_factory=dict)
    _repo_servers: dict[Task, str] = field(default_factory=dict)
    _argocd: str = ""
    _final_addresses: Addresses | None = None

    def __post_init__(self) -> None:
        self.built_in = api.api_versions(self.version)

    @property
    def root(self) -> str:
        """The folder of the root application: ``k8s/<dir>/argocd-apps``."""
        return f"{self.cluster.path}/argocd-apps"

    @property
    def facts(self) -> ClusterFacts:
        """The scopes of the kinds that the rendered Applications define, and the clusters that they register."""
        return ClusterFacts(api.custom_scopes(self.definitions.values()), self._registered)

    def planned(self, outcomes: Outcomes) -> list[Planned]:
        """Return every Application that is known by now, the root first."""
        own = self.addresses(outcomes)
        root = self._plan(HeldApplication(self._bootstrap(), self.root), own, Holder(None, _ARGOCD, "", _ARGOCD))
        # The root application mostly applies itself too: so it is known how.
        for one in self._applications(root, outcomes, own):
            application = one.application
            if any(source.path == self.root for source in application.sources):
                argo_cd = application.own_namespace or application.namespace or _ARGOCD
                root = self._plan(one, own, Holder(None, argo_cd, "", argo_cd))
                break
        followed = Followed(
            self.cluster.dir,
            objects=lambda planned: self._objects(planned, outcomes),
            expanded=lambda one: self._expanded(one, own),
            plan=lambda held, holder: self._plan(held, own, holder),
            inputs=self._every_input,
        )
        return followed.planned(root)

    def addresses(self, outcomes: Outcomes) -> Addresses:
        """Return the addresses of both repositories, as the cluster names them before the change.

        Its root Application names the config repo; for a new cluster those of the other clusters do. What a change adds
        counts after the merge only.
        """
        if self._final_addresses is not None:
            return self._final_addresses
        own = self.known | Addresses.of(config=[Remote.parse(str(self.repositories.config))])
        if self.before is not None:
            return own | self.before.addresses(outcomes)
        if self.is_new:
            return reduce(or_, (other.addresses(outcomes) for other in self.others), own)
        root = self._plan(HeldApplication(self._bootstrap(), self.root), own, Holder(None, _ARGOCD, "", _ARGOCD))
        for one in self._applications(root, outcomes, own):
            named = [source.remote for source in one.application.sources if source.path == self.root]
            if named:
                return own | Addresses.of(config=named)
        return own

    def release(self, outcomes: Outcomes) -> None:
        """Drop what only rendering needs, all but the addresses: new clusters take theirs from the others."""
        self._final_addresses = self.addresses(outcomes)
        for part in (self.definitions, self._learnt, self._rendered, self._inside, self._plans, self._repo_servers):
            part.clear()

    def depends_on_api_versions(self, task: Task) -> bool:
        """Return whether the outcome of a task depends on the kinds that are added to the cluster."""
        # An Application may set them itself.
        return (
            isinstance(task, ChartTask) and task.api_versions == self.built_in and self._api_versions_read(task) != ()
        )

    def _api_versions_read(self, task: ChartTask) -> tuple[str, ...] | None:
        any_of_them = any("APIVersions" in layer.text for layer in task.layers)
        return None if any_of_them else self.scans.get(task.scan, ScanResult()).uses_api_versions

    @property
    def helm(self) -> ClusterHelm:
        """The Helm of the cluster's Argo CD, as far as it is known by now."""
        return ClusterHelm.of(self.helm_setting, self._argocd)

    def depends_on_helm(self, task: Task) -> bool:
        """Return whether the outcome of a task may be another with another version of Helm."""
        return isinstance(task, ChartTask) and (
            self.scans.get(task.scan, ScanResult()).by_helm
            or any(may_depend_on_helm(layer.text) for layer in task.layers)
            or any(one.value.lower() == "null" or "[" in one.name for one in task.parameters)
        )

    def with_capabilities(self, task: Task) -> Task:
        """Return the task with what its outcome depends on: API versions of the cluster, and the rules of its Helm."""
        if not isinstance(task, ChartTask):
            return task
        known = self._with_api_versions(task)
        if not self.depends_on_helm(task):
            return known
        is_exact = self.scans.get(task.scan, ScanResult()).by_exact_helm
        return replace(known, helm_version=self.helm.version if is_exact else "").with_helm(self.helm)

    def _with_api_versions(self, task: ChartTask) -> ChartTask:
        if not self.depends_on_api_versions(task):
            return task
        there = self._guessed.union(self._defined, self.more_versions)
        asked = self._api_versions_read(task)
        known = there if asked is None else there.intersection(asked)
        return replace(task, api_versions=tuple(sorted({*task.api_versions, *known})))

    def collect_definitions(self, planned: Iterable[Planned], outcomes: Outcomes) -> None:
        """Take in the version of Argo CD, the CRDs of what was rendered, and those that the rest will likely bring."""
        tasks = [task for one in planned for task in one.tasks]
        self._find_argocd_version(tasks, outcomes)
        for task, final in [(task, self.with_capabilities(task)) for task in tasks]:
            if final in outcomes and final not in self._learnt:
                self._learnt.add(final)
                self._rendered.add(task)
                for rendered in outcomes[final].objects:
                    if rendered.body.get("kind") in api.DEFINITIONS:
                        name = json.dumps(rendered.body.get("metadata", {}).get("name"))
                        self.definitions[rendered.body["kind"], name] = rendered.body
                    elif registered := registered_cluster(rendered.body):
                        self._registered[registered.address] = registered.name
        crds = [body for (kind, _), body in self.definitions.items() if kind == api.DEFINITION]
        self._defined = api.custom_versions(crds)
        waiting = [task for task in tasks if isinstance(task, ChartTask) and task not in self._rendered]
        scans = [self.scans.get(task.scan, ScanResult()) for task in waiting if not task.skip_crds]
        self._guessed = frozenset(version for scan in scans for version in scan.defines)

    def _find_argocd_version(self, tasks: Iterable[Task], outcomes: Outcomes) -> None:
        """Take the version from the repo server, since values may name another image; before that from the chart."""
        declared = []
        for task in tasks:
            final = self.with_capabilities(task)
            found = (repo_server_version(one.body) for one in outcomes[final].objects) if final in outcomes else ()
            if version := next((text for text in found if text is not None), None):
                self._repo_servers[task] = version
            if isinstance(task, ChartTask):
                declared.append(self.scans.get(task.scan, ScanResult()).argocd)
        self._argocd = next(iter((*self._repo_servers.values(), *filter(is_version, declared))), "")

    def _bootstrap(self) -> Application:
        return Application("root", _ARGOCD, "", (Source(str(self.repositories.config), self.root),))

    def _applications(self, planned: Planned, outcomes: Outcomes, own: Addresses) -> Iterator[HeldApplication]:
        """Yield the Applications among the objects of one, and those that its ApplicationSets make."""
        for one in self._objects(planned, outcomes):
            if isinstance(one, HeldApplication):
                yield one
            else:
                yield from self._expanded(one, own)

    def _objects(self, planned: Planned, outcomes: Outcomes) -> Iterable[HeldApplication | Rendered]:
        """The Applications and ApplicationSets that one holds; of two with one name the last, as for any object."""
        found = (one for task in planned.tasks for one in self._found(self.with_capabilities(task), outcomes))
        return {object_key(one): one for one in found}.values()

    def _found(self, task: Task, outcomes: Outcomes) -> Sequence[HeldApplication | Rendered]:
        """Return the Applications that a task gave, and the ApplicationSets as they are: few among thousands."""
        if task in outcomes and task not in self._inside:
            objects = outcomes[task].objects
            self._inside[task] = [
                read_application(one.body, one.path) if is_application(one.body) else one
                for one in objects
                if is_application(one.body) or is_application(one.body, "ApplicationSet")
            ]
        return self._inside.get(task, ())

    def _expanded(self, one: Rendered, own: Addresses) -> Iterator[HeldApplication]:
        name, namespace = f"{APPLICATION_SET}{object_name(one.body)}", object_namespace(one.body)
        try:
            for made in application_set.expand(one.body, lambda url, revision: self._listing(url, revision, own)):
                yield made_application(one.body, made, name, one.path)
        except UnsupportedError as reason:
            message = f"{name} uses {reason}, which is not followed, so its Applications are unknown"
            yield unreadable_application(name, namespace, one.path, "gitops/application-set-not-followed", message)
        except UserError as error:
            yield unreadable_application(name, namespace, one.path, "chart/render-failed", f"{name}: {error}")

    def _listing(self, url: str, revision: str, own: Addresses) -> Listing:
        try:
            place = self.repositories.place(Source(url, revision=revision), own, "")
        except UnavailableError as reason:
            raise UnsupportedError(f"the git generator, and {reason}") from None
        entries = place.below("")
        submodules = [path for path, entry in entries.items() if entry.may_be_folder and not entry.is_link]
        return Listing([path for path in entries if path not in submodules], place.read, submodules)

    def _plan(self, found: HeldApplication, own: Addresses, holder: Holder) -> Planned:
        key = (repr(found), repr(holder), own)
        if key not in self._plans:
            application, where = found.application, found.where
            application = replace(application, destination=application.destination or holder.destination)
            planner = Planner(self.repositories, own, Capabilities(str(self.version), self.built_in))
            app_id = holder.app_id(self.cluster.dir, application.name, application.own_namespace)
            parts = [Part(found.note)] if found.note else list(planner.parts(application, where, app_id.instance_name))
            if maker := application.sync.application_set:
                maker = str(holder.app_id(self.cluster.dir, maker, application.own_namespace))
                application = replace(application, sync=replace(application.sync, application_set=maker))
            self._plans[key] = Planned(
                application,
                where,
                tuple(parts),
                (*found.remarks, *(part.remark for part in parts if part.remark)),
                app_id,
                holder.id,
                holder.argo_cd,
                self._inputs(application, parts),
                () if found.note else tuple(self.repositories.other_revisions(application, own)),
                tuple(self.repositories.hosts(application, own)),
                None if found.made is None else self._made(found.made, where, holder),
            )
        return self._plans[key]

    def _made(self, body: Mapping[str, Any], where: str, holder: Holder) -> Manifest:
        """Return an Application that an ApplicationSet makes, as an object of the Application that holds the set."""
        body = placed(body, holder.namespace, NO_SCOPES)
        key = ObjectId.of(body, destination=holder.destination)
        return Manifest(key, body, where, self.cluster.label, str(holder.id or ""))

    def _inputs(self, application: Application, parts: Iterable[Part]) -> str:
        """Name the sources of an Application and the files below their paths, if one of them is not rendered.

        A source whose repository is not one of the two given mostly has the same files under another address.
        """
        return self._every_input(application) if any(isinstance(part.what, Note) for part in parts) else ""

    def _every_input(self, application: Application) -> str:
        every = [each for source in application.sources for each in (source, *source.made_of)]
        return repr([(source, self.repositories.files_below(source)) for source in every])
