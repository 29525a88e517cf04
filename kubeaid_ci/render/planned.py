"""An Application of a cluster, located in the repositories, and the Application that holds it."""

from dataclasses import dataclass
from typing import Self

from kubeaid_ci.argocd.application import AppId, Application
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.render.plan import Part
from kubeaid_ci.render.rendering import OtherRevision, SourceHost
from kubeaid_ci.render.task import Note, Task


@dataclass(frozen=True, slots=True)
class Planned:
    """One Application, the file that it is in, and what to do for each of its sources.

    `remarks` are findings that leave it its objects. `holder` is the Application that holds it, None for the root.
    `argo_cd` is the namespace of Argo CD. `inputs` names the sources that cannot be rendered and the files below their
    paths. `other_revisions` are those of the config repo that it follows instead of the branch under review. `made` is
    the Application as an object, if an ApplicationSet makes it.
    """

    application: Application
    where: str
    parts: tuple[Part, ...]
    remarks: tuple[Note, ...]
    id: AppId
    holder: AppId | None
    argo_cd: str
    inputs: str = ""
    other_revisions: tuple[OtherRevision, ...] = ()
    hosts: tuple[SourceHost, ...] = ()
    made: Manifest | None = None

    @property
    def tasks(self) -> tuple[Task, ...]:
        """Return the tasks that can run now."""
        return tuple(part.what for part in self.parts if not isinstance(part.what, Note))

    @property
    def held_by(self) -> str:
        """The ApplicationSet that makes it, else the Application that holds it."""
        return self.application.sync.application_set or str(self.holder)

    def differs(self, other: Self) -> bool:
        """Return whether another definition of the same Application may give it other objects."""
        return _content(self.application) != _content(other.application)


def _content(application: Application) -> tuple[object, ...]:
    return (
        application.sources,
        application.namespace,
        application.destination,
        application.project or "default",
        application.has_several_sources,
    )


@dataclass(frozen=True, slots=True)
class Holder:
    """The Application that holds others, and where they end up: their default namespace and their cluster.

    `argo_cd` is the namespace of Argo CD.
    """

    id: AppId | None
    namespace: str
    destination: str
    argo_cd: str

    @classmethod
    def of(cls, planned: Planned, argo_cd: str) -> Self:
        """Return an Application as the holder of others."""
        application = planned.application
        return cls(planned.id, application.namespace or argo_cd, application.destination, argo_cd)

    def app_id(self, cluster: str, name: str, own_namespace: str) -> AppId:
        """Return the identity of an Application that this one holds; `own_namespace` is as written."""
        namespace = own_namespace or self.namespace
        if self.destination:  # an Argo CD in the destination cluster owns it, if there is one
            return AppId(cluster, f"{self.destination}/{namespace}", name)
        return AppId(cluster, "" if namespace == self.argo_cd else namespace, name)
