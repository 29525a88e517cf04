"""The reasons why a chart cannot be fetched."""

from dataclasses import dataclass
from enum import StrEnum


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
