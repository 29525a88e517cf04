"""The KubeAid revision that a cluster pins."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.fields import mapping
from kubeaid_ci.net.address import Remote

VERSION_LABEL = "kubeaid.io/version"


@dataclass(frozen=True, slots=True)
class Pinned:
    """The revision a cluster pins; None is the default branch (``HEAD``). `tag_prefix` is that of its tag."""

    revision: str | None
    tag_prefix: str = ""


def pinned(application: Mapping[str, Any], kubeaid: Collection[Remote]) -> Pinned | None:
    """The KubeAid revision of a cluster's kube-prometheus Application; None if it names none.

    A source that points at a KubeAid repository names it by its ``targetRevision``. Where the
    Application points at the config repo itself, the label `VERSION_LABEL` does, else the source's
    ``targetRevision`` where that is no ``HEAD``, as the platform's build script reads it.
    """
    spec = mapping(application, "spec")
    for source in _sources(spec):
        if is_kubeaid(source.get("repoURL"), kubeaid):
            revision = _revision(source)
            prefix = source.get("tagPrefix")
            return Pinned(None if revision in ("", "HEAD") else revision, prefix if isinstance(prefix, str) else "")
    label = mapping(application, "metadata", "labels").get(VERSION_LABEL)
    if label is not None and str(label):
        return Pinned(str(label))
    revision = _revision(mapping(spec, "source"))
    return Pinned(revision) if revision not in ("", "HEAD") else None


def _sources(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield mapping(spec, "source")
    several = spec.get("sources")
    yield from (mapping(one) for one in several) if isinstance(several, list) else ()


def _revision(source: Mapping[str, Any]) -> str:
    revision = source.get("targetRevision")
    return "" if revision is None else str(revision)


def is_kubeaid(address: object, kubeaid: Collection[Remote]) -> bool:
    """True if an address is one of the KubeAid repo. Anybody may call a repository KubeAid: its name does not count."""
    if not isinstance(address, str):
        return False
    try:
        remote = Remote.parse(address)
    except UserError:
        return False
    return remote in kubeaid
