"""A chart packed as the archive that Helm loads from memory, with the clock stopped in its templates."""

import gzip
import tarfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from kubeaid_ci.helm import chart_files, exact_version, requirements, template_scan
from kubeaid_ci.helm.engine_input import Files, HelmChart
from kubeaid_ci.helm.loaded_chart import Values
from kubeaid_ci.helm.template_scan import CLOCK_READINGS, ClockReading
from kubeaid_ci.helm.version import HelmRules

_PLAIN = tarfile.TarInfo().tobuf(tarfile.USTAR_FORMAT)
_NAME, _SIZE, _SUM = slice(0, 100), slice(124, 136), slice(148, 156)
_SCHEMA = "values.schema.json"


@dataclass(frozen=True)
class PackedChart:
    """A chart, and whether any of its files calls a function that gives another result at each rendering."""

    name: str
    files: Mapping[str, bytes]
    may_vary: bool
    folders: Mapping[str, str]
    """The folder of every subchart by what Helm calls it."""
    has_randomness: bool = False
    """True if templates get real certificates and random numbers, not values made of the clock reading."""
    archived: Files | None = None
    """The files to pack, if not `files`."""
    _charts: dict[str, HelmChart] = field(default_factory=dict, compare=False, repr=False)
    _blank: "dict[str, PackedChart]" = field(default_factory=dict, compare=False, repr=False)
    _by_version: "dict[str, PackedChart]" = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def archive(self) -> bytes:
        """Return the archive with the first clock reading."""
        return self._at(CLOCK_READINGS[0])

    @cached_property
    def second(self) -> bytes:
        """Return the archive with the second clock reading."""
        return self._at(CLOCK_READINGS[1])

    def _at(self, reading: ClockReading) -> bytes:
        files = self.files if self.archived is None else self.archived
        return _archive(files, self.name, reading, has_randomness=self.has_randomness)

    def for_version(self, helm: str) -> "PackedChart":
        """Return the chart as a version of Helm reads its templates."""
        if helm not in self._by_version:
            files = exact_version.for_version(self.files, helm)
            same = files is self.files
            self._by_version[helm] = self if same else replace(self, files=files, _charts={}, _blank={}, _by_version={})
        return self._by_version[helm]

    def prepared(self, values: Values, rules: HelmRules) -> "tuple[PackedChart, Mapping[str, object]]":
        """Return the chart and the values with which the engine renders as another version of Helm does.

        Raises `HelmError`, `CoalesceError` and `UnsafeArchive`.
        """
        chart = self._charts.setdefault(rules.since, HelmChart(self.files, rules))
        made = chart.input(values)
        if made.files is not chart.blank:
            return replace(self, archived=made.files), made.values
        if rules.since not in self._blank:  # its archive is packed once
            self._blank[rules.since] = replace(self, archived=made.files)
        return self._blank[rules.since], made.values


def make(
    paths: Collection[str],
    read: Callable[[Collection[str]], Mapping[str, bytes]],
    folder: str,
    *,
    without_schema: bool = False,
) -> PackedChart:
    """Make a chart of those of its files that Helm loads; `read` gives the content of paths, `folder` names it."""
    ignore = ".helmignore"
    rules = read([ignore])[ignore].decode("utf-8", "replace") if ignore in paths else ""
    packed = chart_files.not_ignored(paths, rules, where=f"{folder}/{ignore}")
    if without_schema:
        packed = [path for path in packed if path.rpartition("/")[2] != _SCHEMA]
    data = dict(read(packed))
    name = requirements.name(data) or Path(folder).name
    may_vary = any(template_scan.may_vary(text.decode("utf-8", "replace")) for text in data.values())
    return PackedChart(name, data, may_vary, requirements.folders(data))


def _archive(files: Mapping[str, bytes], name: str, reading: ClockReading, *, has_randomness: bool) -> bytes:
    def stopped(data: bytes) -> bytes:
        text = data.decode("utf-8", "surrogateescape")
        return template_scan.with_fake_clock(text, reading, has_randomness=has_randomness).encode(
            "utf-8", "surrogateescape"
        )

    content = {path: stopped(data) if "templates/" in path else data for path, data in files.items()}
    return pack(content, name=name.replace("/", "_"), level=0)


def pack(files: Mapping[str, bytes], *, name: str, level: int = 1) -> bytes:
    """Return the gzipped tar of a chart: files by their path below the chart's top folder, `name`.

    The same files give the same bytes: sorted, without times and owners. `level` is how hard to pack, from
    0 (not at all, for what is unpacked at once) to 9.
    """
    packed = [
        part
        for path, data in sorted(files.items())
        for part in (_header(f"{name}/{path}", len(data)), data, bytes(-len(data) % tarfile.BLOCKSIZE))
    ]
    packed.append(bytes(2 * tarfile.BLOCKSIZE))
    packed.append(bytes(-sum(map(len, packed)) % tarfile.RECORDSIZE))
    return gzip.compress(b"".join(packed), compresslevel=level, mtime=0)


def _header(path: str, size: int) -> bytes:
    """Return the header of one file. `tarfile` makes all of it again for each, which takes longer than all the rest."""
    if not path.isascii() or len(path) > _NAME.stop:
        member = tarfile.TarInfo(path)
        member.size = size
        return member.tobuf(tarfile.PAX_FORMAT)
    header = bytearray(_PLAIN)
    header[_NAME] = path.encode().ljust(_NAME.stop, b"\0")
    header[_SIZE] = b"%011o\0" % size
    header[_SUM] = b" " * 8
    header[_SUM] = b"%06o\0 " % sum(header)
    return bytes(header)
