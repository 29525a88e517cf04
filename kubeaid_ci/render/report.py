"""Prints the result of `render`: the report, and objects as YAML documents and as files, whatever their names hold."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from kubeaid_ci import documents
from kubeaid_ci.argocd.sync import hooks, is_test
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.render.rendering import Masked, RenderedApp, Renderings, RenderStatus
from kubeaid_ci.report.blocks import Code, ItemList, Section, Table, item_list
from kubeaid_ci.report.report import Report

_HEADER = ("cluster", "Application", "KubeAid", "status", "objects", "masked")
_MOST_MASKED = 100
_LONGEST = 120
"""Characters of a part of a path."""
# What every file system takes; a dot in front would hide the file or climb out.
_UNSAFE = re.compile(r"^\.|[^A-Za-z0-9._-]")


def report(renderings: Renderings, *, command: str, version: str, objects: Sequence[int] | None = None) -> Report:
    """Return the report of ``kubeaid-ci render`` and ``charts render``; the objects themselves are in its results.

    `objects` are the numbers of objects of the Applications, if their objects are not in memory.
    """
    apps = renderings.apps
    counts = Counter(app.status for app in apps)
    masked = [(app, one) for app in apps for one in app.masked]
    numbers = [len(app.manifests) for app in apps] if objects is None else objects
    return Report(
        command,
        version,
        summary={
            "applications": len(apps),
            **{status.value: counts[status] for status in RenderStatus},
            "objects": sum(numbers),
            "masked": len(masked),
            "cached": sum(app.cached for app in apps),
            **({"helm": renderings.helm} if renderings.helm else {}),
        },
        results=apps,
        findings=renderings.findings,
        table=Table(_HEADER, tuple(map(_row, apps, numbers))),
        sections=(Section("Values that differ at each render", (_masked(masked),)),) if masked else (),
    )


def _row(app: RenderedApp, objects: int) -> tuple[str, ...]:
    status = f"{app.status.value}{' (cached)' if app.cached else ''}"
    return (app.cluster, app.app, app.revision or "-", status, str(objects), str(len(app.masked) or ""))


def _masked(masked: list[tuple[RenderedApp, Masked]]) -> ItemList:
    texts = ((Code(f"{app.cluster}/{app.app}"), ": ", Code(f"{one.key}"), " ", Code(one.field)) for app, one in masked)
    return item_list(texts, most=_MOST_MASKED)


def as_document(manifest: Manifest) -> str:
    """Return an object as one YAML document, below a line that names where it is from."""
    return f"---\n# {_origin(manifest)}\n{documents.dump(manifest.body)}"


def as_files(manifests: Iterable[Manifest], taken: dict[str, int] | None = None) -> Iterator[tuple[str, str]]:
    """Yield path and text of a file for each object: ``<cluster>/<application>/<kind>-<namespace>-<name>.yaml``.

    `taken` counts the paths by name, for several calls that write into one folder.
    """
    taken = {} if taken is None else taken
    for manifest in manifests:
        key = manifest.key
        name = "-".join(part for part in (key.kind.lower(), key.namespace, key.name) if part)
        folders = [_safe(part) for part in (manifest.cluster, manifest.app) if part]
        path = "/".join([*folders, _safe(name)])
        # Some file systems take two names for one where only the case differs.
        taken[path.lower()] = number = taken.get(path.lower(), 0) + 1
        yield f"{path}.yaml" if number == 1 else f"{path}.{number}.yaml", as_document(manifest)


def _origin(manifest: Manifest) -> str:
    subject = "/".join(part for part in (manifest.cluster, manifest.app) if part)
    named = hooks(manifest.body)
    when = f" (hook {', '.join(named)}{': never applied' if is_test(manifest.body) else ''})" if named else ""
    origin = f"{subject}: {manifest.path}{when}"
    return "".join(char if char.isprintable() else "?" for char in origin)


def _safe(name: str) -> str:
    safe = _UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "replace")), name)
    if len(safe) <= _LONGEST:
        return safe or "%"
    return f"{safe[: _LONGEST - 9]}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"
