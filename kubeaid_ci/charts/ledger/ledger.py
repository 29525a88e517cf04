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
    """One vendored chart. `tree` is the id of our folder; the data of upstream is None until it was fetched.

    `origin` is ``upstream``, ``own`` (there is no upstream, so Git's review is the only check) or
    ``fork of …``. `patches` are paths of patch files that turn the published chart into ours, and
    `removed` the published files that we leave out. `reason` is the reason why content was last accepted.
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
        """Return whether there is an upstream to compare with."""
        return self.origin == UPSTREAM


@dataclass(frozen=True, slots=True)
class Sighting:
    """The first sighting of a release upstream.

    `digest` is the SHA-256 (hex) that the index promised for the archive on that day. It is None if the index has
    no digest, as registries do. Another digest means other content, which did not exist on that day.
    """

    day: date
    digest: str | None = None


Sightings = Mapping[str, Sighting]
"""The first sightings of one chart's releases, by version."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """Entries by ``umbrella/folder``. `exists` distinguishes an empty ledger from a missing one.

    `seen` has, by the same names, the first sighting of each release that is newer than the vendored one. It is None
    if no sighting was ever recorded. If some were, a release without a sighting counts as new today.
    """

    entries: Mapping[str, LedgerEntry] = field(default_factory=dict)
    exists: bool = True
    seen: Mapping[str, Sightings] | None = None
