"""The Applications and ApplicationSets among the objects of an Application."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from kubeaid_ci.argocd.application import Application
from kubeaid_ci.argocd.application_set import Made
from kubeaid_ci.argocd.sync import application_set_policy
from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.fields import mapping
from kubeaid_ci.k8s.rendered import Rendered
from kubeaid_ci.render.task import Note


@dataclass(frozen=True, slots=True)
class HeldApplication:
    """An Application as an object of its holder. `note` is set if it, or its ApplicationSet, cannot be read.

    `remarks` are findings that leave it its objects. `made` is the object, if an ApplicationSet makes it: the holder
    has only the set.
    """

    application: Application
    where: str
    note: Note | None = None
    remarks: tuple[Note, ...] = ()
    made: Mapping[str, Any] | None = None


def object_key(item: HeldApplication | Rendered) -> tuple[str, str, str]:
    """Return the kind, namespace and name of an Application or ApplicationSet."""
    if isinstance(item, HeldApplication):
        return "Application", item.application.own_namespace, item.application.name
    return "ApplicationSet", object_namespace(item.body), object_name(item.body)


def read_application(body: Mapping[str, Any], where: str) -> HeldApplication:
    """Return the Application of an object; `where` is its file. If it cannot be read, `note` has the reason."""
    try:
        return HeldApplication(Application.parse(body), where)
    except UserError as error:
        message = f"this Application cannot be read: {error}"
        return unreadable_application(object_name(body), object_namespace(body), where, "chart/render-failed", message)


def unreadable_application(name: str, namespace: str, where: str, rule: str, message: str) -> HeldApplication:
    """Return an Application, or an ApplicationSet, that cannot be read, with the finding."""
    return HeldApplication(Application(name, "", "", (), own_namespace=namespace), where, Note(rule, message, where))


def made_application(body: Mapping[str, Any], made: Made, name: str, where: str) -> HeldApplication:
    """Return an Application that the ApplicationSet `name` makes; `body` is the set, and `where` its file."""
    found = read_application(made.body, where)
    sync = application_set_policy(body, found.application.sync, name)
    application = replace(found.application, own_namespace=object_namespace(body), sync=sync)
    metadata = {**made.body["metadata"], **({"finalizers": [*sync.finalizers]} if sync.finalizers else {})}
    return replace(
        found,
        application=application,
        remarks=tuple(set_remarks(made, name, where)),
        made={**made.body, "metadata": metadata},
    )


def set_remarks(made: Made, name: str, where: str) -> Iterator[Note]:
    """Yield findings about an Application that the ApplicationSet `name` makes."""
    if made.is_repeated:
        message = (
            f"{name} makes {made.name} more than once; Argo CD reports an error and does not update this Application."
            " Put another parameter into metadata.name"
        )
        yield Note("gitops/application-set-duplicate", message, where)
    for tag in made.leftover:
        message = f"{name}: {tag} is no parameter of this Application, so Argo CD leaves it as text"
        yield Note("gitops/application-set-placeholder", message, where)


def object_name(body: Mapping[str, Any]) -> str:
    """Return the name of an object, for display if it has none."""
    name = mapping(body, "metadata").get("name")
    return name if isinstance(name, str) else "without a name"


def object_namespace(body: Mapping[str, Any]) -> str:
    """Return the namespace of an object; empty if it has none."""
    namespace = mapping(body, "metadata").get("namespace")
    return namespace if isinstance(namespace, str) else ""
