"""One comparison shared by several CI jobs: each compares the clusters of its shard, and one job merges the parts.

A part is the JSON report of a shard with one more field, `shard`. It comes from another job, so nothing in it is taken
for granted: parts are merged only if together they are the comparison of all clusters, each once.
"""

import builtins
import json
import re
import types
from collections import abc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields, is_dataclass, replace
from enum import Enum
from itertools import islice
from pathlib import Path
from typing import Any, Self, TypedDict, get_args, get_origin, get_type_hints

from kubeaid_ci.cache import code_digest
from kubeaid_ci.compare.difference import ObjectChange
from kubeaid_ci.diff.cache import packed
from kubeaid_ci.diff.clusters import together
from kubeaid_ci.diff.comparison import Comparison
from kubeaid_ci.diff.contents import Contents
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding, Rule
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.runtime.files import read_regular

_SHARD = re.compile(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})")
_MOST_BYTES = 256 * 1024 * 1024
_SIDES = ("repository", "before", "after")


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `count` shares of the clusters; `number` begins with 1."""

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``1/4``. Raises `UserError` if the text is no such share."""
        found = _SHARD.fullmatch(text)
        if found is None or int(found[1]) > int(found[2]):
            raise UserError(f"{text}: not a shard; write I/N with I from 1 to N, such as 1/4")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def deal(self, folders: Iterable[str]) -> tuple[str, ...]:
        """Return the folders of this shard. The deal depends on nothing but the names of all folders."""
        return tuple(sorted(folders)[self.number - 1 :: self.count])


@dataclass(frozen=True, slots=True)
class Piece:
    """The share of one cluster in a comparison. The pieces of all clusters in order of `place` are the comparison.

    `folder` is that of the cluster, empty for what is about none.
    """

    place: tuple[int, int]
    folder: str
    comparison: Comparison


class PlainShard(TypedDict):
    """The field `shard` of a part in JSON. `inputs` name what was compared, `pieces` are for ``diff --merge`` only."""

    number: int
    count: int
    clusters: list[str]
    fleet: list[str]
    inputs: Mapping[str, Any]
    unknown_apps: list[str]
    contents: list[str]
    pieces: list[Any]


@dataclass(frozen=True, slots=True)
class Inputs:
    """The repositories and options of a comparison, the same for all parts. `code` is the digest of our own code."""

    of: str
    base: str = ""
    head: str = ""
    upgrade_to: str = ""
    kubeaid_ref: str = ""
    clusters: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    monitoring: bool = True
    noise: bool = False
    diffs: bool = False
    code: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """The comparison of one shard. `fleet` are the folders of all clusters, `clusters` those of the shard.

    `unknown_apps` are the requested names that no Application of these clusters has.
    """

    shard: Shard
    clusters: tuple[str, ...]
    fleet: tuple[str, ...]
    inputs: Inputs
    unknown_apps: tuple[str, ...]
    pieces: tuple[Piece, ...]
    revisions: Mapping[str, Any]

    @property
    def comparison(self) -> Comparison:
        """The comparison of the clusters of the shard."""
        return joined(self.pieces)

    def plain(self) -> PlainShard:
        """Return the field `shard` of the part. The changes are the results of the report, in order of the pieces."""
        pieces = []
        numbers: dict[str, int] = {}
        for piece in sorted(self.pieces, key=lambda piece: piece.place):
            entry = json.loads(packed(replace(piece.comparison, changes=())))
            # The results have all of a change but its content, which many clusters share.
            entry["changes"] = [numbers.setdefault(change.content, len(numbers)) for change in piece.comparison.changes]
            pieces.append({"place": piece.place, "folder": piece.folder, "comparison": entry})
        return {
            "number": self.shard.number,
            "count": self.shard.count,
            "clusters": list(self.clusters),
            "fleet": list(self.fleet),
            "inputs": asdict(replace(self.inputs, code=code_digest.digest())),
            "unknown_apps": list(self.unknown_apps),
            "contents": list(numbers),
            "pieces": pieces,
        }


