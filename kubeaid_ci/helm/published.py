"""The charts of a repository or registry, and the results of fetching one."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kubeaid_ci.git.tree import File


@dataclass(frozen=True, slots=True)
class Fetched:
    """A published chart, its archive found safe and unpacked in memory."""

    sha256: str
    """Of the archive, in hex."""
    files: Mapping[str, File] = field(repr=False)
    """By their path below the chart's top folder."""
    tree_id: str
    url: str
    """The archive's address as the repository gives it, before redirects; for a registry ``oci://…:tag``."""
    host: str
    """The host in that address: a change of it wants a look."""
    final_host: str = ""
    """The host that sent the bytes in the end, after redirects; content networks change theirs at will."""
    index_digest: str | None = None
    """The archive's SHA-256 in the index, in hex; it may be wrong. HTTP repositories only."""
    manifest_digest: str | None = None
    """``sha256:…``, as registries write it; registries only, as is `layer_digest`."""
    layer_digest: str | None = None
    deprecated: bool = False
    yanked: bool = False
    """The index no longer lists the version, but the archive is where it was."""
    created: str | None = None
    """The date in the index; often rewritten later, so no proof of age."""
    notes: tuple[str, ...] = ()
    """Notes for the user, such as a repository that moved; one sentence each."""


@dataclass(frozen=True, slots=True)
class Release:
    """One published version of a chart, as its index lists it; a registry only knows the version."""

    version: str
    app_version: str | None = None
    kube_version: str | None = None
    created: str | None = None
    digest: str | None = None
    """SHA-256 of the archive in hex, if it is in the index."""
    url: str | None = None
    """The URL in the index, which may be relative to the repository."""
    deprecated: bool = False
    removed: bool = False
    home: str | None = None
    sources: tuple[str, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A chart to fetch, as a dependency names it."""

    name: str
    version: str
    repository: str
    known_url: str = ""
    """The former URL of the archive; tried if the index no longer lists the version."""
