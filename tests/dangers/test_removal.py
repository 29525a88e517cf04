"""Which objects stay in the cluster, by the options and finalizers of Applications (Argo CD's docs, sync options)."""

from typing import Any

import pytest

from kubeaid_ci.argocd.application import APPLICATION_SET
from kubeaid_ci.argocd.sync import SyncPolicy, application_set_policy
from kubeaid_ci.dangers.removals import Removals
from kubeaid_ci.k8s.manifest import Manifest, ObjectId
from kubeaid_ci.render.rendering import RenderedApp, RenderStatus

FINALIZER = "resources-finalizer.argocd.argoproj.io"
CLAIM = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "n"}}


def body(*, finalizers: Any = (FINALIZER,), options: Any = (), annotation: str = "") -> dict[str, Any]:
    metadata = {"finalizers": list(finalizers), "annotations": {"argocd.argoproj.io/sync-options": annotation}}
    return {"metadata": metadata, "spec": {"syncPolicy": {"syncOptions": list(options)}}}


def app(name: str = "web", holder: str = "root", *, policy: SyncPolicy | None = None, **said: Any) -> RenderedApp:
    sync = policy or SyncPolicy.parse(body(**said))
    return RenderedApp("prod", "prod", name, RenderStatus.RENDERED, holder=holder, sync=sync)


def from_set(spec: Any, **said: Any) -> RenderedApp:
    made = body(**{"finalizers": (), **said})
    return app(policy=application_set_policy({"spec": spec}, SyncPolicy.parse(made), f"{APPLICATION_SET}all"))


def root(*, holds_set: bool = False, **said: Any) -> RenderedApp:
    held = {"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "metadata": {"name": "all"}}
    manifests = (Manifest(ObjectId.of(held), held, "", "prod", "root"),) if holds_set else ()
    policy = SyncPolicy.parse(body(**said))
    return RenderedApp("prod", "prod", "root", RenderStatus.RENDERED, manifests=manifests, sync=policy)


def reason(before: list[RenderedApp], after: list[RenderedApp], annotation: str = "") -> str:
    claim = {**CLAIM, "metadata": {**CLAIM["metadata"], **body(annotation=annotation)["metadata"]}}  # type: ignore[dict-item]
    sides = ({one.app: one for one in side} for side in (before, after))
    return Removals.of(*sides).reason(Manifest(ObjectId.of(claim), claim, "", "prod", "web"))


NO_FINALIZER = f"Application web has no finalizer {FINALIZER}"
CREATE_ONLY = {"syncPolicy": {"applicationsSync": "create-only"}}


@pytest.mark.parametrize(
    ("before", "after", "annotation", "expected"),
    [
        # The object goes, its Application stays: pruning decides, an option of the object first.
        ([app()], [app()], "", ""),
        ([app()], [app()], "Prune=false", "Prune=false"),
        ([app()], [app(options=["Prune=false"])], "", "Prune=false"),
        ([app(options=["Prune=false"])], [app()], "", ""),
        ([app()], [app(options=["Prune=false"])], "Prune=true", ""),
        ([app()], [app()], "Delete=false", ""),
        # The Application goes: its finalizer decides, then Delete.
        ([root(), app()], [root()], "", ""),
        ([root(), app(finalizers=[FINALIZER + "/background"])], [root()], "", ""),
        ([root(), app(finalizers=[FINALIZER + "/orphan"])], [root()], "", NO_FINALIZER),
        ([root(), app(finalizers=["foregroundDeletion"])], [root()], "", NO_FINALIZER),
        ([root(), app(finalizers=[])], [root()], "", NO_FINALIZER),
        ([root(), app()], [root()], "Delete=false", "Delete=false"),
        ([root(), app()], [root()], "Prune=false", ""),
        ([root(), app(options=["Delete=false"])], [root()], "", "Delete=false"),
        # The Application itself is an object of the one that holds it.
        ([root(), app(annotation="Prune=false")], [root()], "", "Application web stays: Prune=false"),
        ([root(), app()], [root(options=["Prune=false"])], "", "Application web stays: Prune=false"),
        (
            [root(), app("apps", finalizers=[]), app(holder="apps")],
            [root()],
            "",
            f"Application web stays: Application apps has no finalizer {FINALIZER}",
        ),
        ([root(), app("apps"), app(holder="apps")], [root()], "", ""),
        (
            [root(), app("apps"), app(holder="apps", annotation="Delete=false")],
            [root()],
            "",
            "Application web stays: Delete=false",
        ),
        # ApplicationSets add the finalizer, unless they preserve resources; some keep their Applications.
        ([root(holds_set=True), from_set({})], [root(holds_set=True)], "", ""),
        (
            [root(holds_set=True), from_set({"syncPolicy": {"preserveResourcesOnDeletion": True}})],
            [root()],
            "",
            NO_FINALIZER,
        ),
        (
            [root(holds_set=True), from_set(CREATE_ONLY)],
            [root(holds_set=True)],
            "",
            "ApplicationSet all keeps its Applications (applicationsSync: create-only)",
        ),
        ([root(holds_set=True), from_set(CREATE_ONLY)], [root()], "", ""),
    ],
)
def test_what_leaves_git_is_deleted_or_stays(
    before: list[RenderedApp], after: list[RenderedApp], annotation: str, expected: str
) -> None:
    assert reason(before, after, annotation) == expected


def test_applications_that_hold_each_other_do_not_end_in_a_circle() -> None:
    assert reason([app("a", "web"), app("web", "a")], []) == ""


@pytest.mark.parametrize(("annotation", "expected"), [("", False), ("Prune=confirm", True), ("Delete=confirm", False)])
def test_pruning_may_wait_for_a_person(annotation: str, *, expected: bool) -> None:
    claim = {**CLAIM, **body(annotation=annotation)}
    made = Removals.of({"web": app()}, {"web": app()})
    assert (
        made.is_confirmed(Manifest(ObjectId("", "PersistentVolumeClaim", "n", "data"), claim, "", "", "web"))
        is expected
    )


DEFINITION = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "x"}}
KEPT = {**CLAIM, "metadata": {**CLAIM["metadata"], "annotations": {"helm.sh/resource-policy": "keep"}}}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (DEFINITION, "Argo CD deletes no CustomResourceDefinitions with an Application"),
        (KEPT, "helm.sh/resource-policy: keep"),
        (CLAIM, ""),
    ],
)
def test_some_objects_stay_when_their_application_is_deleted_but_not_when_they_are_pruned(
    item: dict[str, Any], expected: str
) -> None:
    manifest = Manifest(ObjectId.of(item), item, "", "prod", "web")
    assert Removals.of({"root": root(), "web": app()}, {"root": root()}).reason(manifest) == expected
    assert Removals.of({"web": app()}, {"web": app()}).reason(manifest) == ""
