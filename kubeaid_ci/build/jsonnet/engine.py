"""The only module that uses the jsonnet engines, and the importer that records what an evaluation read.

rjsonnet is the default: it is several times faster than gojsonnet, and `kubeaid_ci.build.jsonnet.reference`
gives it the same answers. It holds the interpreter's lock and can crash on hostile input, so
`kubeaid_ci.runtime.workers` runs it in a process of its own.
"""

import json
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import util
from typing import Any

from kubeaid_ci.build.jsonnet.reference import rjsonnet as reference
from kubeaid_ci.cache.probe import Probe
from kubeaid_ci.errors import UserError
from kubeaid_ci.git.source_files import Source

ENGINES = ("rjsonnet", "gojsonnet", "jsonnet")
_MODULES = {"rjsonnet": "rjsonnet", "gojsonnet": "_gojsonnet", "jsonnet": "_jsonnet"}
_MAX_STACK = 500
_NAME = "<kubeaid-ci>"
# Editors on Windows put a byte order mark first.
_MARK = b"\xef\xbb\xbf"
_CODE_NAMES = (".jsonnet", ".libsonnet")


class EvaluationError(Exception):
    """The unchanged error text of an engine for an expression that it could not evaluate."""

    def __init__(self, engine: str, text: str) -> None:
        super().__init__(engine, text)
        self.engine = engine
        self.text = text


_SUBMODULE = re.compile(r"^\s*path\s*=\s*(?P<path>.+?)/?\s*$", re.MULTILINE)


@dataclass(slots=True)
class Importer:
    """Finds and reads imports in the sources, first next to the importing file, then in the library.

    Follows the search order of jsonnet's own importer. Records every file that it read and every path
    at which it found none.
    """

    sources: Sequence[Source]
    library: str = ""
    probes: dict[str, Probe] = field(default_factory=dict)
    failure: UserError | None = None
    strips_marks: bool = False
    """True if files with a byte order mark are code, which no engine reads with the mark."""
    met_mark: bool = False
    _found: dict[tuple[str, str], tuple[str, bytes]] = field(default_factory=dict)
    _bytes: dict[str, bytes] = field(default_factory=dict)

    def __call__(self, folder: str, name: str) -> tuple[str, bytes]:
        """Return the path and the bytes of an import for an engine that reads code itself."""
        path, data = self.find(folder, name)
        if data.startswith(_MARK) and path.endswith(_CODE_NAMES):
            self.met_mark = True
            data = data.removeprefix(_MARK) if self.strips_marks else data
        return path, data

    def find(self, folder: str, name: str) -> tuple[str, bytes]:
        """Return the path and the bytes of an import as they are stored.

        The path is the one that was requested, with links in it: what the file imports is looked for
        next to the link, as the reference does. Raises `UserError`, which `failure` keeps as well.
        """
        found = self._found.get((folder, name))
        if found is None:
            try:
                found = self._search(folder, name)
            except UserError as error:
                self.failure = error
                raise
            self._found[folder, name] = found
        return found

    def _search(self, folder: str, name: str) -> tuple[str, bytes]:
        for base in (folder, self.library) if self.library else (folder,):
            path = posixpath.normpath(posixpath.join(base, name))
            source = self._source(path)
            if source is None:
                raise UserError(f"import {name!r} leaves the two repositories; that is refused")
            real = source.real(path)
            owner = self._source(real)
            if owner is None or ".git" in real.split("/"):
                raise UserError(f"import {name!r} leads out of the two repositories; that is refused")
            exists = owner.has(real)
            data = self._read(owner, real) if exists else b""
            if path not in self.probes:
                self.probes[path] = Probe(path, real, owner.digest(real) if exists else None)
            if exists:
                return path, data
        raise UserError(f"import {name!r}: no such file{self._submodule(folder, name)}")

    def _submodule(self, folder: str, name: str) -> str:
        """Return what to add to a message if a missing file belongs to a submodule that is not checked out."""
        path = posixpath.normpath(posixpath.join(folder, name))
        source = self._source(path)
        if source is None or not source.has(f"{source.prefix}/.gitmodules"):
            return ""
        text = source.read(f"{source.prefix}/.gitmodules").decode("utf-8", "replace")
        inside = path.removeprefix(f"{source.prefix}/")
        for match in _SUBMODULE.finditer(text):
            if inside.startswith(f"{match['path']}/"):
                return (
                    f": {match['path']} is a submodule, which is not checked out here; publish never checks one out:"
                    " commit the file to the repository itself"
                )
        return ""

    def _read(self, owner: Source, real: str) -> bytes:
        if real not in self._bytes:
            self._bytes[real] = owner.read(real)
            if real.endswith(_CODE_NAMES):
                decoded(self._bytes[real], real)  # the engines do different things with other bytes
        return self._bytes[real]

    def _source(self, path: str) -> Source | None:
        inside = [source for source in self.sources if path.startswith(source.prefix + "/")]
        return max(inside, key=lambda source: len(source.prefix), default=None)


