"""Two versions of a chart's files, byte for byte: any normalisation would hide something."""

from kubeaid_ci.charts.verify.verdict import FileAction, FileChange
from kubeaid_ci.git.tree import Tree


def compare(ours: Tree, theirs: Tree) -> tuple[FileChange, ...]:
    """The files whose bytes or mode differ, in order of path; without diffs, which `file_diff` makes."""
    paths = sorted(path for path in ours.keys() | theirs.keys() if ours.get(path) != theirs.get(path))
    return tuple(FileChange(path, _action(path, ours, theirs)) for path in paths)


def _action(path: str, ours: Tree, theirs: Tree) -> FileAction:
    if path in ours and path in theirs:
        return FileAction.MODIFIED
    return FileAction.ADDED if path in ours else FileAction.MISSING
