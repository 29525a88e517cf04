"""The ledger ``charts.ledger.yaml``: what each vendored chart held when it was reviewed, and where it came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

LEDGER = "charts.ledger.yaml"
PATCHES = "patches"
"""The folder of a KubeAid repo that holds declared changes of vendored charts."""

UPSTREAM = "upstream"
OWN = "own"
FORK = "fork of "


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One vendored chart. `tree` is the id of our folder; what upstream said is nothing until it was asked.

    `origin` is ``upstream``, ``own`` (there is no upstream, so Git's review is the only check) or
    ``fork of …``. `patches` are paths of patch files that turn the published chart into ours, and
    `removed` the published files that we leave out. `reason` says why content was last accepted.
    """

    version: str
    first_seen: date
    tree: str | None = None
    repository: str = ""
    origin: str = UPSTREAM
    url: str | None = None
    host: str | None = None
    sha256: str | None = None
    index_digest: str | None = None
    manifest_digest: str | None = None
    layer_digest: str | None = None
    patches: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    reason: str | None = None
    line: int | None = field(default=None, compare=False)

    @property
    def is_compared(self) -> bool:
        """Whether there is an upstream to compare with."""
        return self.origin == UPSTREAM


@dataclass(frozen=True, slots=True)
class Ledger:
    """Entries by ``umbrella/folder``. `exists` tells an empty ledger from none.

    `seen` has, by the same names, the day on which each release was first seen that is newer than what is
    vendored; nothing where nobody ever looked. Once somebody did, a release that it lacks is new today.
    """

    entries: Mapping[str, LedgerEntry] = field(default_factory=dict)
    exists: bool = True
    seen: Mapping[str, Mapping[str, date]] | None = None
