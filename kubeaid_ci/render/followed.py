"""Follows Applications from the root on. What two of them hold with different content is unknown."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from kubeaid_ci.argocd.application import APPLICATION_SET, AppId, Application
from kubeaid_ci.k8s.rendered import Rendered
from kubeaid_ci.render.held_application import (
    HeldApplication,
    object_name,
    object_namespace,
    unreadable_application,
)
from kubeaid_ci.render.plan import Part
from kubeaid_ci.render.planned import Holder, Planned
from kubeaid_ci.render.rules import APPLICATION_HELD_TWICE, SOURCE_NOT_RENDERED
from kubeaid_ci.render.task import Note

_DEEPEST = 50
"""Maximum number of levels of Applications that hold others."""
_MOST = 5000
"""Maximum number of Applications of a cluster whose sources are read."""


@dataclass(frozen=True, slots=True)
class _Set:
    """An ApplicationSet: the Application that holds it, and its ``spec``."""

    holder: str
    spec: Any


@dataclass(slots=True)
class Followed:
    """The Applications of one cluster, as far as those that hold them are rendered.

    `objects` returns the Applications and ApplicationSets that one holds, `expanded` the Applications of a set, `plan`
    locates one, and `inputs` names its sources and the files below their paths.
    """

    cluster: str
    objects: Callable[[Planned], Iterable[HeldApplication | Rendered]]
    expanded: Callable[[Rendered], Iterable[HeldApplication]]
    plan: Callable[[HeldApplication, Holder], Planned]
    inputs: Callable[[Application], str]
    _ambiguous: dict[AppId, Planned] = field(default_factory=dict)
    """The Applications that are held twice with different content, with a finding in place of their sources."""
    _ambiguous_sets: dict[AppId, str] = field(default_factory=dict)
    """The ApplicationSets that are held twice with different content, and the names of their holders."""

    def planned(self, root: Planned) -> list[Planned]:
        """Return every Application that is known by now, the root first."""
        while True:
            count = len(self._ambiguous) + len(self._ambiguous_sets)
            known = self._from(root)
            # What one that is unknown holds is unknown too, so start again without it.
            if len(self._ambiguous) + len(self._ambiguous_sets) == count:
                return list(known.values())

    def _from(self, root: Planned) -> dict[AppId, Planned]:
        known = {root.id: root}
        sets: dict[AppId, _Set] = {}
        waiting = [(root, 1)]
        while waiting:
            holder, depth = waiting.pop(0)
            for held in self._held(holder, Holder.of(holder, root.argo_cd), sets):
                one = self._ambiguous.get(held.id, held)
                first = known.get(one.id)
                if first is None:
                    known[one.id] = one = _within_bounds(one, depth, len(known))
                    waiting.append((one, depth + 1))
                elif first is not root and one is not first and first.differs(one):
                    self._ambiguous[one.id] = self._held_twice(first, one)
        return known

    def _held(self, planned: Planned, holder: Holder, sets: dict[AppId, _Set]) -> Iterable[Planned]:
        """Return the Applications that one holds, and those of its ApplicationSets; of two equal ids the last."""
        found: dict[tuple[AppId, str], Planned] = {}
        for held in self.objects(planned):
            made = [held] if isinstance(held, HeldApplication) else self._of_set(held, planned, holder, sets)
            for application in made:
                plan = self.plan(application, holder)
                found[plan.id, plan.held_by] = plan
        return found.values()

    def _of_set(
        self, body: Rendered, planned: Planned, holder: Holder, sets: dict[AppId, _Set]
    ) -> Iterator[HeldApplication]:
        name, namespace = f"{APPLICATION_SET}{object_name(body.body)}", object_namespace(body.body)
        set_id = holder.app_id(self.cluster, name, namespace)
        this = _Set(str(planned.id), body.body.get("spec"))
        first = sets.setdefault(set_id, this)
        if first.holder != this.holder and first.spec != this.spec:
            self._ambiguous_sets[set_id] = f"{first.holder} and {this.holder}"
        if holders := self._ambiguous_sets.get(set_id):
            message = f"{holders} hold {name} with different content, so its Applications are unknown"
            yield unreadable_application(name, namespace, body.path, APPLICATION_HELD_TWICE.id, message)
        else:
            yield from self.expanded(body)

    def _held_twice(self, first: Planned, second: Planned) -> Planned:
        holders = " and ".join(dict.fromkeys(planned.held_by for planned in (first, second)))
        message = f"{holders} hold it with different content, so its objects are unknown"
        return replace(
            first,
            parts=(Part(Note(APPLICATION_HELD_TWICE.id, message, first.where)),),
            remarks=(),
            inputs=repr(sorted(self.inputs(planned.application) for planned in (first, second))),
            other_revisions=(),
        )


def _within_bounds(planned: Planned, depth: int, count: int) -> Planned:
    """Return an Application, without its objects if there are too many, or too many levels above it."""
    if depth <= _DEEPEST and count < _MOST:
        return planned
    limit = f"{_MOST} other Applications" if depth <= _DEEPEST else f"{_DEEPEST} levels of Applications"
    message = f"it comes after {limit} of its cluster, where kubeaid-ci stops, so its objects are unknown"
    return replace(planned, parts=(Part(Note(SOURCE_NOT_RENDERED.id, message, planned.where)),), remarks=())
