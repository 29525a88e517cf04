"""The Applications of one cluster, as far as what is rendered tells of them."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kubeaid_ci.errors import UserError
from kubeaid_ci.jobs.at_hand import AtHand, NotAtHandError
from kubeaid_ci.jobs.render_plan import Capabilities, Part, Planner
from kubeaid_ci.jobs.render_task import ChartTask, Look, Looked, Note, Outcome, Task
from kubeaid_ci.model.application import Application, Source, is_application
from kubeaid_ci.model.cluster import Cluster
from kubeaid_ci.model.remote import Remote
from kubeaid_ci.model.version import Version
from kubeaid_ci.plan import application_set, kubernetes_api
from kubeaid_ci.plan.application_set import Listing, UnsupportedError
from kubeaid_ci.plan.rendering import Rendered

Outcomes = Mapping[Task, Outcome]

_ARGOCD = "argocd"


@dataclass(frozen=True, slots=True)
class Planned:
    """One Application, the file that it is in, and what to do for each of its sources."""

    application: Application
    where: str
    parts: tuple[Part, ...]

    @property
    def tasks(self) -> tuple[Task, ...]:
        """What can be done."""
        return tuple(part.what for part in self.parts if not isinstance(part.what, Note))


@dataclass(slots=True)
class ClusterApplications:
    """Follows a cluster's Applications from the root on, and learns the kinds that they add to the cluster."""

    cluster: Cluster
    hand: AtHand
    version: Version
    looked: Mapping[Look, Looked]
    more_versions: tuple[str, ...] = ()
    definitions: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    built_in: tuple[str, ...] = field(init=False)
    _learnt: set[Task] = field(default_factory=set)
    _rendered: set[Task] = field(default_factory=set)
    _inside: dict[Task, list[tuple[Application | Planned | None, Rendered]]] = field(default_factory=dict)
    _defined: tuple[str, ...] = ()
    _guessed: frozenset[str] = frozenset()
    _plans: dict[tuple[str, str, frozenset[Remote]], Planned] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.built_in = kubernetes_api.api_versions(self.version)

    @property
    def root(self) -> str:
        """The folder of the root application: ``k8s/<dir>/argocd-apps``."""
        return f"{self.cluster.path}/argocd-apps"

    @property
    def scopes(self) -> dict[tuple[str, str], bool]:
        """The scopes of the kinds that the rendered Applications define."""
        return kubernetes_api.custom_scopes(self.definitions.values())

    def planned(self, outcomes: Outcomes) -> list[Planned]:
        """Every Application that is known by now, the root first."""
        own = frozenset({Remote.parse(str(self.hand.config))})
        root = self._plan(self._bootstrap(), self.root, own)
        # The root application mostly applies itself too: so it is known how, and from which address.
        for one, where in self._applications(root, outcomes, own):
            if isinstance(one, Application) and any(source.path == self.root for source in one.sources):
                own |= {remote for source in one.sources if (remote := source.remote)}
                root = self._plan(one, where, own)
                break
        known = {root.application.name: root}
        waiting = [root]
        while waiting:
            for one, where in self._applications(waiting.pop(0), outcomes, own):
                planned = one if isinstance(one, Planned) else self._plan(one, where, own)
                if planned.application.name not in known:
                    known[planned.application.name] = planned
                    waiting.append(planned)
        return list(known.values())

    def asks(self, task: Task) -> bool:
        """Whether the outcome of a task depends on the kinds that are added to the cluster."""
        # An Application may say itself which there are.
        return isinstance(task, ChartTask) and task.api_versions == self.built_in and self._asked(task) != ()

    def _asked(self, task: ChartTask) -> tuple[str, ...] | None:
        any_of_them = any("APIVersions" in layer.text for layer in task.layers)
        return None if any_of_them else self.looked.get(task.look, Looked()).asks

    def wanted(self, task: Task) -> Task:
        """The task with those API versions of the cluster that its outcome depends on."""
        if not isinstance(task, ChartTask) or not self.asks(task):
            return task
        there = self._guessed.union(self._defined, self.more_versions)
        asked = self._asked(task)
        known = there if asked is None else there.intersection(asked)
        return replace(task, api_versions=tuple(sorted({*task.api_versions, *known})))

    def learn(self, planned: Iterable[Planned], outcomes: Outcomes) -> None:
        """Take in the CRDs of what was rendered, and those that what was not will likely bring."""
        tasks = [task for one in planned for task in one.tasks]
        for task, final in [(task, self.wanted(task)) for task in tasks]:
            if final in outcomes and final not in self._learnt:
                self._learnt.add(final)
                self._rendered.add(task)
                for rendered in outcomes[final].objects:
                    if rendered.body.get("kind") in kubernetes_api.DEFINITIONS:
                        name = json.dumps(rendered.body.get("metadata", {}).get("name"))
                        self.definitions[rendered.body["kind"], name] = rendered.body
        crds = [body for (kind, _), body in self.definitions.items() if kind == kubernetes_api.DEFINITION]
        self._defined = kubernetes_api.custom_versions(crds)
        waiting = [task for task in tasks if isinstance(task, ChartTask) and task not in self._rendered]
        looked = [self.looked.get(task.look, Looked()) for task in waiting if not task.skip_crds]
        self._guessed = frozenset(version for one in looked for version in one.defines)

    def _bootstrap(self) -> Application:
        return Application("root", _ARGOCD, "", (Source(str(self.hand.config), self.root),))

    def _applications(
        self, planned: Planned, outcomes: Outcomes, own: frozenset[Remote]
    ) -> Iterator[tuple[Application | Planned, str]]:
        """The Applications among the objects of one; what cannot be read comes as planned, with a note."""
        for task in planned.tasks:
            for made, one in self._found(self.wanted(task), outcomes):
                if made is not None:
                    yield made, one.path
                else:
                    yield from ((each, one.path) for each in self._expanded(one, own))

    def _found(self, task: Task, outcomes: Outcomes) -> Sequence[tuple[Application | Planned | None, Rendered]]:
        """The Applications that a task gave, and, each with nothing, the ApplicationSets: few among thousands."""
        if task in outcomes and task not in self._inside:
            objects = outcomes[task].objects
            self._inside[task] = [
                (self._read(one.body, one.path) if is_application(one.body) else None, one)
                for one in objects
                if is_application(one.body) or is_application(one.body, "ApplicationSet")
            ]
        return self._inside.get(task, ())

    def _read(self, body: Mapping[str, Any], where: str) -> Application | Planned:
        try:
            return Application.parse(body)
        except UserError as error:
            return _noted(_name(body), where, "chart/render-failed", f"this Application cannot be read: {error}")

    def _expanded(self, one: Rendered, own: frozenset[Remote]) -> Iterator[Application | Planned]:
        name = f"ApplicationSet {_name(one.body)}"
        try:
            for body in application_set.expand(one.body, lambda url, revision: self._listing(url, revision, own)):
                yield self._read(body, one.path)
        except UnsupportedError as reason:
            message = f"{name} uses {reason}, which is not followed, so its Applications are not known"
            yield _noted(name, one.path, "chart/unverifiable", message)
        except UserError as error:
            yield _noted(name, one.path, "chart/render-failed", f"{name}: {error}")

    def _listing(self, url: str, revision: str, own: frozenset[Remote]) -> Listing:
        try:
            place = self.hand.place(Source(url, revision=revision), own, "")
        except NotAtHandError as reason:
            raise UnsupportedError(f"the git generator, and {reason}") from None
        paths = [path for path, entry in place.below("").items() if not entry.may_be_folder]
        return Listing(paths, lambda path: place.text(path) or "")

    def _plan(self, application: Application, where: str, own: frozenset[Remote]) -> Planned:
        key = (repr(application), where, own)
        if key not in self._plans:
            planner = Planner(self.hand, own, Capabilities(str(self.version), self.built_in))
            self._plans[key] = Planned(application, where, tuple(planner.parts(application, where)))
        return self._plans[key]


def _noted(name: str, where: str, rule: str, message: str) -> Planned:
    return Planned(Application(name, "", "", ()), where, (Part(Note(rule, message, where)),))


def _name(body: Mapping[str, Any]) -> str:
    metadata = body.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    return name if isinstance(name, str) else "without a name"
