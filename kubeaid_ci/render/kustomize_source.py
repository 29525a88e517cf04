"""Builds one kustomization of an Application. Runs in a worker."""

import posixpath
from collections.abc import Iterator
from pathlib import Path

from kubeaid_ci.argocd import kustomize_edit
from kubeaid_ci.errors import OutsideError, UserError
from kubeaid_ci.git import snapshot
from kubeaid_ci.k8s import rendered
from kubeaid_ci.k8s.rendered import Rendered
from kubeaid_ci.redaction.texts import named_values
from kubeaid_ci.redaction.values import safe_message
from kubeaid_ci.render import kustomize
from kubeaid_ci.render.kustomize import KustomizeError
from kubeaid_ci.render.task import KustomizeTask, Note, Outcome
from kubeaid_ci.runtime.workers import WorkerError

_MOST_BYTES = 64 * 1024 * 1024


def built(task: KustomizeTask) -> Outcome:
    """Return the objects of the kustomization, each with the file that it is from.

    Raises `WorkerError` if kustomize does not end in time: another time it may, so that is not kept.
    """
    try:
        files = _files(task)
        text = kustomize.build(task.program, files, task.folder)
    except KustomizeError as error:
        secrets = {text for data in files.values() for text in named_values(data.decode("utf-8", "replace"))}
        message = safe_message(f"kustomize cannot build it: {error}", secrets)
        return Outcome(notes=[Note("chart/render-failed", message, task.where)], failed=True)
    except OutsideError as error:
        raise WorkerError(str(error)) from None
    return Outcome(list(_placed(rendered.parsed([(task.where, text)]), task)))


def _files(task: KustomizeTask) -> dict[str, bytes]:
    found = {path: text.encode("utf-8", "surrogatepass") for path, text in task.texts}
    with snapshot.open_snapshot(Path(task.at.root), task.at.revision, task.at.folders) as files:
        size = 0
        for path in task.paths:
            found.setdefault(path, files.read(path))
            size += len(found[path])
            if size > _MOST_BYTES:
                raise UserError(f"{task.where}: reaches more than {_MOST_BYTES >> 20} MiB of files")
    return found


def _placed(objects: list[Rendered], task: KustomizeTask) -> Iterator[Rendered]:
    for item in objects:
        origin = kustomize_edit.origin(item)
        inside = origin.get("path") or origin.get("configuredIn") or posixpath.basename(task.where)
        path = posixpath.normpath(posixpath.join(task.folder, inside))
        body = item.body if task.keeps_origins else kustomize_edit.without_origin(item).body
        yield Rendered(path, body)