@dataclass(frozen=True, slots=True)
class Merged:
    """The comparison of all clusters, and what was compared."""

    comparison: Comparison
    inputs: Inputs
    revisions: Mapping[str, Any]


def joined(pieces: Iterable[Piece]) -> Comparison:
    """Return the comparison that pieces are together, in whatever order they come."""
    return together([piece.comparison for piece in sorted(pieces, key=lambda piece: piece.place)])


def with_findings(pieces: Sequence[Piece], findings: Iterable[Finding]) -> list[Piece]:
    """Return pieces with other findings, as many as they had, in order of the pieces."""
    new = iter(findings)
    comparisons = (
        replace(piece.comparison, findings=tuple(islice(new, len(piece.comparison.findings)))) for piece in pieces
    )
    return [replace(piece, comparison=comparison) for piece, comparison in zip(pieces, comparisons, strict=True)]


def merge_parts(paths: Sequence[Path]) -> Merged:
    """Return the comparison of all clusters from the JSON reports of all shards. A folder means all those below it.

    Raises `UserError` if a part cannot be read, if parts are not of the same comparison, or if one is missing.
    """
    files = [file for path in paths for file in (sorted(path.rglob("*.json")) if path.is_dir() else [path])]
    parts = {file: read_part(file) for file in dict.fromkeys(files)}
    if not parts:
        raise UserError("--merge needs the JSON reports of all shards; name the files, or the folder that has them")
    (first_path, first), *others = parts.items()
    for path, part in others:
        for what, of_first, of_part in (
            ("number of shards", first.shard.count, part.shard.count),
            ("revisions", first.revisions, part.revisions),
            ("options", first.inputs, part.inputs),
            ("clusters", first.fleet, part.fleet),
        ):
            if of_first != of_part:
                raise UserError(f"{path}: has other {what} than {first_path}; merge parts of one comparison")
    _check_complete(parts)
    for name in first.inputs.apps:
        if all(name in part.unknown_apps for part in parts.values()):
            raise UserError(f"{name}: no such Application in any shard")
    contents = Contents()
    pieces = sorted((piece for part in parts.values() for piece in part.pieces), key=lambda piece: piece.place)
    comparison = together([contents.deduplicate(piece.comparison) for piece in pieces])
    return Merged(comparison, first.inputs, first.revisions)


def _check_complete(parts: Mapping[Path, Part]) -> None:
    """Raise `UserError` unless there is each shard once, with each of its clusters."""
    by_number: dict[int, Path] = {}
    for path, part in parts.items():
        if part.shard.number in by_number:
            raise UserError(
                f"{path}: is shard {part.shard}, as is {by_number[part.shard.number]}; name each shard once"
            )
        by_number[part.shard.number] = path
        if part.clusters != part.shard.deal(part.fleet):
            raise UserError(f"{path}: does not have the clusters of shard {part.shard}; run it again")
        if lost := set(part.clusters) - {piece.folder for piece in part.pieces}:
            raise UserError(f"{path}: has no result for {', '.join(sorted(lost))}; run shard {part.shard} again")
        if foreign := {piece.folder for piece in part.pieces} - {"", *part.clusters}:
            raise UserError(f"{path}: has results of other shards: {', '.join(sorted(foreign))}; run it again")
        if part.shard.number > 1 and any(not piece.folder for piece in part.pieces):
            raise UserError(f"{path}: has results that only shard 1 reports; run it again")
    count = next(iter(parts.values())).shard.count
    if missing := [str(number) for number in range(1, count + 1) if number not in by_number]:
        raise UserError(
            f"shard {', '.join(missing)} of {count} is missing, so clusters are not compared; add its report"
        )


def read_part(path: Path) -> Part:
    """Return the part in a file. Raises `UserError` if it is no JSON report of ``diff --shard``."""
    data = read_regular(path, most=_MOST_BYTES)
    if data is None:
        raise UserError(f"{path}: does not exist; name the JSON reports of all shards")
    try:
        return _part(json.loads(data), path)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else error
        raise UserError(f"{path}: not a report of diff --shard ({reason}); write it with --report json=FILE") from error


