"""The edits that turn the files of a cluster into those of a copy with another name (pure)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kubeaid_ci.config_repo.cluster import OUTPUT, Cluster
from kubeaid_ci.config_repo.folders import HOME, VARS_SUFFIX
from kubeaid_ci.documents import Place, Text
from kubeaid_ci.errors import UserError
from kubeaid_ci.upgrade.shadow_uses import is_named, names_of

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
"""Names of shadow clusters: usable as a folder, in hostnames and in labels."""
_CLUSTER_NAME = ("cluster", "name")
_KEY = re.compile(r"\s*(?:- )?[\"']?([\w./-]+)[\"']?\s*:(?:\s|$)")
_MOST_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Leftover:
    """A line of the copy in which the name of the old cluster is left. `key` is the key on that line, if it has one."""

    path: str
    line: int
    key: str


def copied(cluster: Cluster, name: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of a copy of a cluster by path.

    Paths ``k8s/<old>/``, the name of the vars file and `cluster.name` of the general settings file take the new name.
    Everything else, and files that are not UTF-8, stay as they are.
    """
    made: dict[str, bytes] = {}
    for path, data in files.items():
        is_built = path.startswith(f"{cluster.output}/")
        new = data if is_built else _renamed(cluster, name, data)
        if path == cluster.general.path:
            new = _with_name(new, name, path)
        made[renamed_path(cluster, name, path)] = new
    return made


def renamed_path(cluster: Cluster, name: str, path: str) -> str:
    """Return the path of a file of the cluster in its copy."""
    if path == cluster.vars_file:
        return f"{HOME}/{name}/{name}{VARS_SUFFIX}"
    inside = path.removeprefix(f"{cluster.path}/")
    return path if inside == path else f"{HOME}/{name}/{inside}"


def leftovers(copy: str, old: str, new: str, files: Mapping[str, bytes]) -> Iterator[Leftover]:
    """Yield the lines of the copy's files that have the old name. `copy` is the path of the folder of the copy.

    Built manifests are left out, since their vars file is what a person edits. Text is not quoted, because values may
    be secret.
    """
    names = names_of(old, new)
    for path, data in files.items():
        if path.startswith(f"{copy}/{OUTPUT}/") or len(data) > _MOST_BYTES or old.encode() not in data:
            continue
        for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
            if is_named(line, names, old):
                key = _KEY.match(line)
                yield Leftover(path, number, key[1] if key else "")


def _renamed(cluster: Cluster, name: str, data: bytes) -> bytes:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return data
    folder = rf"(?<![A-Za-z0-9_.-]){HOME}/{re.escape(cluster.dir)}(?![A-Za-z0-9_-]|\.[A-Za-z0-9])"
    text = re.sub(folder, lambda _: f"{HOME}/{name}", text)
    if cluster.vars_file:
        old = re.escape(cluster.vars_file.rpartition("/")[2])
        text = re.sub(rf"(?<![A-Za-z0-9_.-]){old}(?![A-Za-z0-9_-])", lambda _: f"{name}{VARS_SUFFIX}", text)
    return text.encode()


def _with_name(data: bytes, name: str, path: str) -> bytes:
    """Return the general settings with another cluster name; unchanged if they have none that can be edited."""
    try:
        return Text(data.decode(), path).set([Place(0, _CLUSTER_NAME)], name).text.encode()
    except (UserError, UnicodeDecodeError):
        return data
