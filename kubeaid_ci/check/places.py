"""The line that a person edits: of an Application, or of an object in a file."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.argocd.application import Source
from kubeaid_ci.check.context import ConfigFiles
from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.fields import mapping, text
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.render.rendering import RenderedApp

Path = tuple[str | int, ...]


def application_line(files: ConfigFiles, app: RenderedApp, *fields: str | int) -> int | None:
    """Return the line of a field of an Application in its file, or of the nearest field around that is set.

    None if the file is not a plain manifest, for example a template.
    """
    found = files.text(app.path)
    if found is None or app.application is None:
        return None
    above = _application_at(found, app.application.name)
    return _nearest(found, above[0], above[1], fields) if above else _line_of_key(found, fields)


def source_line(files: ConfigFiles, app: RenderedApp, source: Source, *fields: str | int) -> int | None:
    """Return the line of a field of one source of an Application."""
    application = app.application
    if application is None:
        return None
    index = next(number for number, each in enumerate(application.sources) if each is source)
    above: Path = ("spec", "sources", index) if application.has_several_sources else ("spec", "source")
    return application_line(files, app, *above, *fields)


def object_line(files: ConfigFiles, manifest: Manifest, *fields: str | int) -> int | None:
    """Return the line of an object, or of a field of it, in its file; None if no plain file of the cluster has it."""
    found = files.text(manifest.path)
    if found is None:
        return None
    for number, body in enumerate(_documents(found)):
        if text(body, "kind") == manifest.key.kind and text(body, "metadata", "name") == manifest.key.name:
            return _nearest(found, number, (), fields)
    return None


def text_line(found: str, pattern: str) -> int | None:
    """Return the number of the first line that a regular expression matches."""
    numbers = (number for number, line in enumerate(found.splitlines(), 1) if re.search(pattern, line))
    return next(numbers, None)


@lru_cache(maxsize=64)
def _documents(found: str) -> list[Any]:
    try:
        return documents.load_all(found, where="YAML")
    except UserError:
        return []  # a template that is YAML only once it is rendered


@lru_cache(maxsize=64)
def _application_at(found: str, name: str) -> tuple[int, Path] | None:
    """Return the document that has an Application, and its path there: the template, if it is an ApplicationSet."""
    sets = []
    for number, body in enumerate(_documents(found)):
        if text(body, "kind") == "Application" and text(body, "metadata", "name") == name:
            return number, ()
        if mapping(body, "spec", "template", "spec"):
            sets.append(number)
    return (sets[0], ("spec", "template")) if len(sets) == 1 else None


def _nearest(found: str, document: int, above: Path, fields: Sequence[str | int]) -> int | None:
    paths = [(*above, *fields[:end]) for end in range(len(fields), -1, -1)]
    lines = documents.locate_all(found, paths, document=document)
    return next((line for line in lines if line is not None), None)


def _located(found: str, path: Path, document: int) -> int | None:
    try:
        return documents.locate(found, path, document=document)
    except UserError:
        return None


def _line_of_key(found: str, fields: Sequence[str | int]) -> int | None:
    """Return the line of the last field in a template, if the template has that key once."""
    keys = [field for field in fields if isinstance(field, str)]
    pattern = re.compile(rf"\s*(?:- )?{re.escape(keys[-1])}\s*:") if keys else None
    numbers = [number for number, line in enumerate(found.splitlines(), 1) if pattern and pattern.match(line)]
    return numbers[0] if len(numbers) == 1 else None