@cache
def version(engine: str) -> str | None:
    """Return the installed version of an engine, or None if it is not installed."""
    from importlib import metadata

    try:
        return metadata.version(engine)
    except metadata.PackageNotFoundError:
        return None


def versions() -> tuple[tuple[str, str | None], ...]:
    """Return every engine with its version, sorted by name."""
    return tuple((engine, version(engine)) for engine in sorted(ENGINES))


def installed(engine: str) -> bool:
    """Return whether an engine can be used."""
    return util.find_spec(_MODULES[engine]) is not None


def require(engine: str) -> None:
    """Raise `UserError` if an engine is unknown or not installed."""
    if engine not in ENGINES:
        raise UserError(f"no such engine: {engine}; it is one of {', '.join(ENGINES)}")
    if not installed(engine):
        raise UserError(f"the engine {engine} is not installed; run: pip install {engine}")


def imported(path: str) -> str:
    """Return the expression that imports a file, for use as code."""
    return f"import {json.dumps(path)}"


def evaluate(engine: str, code: str, importer: Importer, *, ext_code: dict[str, str] | None = None) -> str:
    """Evaluate code to JSON text; its imports must be absolute (see `imported`).

    `ext_code` holds external variables as code. Raises `EvaluationError` with the engine's words.
    """
    with _errors_of(engine, importer):
        return _RUN[engine](code, importer, ext_code or {})


def evaluate_fields(
    engine: str, code: str, importer: Importer, *, ext_code: dict[str, str] | None = None
) -> str | dict[str, str]:
    """Evaluate code that gives an object, as `evaluate` does.

    Returns the JSON text of each field if the engine is rjsonnet, and of the object for the other engines.
    """
    if engine != "rjsonnet":
        return evaluate(engine, code, importer, ext_code=ext_code)
    with _errors_of(engine, importer):
        fields: dict[str, str] = json.loads(_rjsonnet(code, importer, ext_code or {}, by_field=True))
        return fields


@contextmanager
def _errors_of(engine: str, importer: Importer) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise EvaluationError(engine, str(error)) from error
    except UnicodeDecodeError as error:
        # gojsonnet puts stray bytes behind the text of a failed import, so that it cannot be read at all;
        # the importer has the text.
        raise EvaluationError(engine, str(importer.failure or error)) from error


def _rjsonnet(code: str, importer: Importer, ext_code: dict[str, str], *, by_field: bool = False) -> str:
    read: dict[str, str] = {}

    def found(folder: str, name: str, is_code: bool) -> tuple[str, str]:  # noqa: FBT001 - called by position
        path, data = importer.find(folder, name)
        if not is_code:
            return path, decoded(data, path)
        read[path] = text = decoded(data.removeprefix(_MARK), path)
        return path, text

    result = reference.evaluate(_NAME, code, max_stack=_MAX_STACK, ext_codes=ext_code, find=found, by_field=by_field)
    if installed("gojsonnet"):
        # rjsonnet does not look at names before it runs code. Libraries come checked from upstream.
        library = importer.library + "/"
        _check_names(text for path, text in read.items() if not importer.library or not path.startswith(library))
    return result


def _check_names(texts: Iterable[str]) -> None:
    for text in texts:
        _check_names_of(text)


@lru_cache(maxsize=512)
def _check_names_of(text: str) -> None:
    """Raise RuntimeError for code that the reference refuses before it runs it."""
    import _gojsonnet

    _gojsonnet.evaluate_snippet(_NAME, f"local f() = (\n{text}\n); 1")


def _gojsonnet(code: str, importer: Importer, ext_code: dict[str, str]) -> str:
    import _gojsonnet

    return _text(_gojsonnet.evaluate_snippet, code, importer, ext_code)


def _jsonnet(code: str, importer: Importer, ext_code: dict[str, str]) -> str:
    import _jsonnet

    return _text(_jsonnet.evaluate_snippet, code, importer, ext_code)


def _text(run: Callable[..., Any], code: str, importer: Importer, ext_code: dict[str, str]) -> str:
    importer.met_mark = importer.strips_marks = False
    try:
        return str(run(_NAME, code, max_stack=_MAX_STACK, ext_codes=ext_code, import_callback=importer))
    except RuntimeError:
        if not importer.met_mark:
            raise
    importer.strips_marks = True  # the engine does not report whether it reads code or data
    return str(run(_NAME, code, max_stack=_MAX_STACK, ext_codes=ext_code, import_callback=importer))


_RUN = {"rjsonnet": _rjsonnet, "gojsonnet": _gojsonnet, "jsonnet": _jsonnet}


@lru_cache(maxsize=2048)
def decoded(data: bytes, path: str) -> str:
    """Return the bytes as text; raises `UserError` naming the path if they are not UTF-8.

    The same file gives the same object, whose hash is computed once.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 text (byte {error.start})") from error
