"""The charts of a repository or registry, and the results of fetching one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kubeaid_ci.model.tree import File


class FailedKind(StrEnum):
    """Why a chart did not come."""

    GONE = "gone"
    """The repository, the index or the archive is missing (or was removed)."""
    UNREACHABLE = "unreachable"
    """The network, or a server that fails; the one kind that a retry may fix."""
    REFUSED = "refused"
    """Not allowed: by the server, or an address that is not asked."""
    NO_SUCH_CHART = "no-such-chart"
    NO_SUCH_VERSION = "no-such-version"
    UNSAFE_ARCHIVE = "unsafe-archive"
    DIGEST_MISMATCH = "digest-mismatch"
    """A registry sent other bytes than the digest that names them."""
    INVALID = "invalid"
    """An index, a manifest or an address that cannot be read."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A chart that could not be had. `message` is one sentence with the address, without any secret."""

    kind: FailedKind
    message: str
    host: str = ""
    """The host that could not be reached at all, with its port if it is not the usual one. Empty if it answered."""
    reason: str = ""
    """Why the host could not be reached, such as "connection refused". Empty if it was not tried."""

    @property
    def may_pass(self) -> bool:
        """Return whether asking again later may help."""
        return self.kind is FailedKind.UNREACHABLE


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
