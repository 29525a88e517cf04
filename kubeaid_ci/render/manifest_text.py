"""Rendered objects as text and as files, whatever their names hold."""

import hashlib
import re
from collections.abc import Iterable, Iterator

from kubeaid_ci import documents
from kubeaid_ci.argocd.hooks import hooks, is_test
from kubeaid_ci.k8s.manifest import Manifest

_LONGEST = 120
# What every file system takes; a dot in front would hide the file or climb out.
_UNSAFE = re.compile(r"^\.|[^A-Za-z0-9._-]")


def text(manifest: Manifest) -> str:
    """An object as one YAML document, below a line that names where it is from."""
    return f"---\n# {_origin(manifest)}\n{documents.dump(manifest.body)}"


def files(manifests: Iterable[Manifest]) -> Iterator[tuple[str, str]]:
    """Path and text of a file for each object: ``<cluster>/<application>/<kind>-<namespace>-<name>.yaml``."""
    taken: dict[str, int] = {}
    for manifest in manifests:
        key = manifest.key
        name = "-".join(part for part in (key.kind.lower(), key.namespace, key.name) if part)
        folders = [_safe(part) for part in (manifest.cluster, manifest.app) if part]
        path = "/".join([*folders, _safe(name)])
        # Some file systems take two names for one where only the case differs.
        taken[path.lower()] = again = taken.get(path.lower(), 0) + 1
        yield f"{path}.yaml" if again == 1 else f"{path}.{again}.yaml", text(manifest)


def _origin(manifest: Manifest) -> str:
    subject = "/".join(part for part in (manifest.cluster, manifest.app) if part)
    named = hooks(manifest.body)
    when = f" (hook {', '.join(named)}{': never applied' if is_test(manifest.body) else ''})" if named else ""
    told = f"{subject}: {manifest.path}{when}"
    return "".join(letter if letter.isprintable() else "?" for letter in told)


def _safe(name: str) -> str:
    safe = _UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "replace")), name)
    if len(safe) <= _LONGEST:
        return safe or "%"
    return f"{safe[: _LONGEST - 9]}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"