def _part(document: Any, path: Path) -> Part:
    if document["command"] != "diff":
        raise ValueError("a report of another command")
    entry = document["shard"]
    inputs = _read(Inputs, entry["inputs"])
    if inputs.code != code_digest.digest():
        raise UserError(f"{path}: made by another version of kubeaid-ci; use the same one in all jobs")
    changes = _read(tuple[ObjectChange, ...], document["results"])
    return Part(
        Shard.parse(f"{entry['number']}/{entry['count']}"),
        _read(tuple[str, ...], entry["clusters"]),
        _read(tuple[str, ...], entry["fleet"]),
        inputs,
        _read(tuple[str, ...], entry["unknown_apps"]),
        tuple(_pieces(entry["pieces"], changes, _read(tuple[str, ...], entry["contents"]))),
        _revisions(document["revisions"]),
    )


def _pieces(entries: Sequence[Any], changes: Sequence[ObjectChange], contents: Sequence[str]) -> Iterator[Piece]:
    """Yield the pieces of a part; each takes its changes from the results. Raises `ValueError` if they do not fit."""
    rest = iter(changes)
    taken = 0
    for entry in entries:
        numbers = _read(tuple[int, ...], entry["comparison"]["changes"])
        if any(number >= len(contents) for number in numbers):
            raise ValueError("its contents do not fit its results")
        taken += len(numbers)
        comparison = _read(Comparison, {**entry["comparison"], "changes": []})
        stage, position = _read(tuple[int, ...], entry["place"])
        if any(finding.suppressed_by is not None for finding in comparison.findings):
            raise ValueError("a finding is suppressed, which only the merge decides")
        own = tuple(replace(change, content=contents[number]) for number, change in zip(numbers, rest, strict=False))
        yield Piece((stage, position), _read(str, entry["folder"]), replace(comparison, changes=own))
    if taken != len(changes):
        raise ValueError("its pieces do not fit its results")


def _revisions(entry: Any) -> Mapping[str, Any]:
    """Return the repositories with the revisions of both sides; raises `ValueError` for anything else."""
    for repository in entry.values():
        for name, value in repository.items():
            texts = value.values() if isinstance(value, dict) else (value,)
            if name not in _SIDES or not all(isinstance(text, str) for text in texts):
                raise ValueError("its revisions cannot be read")
    if not entry:
        raise ValueError("it names no revisions")
    return entry  # type: ignore[no-any-return]  # a mapping of mappings, as was just checked


def _read(hint: Any, value: Any) -> Any:
    """Return a JSON value as a value of a type. Raises `ValueError` if it does not fit; numbers are not negative."""
    if isinstance(hint, type) and hint is not Rule and is_dataclass(hint) and isinstance(value, dict):
        hints = get_type_hints(hint)
        known = {one.name: hints[one.name] for one in fields(hint) if one.init}
        needed = {one.name for one in fields(hint) if one.init and one.default is one.default_factory is MISSING}
        if not needed <= value.keys() <= known.keys():
            raise ValueError(f"a {hint.__name__} with wrong fields")
        return hint(**{name: _read(known[name], item) for name, item in value.items()})
    match get_origin(hint), get_args(hint):
        case builtins.tuple, (inner, _) if isinstance(value, list):
            return tuple(_read(inner, item) for item in value)
        case abc.Mapping, (_, inner) if isinstance(value, dict):
            return {key: _read(inner, item) for key, item in value.items()}
        case types.UnionType, inner if value is None and types.NoneType in inner:
            return None
        case types.UnionType, (inner, *_):
            return _read(inner, value)
    return _read_simple(hint, value)


def _read_simple(hint: Any, value: Any) -> Any:
    if hint is Rule:
        if value not in RULES:
            raise ValueError(f"unknown rule {value!r}")
        return RULES[value]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    if type(value) is not hint or (hint is int and value < 0):
        raise ValueError(f"expected {getattr(hint, '__name__', hint)}, found {type(value).__name__}")
    return value
