"""Files of vendored charts that the ``.helmignore`` of an umbrella chart takes out of what Helm renders."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from kubeaid_ci.errors import UserError
from kubeaid_ci.git import links
from kubeaid_ci.git.snapshot import Snapshot
from kubeaid_ci.helm import helmignore

_FILE = ".helmignore"


def left_out(snapshot: Snapshot, targets: Mapping[str, str], umbrellas: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The files by the path of the ``.helmignore``; `targets` has those of links, `umbrellas` the charts' folders."""
    ruled = [folder for folder in umbrellas if f"{folder}/{_FILE}" in snapshot.files]
    vendored = _vendored(snapshot.files, ruled) if ruled else {}
    found = {f"{folder}/{_FILE}": _gone(snapshot, targets, folder, inside) for folder, inside in vendored.items()}
    return {path: gone for path, gone in found.items() if gone}


def _vendored(files: Iterable[str], umbrellas: Collection[str]) -> dict[str, list[str]]:
    """Return what is in each folder's ``charts``, by its path from the folder; one pass, for files are many."""
    chosen, found = frozenset(umbrellas), defaultdict(list)
    for path in files:
        parts = path.split("/", 3)
        folder = "/".join(parts[:2])
        if parts[2:3] == ["charts"] and folder in chosen:
            found[folder].append(path[len(folder) + 1 :])
    return found


def _gone(snapshot: Snapshot, targets: Mapping[str, str], folder: str, inside: list[str]) -> tuple[str, ...]:
    """The files that are left out; none if Helm refuses the rules, and the chart with them."""
    path = f"{folder}/{_FILE}"
    place = links.follow(path, targets)
    if place is None or place not in snapshot.files:
        return ()
    folders = {one for one in inside if _is_folder(snapshot, targets, f"{folder}/{one}")}
    try:
        rules = snapshot.read(place).decode("utf-8", "replace")
        kept = set(helmignore.kept(inside, rules, where=path, folders=folders))
    except UserError:
        return ()
    return tuple(f"{folder}/{one}" for one in inside if one not in kept)


def _is_folder(snapshot: Snapshot, targets: Mapping[str, str], path: str) -> bool:
    """Return whether a link leads to a folder, which Helm takes it for."""
    place = links.follow(path, targets) if path in targets else None
    return bool(place and snapshot.below(place))
