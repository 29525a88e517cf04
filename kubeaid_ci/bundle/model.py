"""The manifest of a bundle, ``bundle.json``: every file with its checksum, and what the files are."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from kubeaid_ci.bundle.fields import Fields
from kubeaid_ci.documents.plainjson import parse
from kubeaid_ci.errors import UserError

SCHEMA = "kubeaid-ci/bundle/v1"
MANIFEST = "bundle.json"
SIGNATURES: Mapping[str, str] = {"ssh": f"{MANIFEST}.sig", "gpg": f"{MANIFEST}.asc"}
"""The file of a signature over the manifest, by its kind."""
MOST_BYTES = 64 * 1024 * 1024
"""Of a manifest, which has about 200 bytes for each file."""

_NAME = re.compile(r"[A-Za-z0-9_+=@%,~-][A-Za-z0-9._+=@%,~-]*")
_HEX = re.compile(r"[0-9a-f]+")
_REF = re.compile(r"refs/[!-~]+")


@dataclass(frozen=True, slots=True)
class BundledFile:
    """A file by its path in the bundle, with its size in bytes. `in_base` is true if the base has it."""

    path: str
    size: int
    sha256: str
    in_base: bool = False


@dataclass(frozen=True, slots=True)
class BundledRepository:
    """One of the two repositories, ``config`` or ``kubeaid``.

    `files` are its Git bundles, oldest first. `address` is that of its ``origin`` without credentials, `head` the
    commit that is checked out, `branch` its branch (empty if HEAD is detached) and `default_branch` what
    ``origin/HEAD`` names (empty if the clone does not know it). `refs` maps full names to ids. `pinned` maps the
    revisions that Applications name to commits.
    """

    name: str
    files: tuple[str, ...]
    address: str
    head: str
    branch: str
    default_branch: str
    refs: Mapping[str, str]
    pinned: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BundledImage:
    """An image or another artifact of a registry. `layout` is its folder in the bundle, empty if it is only listed."""

    image: str
    digest: str
    layout: str = ""


@dataclass(frozen=True, slots=True)
class Wheels:
    """The Python packages of this program. `python` and `platform` are what they were fetched for."""

    python: str
    platform: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """The content of a bundle. `since` is the digest of the base of an increment, `sequence` counts from 1."""

    tool: str
    repositories: tuple[BundledRepository, ...]
    files: tuple[BundledFile, ...]
    images: tuple[BundledImage, ...] = ()
    wheels: Wheels | None = None
    sequence: int = 1
    since: str = ""

    @property
    def own_files(self) -> tuple[BundledFile, ...]:
        """The files that are in this bundle and not in its base."""
        return tuple(file for file in self.files if not file.in_base)

    def repository(self, name: str) -> BundledRepository | None:
        """Return a repository by its name, or None."""
        return next((repository for repository in self.repositories if repository.name == name), None)

    @property
    def digest(self) -> str:
        """The SHA-256 of everything else in the manifest, in hex."""
        return _digest(self._content())

    def to_bytes(self) -> bytes:
        """Return the one spelling of the manifest: sorted keys, ASCII, a line break at the end."""
        return _canonical({**self._content(), "digest": self.digest})

    def _content(self) -> dict[str, Any]:
        return {"schema": SCHEMA, **asdict(self)}

    @classmethod
    def parse(cls, data: bytes, *, where: str) -> Self:
        """Read a manifest. Raises `UserError` if one byte of it is not as `to_bytes` wrote it."""
        try:
            content = parse(data, unique=True)
        except ValueError as error:
            raise UserError(f"{where}: not JSON: {error}; copy the bundle again") from error
        top = Fields(content, where)
        if top.text("schema") != SCHEMA:
            raise UserError(f"{where}: not a bundle of the schema {SCHEMA}; update kubeaid-ci or create it again")
        manifest = cls(
            tool=top.text("tool"),
            repositories=tuple(map(_repository, top.many("repositories"))),
            files=tuple(map(_file, top.many("files"))),
            images=tuple(map(_image, top.many("images"))),
            wheels=_wheels(top.optional("wheels")),
            sequence=top.count("sequence"),
            since=top.matching("since", _HEX, empty=True),
        )
        if top.text("digest") != manifest.digest or data != manifest.to_bytes():
            raise UserError(f"{where}: damaged: its content does not match its own digest; copy the bundle again")
        _refuse_ambiguous(manifest, where)
        return manifest


def is_safe(path: str) -> bool:
    """Return whether a path stays in the bundle on every system: plain relative names, none of them hidden."""
    return len(path) < 1000 and all(_NAME.fullmatch(part) for part in path.split("/"))


def _refuse_ambiguous(manifest: Manifest, where: str) -> None:
    paths = [file.path for file in manifest.files]
    if unsafe := next((path for path in paths if not is_safe(path)), None):
        raise UserError(f"{where}: {unsafe!r} is no path of a bundle; do not use it, find out who changed it")
    reserved = {MANIFEST, *SIGNATURES.values()}
    if paths != sorted(set(paths)) or reserved & set(paths) or len({path.lower() for path in paths}) < len(paths):
        raise UserError(f"{where}: the list of files is not sorted, or has a name twice; create the bundle again")
    if folder := _file_as_folder(paths):
        raise UserError(f"{where}: {folder} is both a file and a folder; create the bundle again")
    missing = sorted(set(_named(manifest)) - set(paths))
    if missing:
        raise UserError(f"{where}: names {missing[0]}, which is not in its list of files; create the bundle again")


def _file_as_folder(paths: Iterable[str]) -> str | None:
    known = {path.lower() for path in paths}
    parents = (path.rsplit("/", depth)[0] for path in known for depth in range(1, path.count("/") + 1))
    return next((parent for parent in parents if parent in known), None)


def _named(manifest: Manifest) -> Iterable[str]:
    for repository in manifest.repositories:
        yield from repository.files
    if manifest.wheels:
        yield from manifest.wheels.files


def _file(fields: Fields) -> BundledFile:
    return BundledFile(
        fields.text("path"), fields.count("size"), fields.matching("sha256", _HEX), in_base=fields.flag("in_base")
    )


def _repository(fields: Fields) -> BundledRepository:
    return BundledRepository(
        name=fields.matching("name", re.compile("config|kubeaid")),
        files=fields.texts("files"),
        address=fields.text("address", empty=True),
        head=fields.matching("head", _HEX),
        branch=fields.text("branch", empty=True),
        default_branch=fields.text("default_branch", empty=True),
        refs=fields.mapping("refs", key=_REF, value=_HEX),
        pinned=fields.mapping("pinned", key=re.compile(r".*", re.DOTALL), value=_HEX),
    )


def _image(fields: Fields) -> BundledImage:
    layout = fields.text("layout", empty=True)
    if layout and not is_safe(layout):
        raise UserError(f"{fields.where}: {layout!r} is no path of a bundle")
    return BundledImage(fields.text("image"), fields.text("digest", empty=True), layout)


def _wheels(fields: Fields | None) -> Wheels | None:
    if fields is None:
        return None
    return Wheels(fields.text("python"), fields.text("platform"), fields.texts("files"))


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(_canonical(content)).hexdigest()


def _canonical(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, sort_keys=True, ensure_ascii=True) + "\n").encode()
