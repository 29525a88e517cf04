"""Merges the results of the sources of one Application."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kubeaid_ci.argocd.application import Application
from kubeaid_ci.argocd.sync import NO_POLICY, SyncPolicy
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.k8s import api
from kubeaid_ci.k8s.manifest import Manifest, ObjectId, numbered
from kubeaid_ci.k8s.scopes import Scopes, is_namespaced
from kubeaid_ci.render.renderer import Outcomes
from kubeaid_ci.render.renderer import key as task_key
from kubeaid_ci.render.rendering import Masked, OtherRevision, RenderedApp, RenderStatus, SourceHost, SourcePlan
from kubeaid_ci.render.task import Note, Outcome, Task

FATAL = ("chart/render-failed", "chart/symlink-escapes", "build/pinned-revision-missing")
"""The rules that leave an Application without its objects."""

AppResult = tuple[RenderedApp, tuple[Finding, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The identity of an Application and its objects; the fields are those of `RenderedApp`.

    `scopes` are those of the custom resources of its cluster. `inputs` names the content of what cannot be rendered,
    as far as it is known.
    """

    namespace: str
    cluster: str = ""
    folder: str = ""
    destination: str = ""
    holder: str = ""
    sync: SyncPolicy = NO_POLICY
    ignore_differences: tuple[Mapping[str, Any], ...] = ()
    scopes: Scopes = field(default_factory=dict)
    inputs: str = ""
    other_revisions: tuple[OtherRevision, ...] = ()
    hosts: tuple[SourceHost, ...] = ()
    path: str = ""
    application: Application | None = None
    sources: tuple[SourcePlan, ...] = ()
    made: Manifest | None = None


def rendered_app(
    name: str,
    parts: Sequence[tuple[Task | Note, str]],
    known: Outcomes,
    target: Target,
    *,
    revision: str | None = None,
    remarks: Sequence[Note] = (),
) -> AppResult:
    """Return an Application and its findings.

    `parts` are its sources, each with the name of its chart. `remarks` are findings that leave it its objects.
    """
    tasks = [part for part, _ in parts if not isinstance(part, Note)]
    done = [(outcome, chart) for part, chart in parts if (outcome := _outcome(part, known))]
    notes = [part for part, _ in parts if isinstance(part, Note)]
    notes += [note for outcome, _ in done for note in (*outcome.notes, *_unstable(outcome))]
    notes += remarks
    fatal = next((note for note in notes if note.rule in FATAL), None)
    subject = "/".join(part for part in (target.cluster, name) if part)
    status = _status(notes, len(done), len(parts))
    app = RenderedApp(
        target.cluster,
        target.folder,
        name,
        status,
        namespace=target.namespace,
        revision=revision,
        manifests=tuple(_manifests(done, name, target, known.placed)),
        masked=tuple(_masked(outcome for outcome, _ in done)),
        ignore_differences=target.ignore_differences,
        error=fatal.message if fatal else None,
        failure=fatal.failure if fatal else None,
        cached=bool(tasks) and all(task in known.cached for task in tasks),
        digest=_digest(parts, known, target, status),
        destination=target.destination,
        holder=target.holder,
        sync=target.sync,
        other_revisions=target.other_revisions,
        hosts=target.hosts,
        path=target.path,
        application=target.application,
        sources=target.sources,
        made=target.made,
        secrets=frozenset().union(*(outcome.secrets for outcome, _ in done)),
    )
    return app, tuple(RULES[note.rule].at(note.path, note.message, subject=subject, line=note.line) for note in notes)


def _digest(parts: Sequence[tuple[Task | Note, str]], known: Outcomes, target: Target, status: RenderStatus) -> str:
    """Name everything that the objects depend on; if they are not all known, the inputs as far as they are."""
    digests = [known.digests.get(part, "") for part, _ in parts if not isinstance(part, Note)]
    if status is not RenderStatus.RENDERED:
        digests += [target.inputs, *(task_key(part) for part, _ in parts if not isinstance(part, Note))]
    charts = [chart for _, chart in parts]
    found = (digests, charts, target.namespace, target.destination, sorted(target.scopes.items()))
    return hashlib.sha256(repr(found).encode("utf-8", "surrogatepass")).hexdigest()


def manifests(outcome: Outcome, *, app: str, namespace: str) -> list[Manifest]:
    """Return the objects of a single source, in the namespaces that Argo CD puts them in."""
    return list(_manifests([(outcome, outcome.chart)], app, Target(namespace=namespace), {}))


def _outcome(part: Task | Note, known: Outcomes) -> Outcome | None:
    return None if isinstance(part, Note) else known.outcomes.get(part)


def _manifests(
    done: Sequence[tuple[Outcome, str]],
    name: str,
    target: Target,
    known: dict[tuple[int, str], Mapping[str, Any]],
) -> Iterator[Manifest]:
    scopes = {**target.scopes, **defined_scopes(outcome for outcome, _ in done)}
    found = []
    for outcome, chart in done:
        for rendered in outcome.objects:
            body = placed(rendered.body, target.namespace, scopes)
            if body is not rendered.body:
                # Clusters that hold the same object share the copy with the namespace.
                body = known.setdefault((id(rendered.body), target.namespace), body)
            found.append((body, rendered.path, chart))
    ids = numbered(ObjectId.of(body, scopes=scopes, destination=target.destination) for body, _, _ in found)
    for object_id, (body, path, chart) in zip(ids, found, strict=True):
        yield Manifest(object_id, body, path, target.cluster, name, chart)


def defined_scopes(outcomes: Iterable[Outcome]) -> Scopes:
    """Return the scopes of the kinds that what was rendered defines itself."""
    rendered = (item.body for outcome in outcomes for item in outcome.objects)
    return api.custom_scopes(body for body in rendered if body.get("kind") in api.DEFINITIONS)


def placed(body: Mapping[str, Any], namespace: str, scopes: Scopes) -> Mapping[str, Any]:
    """Return the object with the namespace that Argo CD gives it (`NormalizeTargetObjects`).

    Cluster-scoped kinds lose their namespace. Other objects that name none get that of the destination.
    """
    metadata = body.get("metadata")
    if not isinstance(metadata, dict):
        return body
    object_id = ObjectId.of(body)
    if not is_namespaced(object_id.group, object_id.kind, scopes):
        others = {field: value for field, value in metadata.items() if field != "namespace"}
        return body if len(others) == len(metadata) else {**body, "metadata": others}
    if not namespace or metadata.get("namespace"):
        return body
    return {**body, "metadata": {**metadata, "namespace": namespace}}


def _status(notes: Iterable[Note], done: int, parts: int) -> RenderStatus:
    if any(note.rule in FATAL for note in notes):
        return RenderStatus.FAILED
    if done == parts:
        return RenderStatus.RENDERED
    return RenderStatus.PARTIAL if done else RenderStatus.UNVERIFIABLE


def _masked(outcomes: Iterable[Outcome]) -> Iterator[Masked]:
    for outcome in outcomes:
        yield from (
            Masked(varying.key, varying.path, varying.field) for varying in outcome.varying if not varying.shaped
        )


def _unstable(outcome: Outcome) -> Iterator[Note]:
    for varying in outcome.varying:
        if varying.shaped:
            field = f" at {varying.field}" if varying.field else ""
            yield Note("chart/render-unstable", f"{varying.key}{field} has another shape each time", varying.path)
        elif varying.field == "metadata.name":
            yield Note("chart/render-unstable", f"{varying.key} has another name each time", varying.path)
