"""Texts of the publisher's comments and messages. Names from commits are escaped so that they mention no user."""

from collections.abc import Sequence

from kubeaid_ci.forge.change_request import ChangeRequest
from kubeaid_ci.git.commit import Commit

_SHOWN = 10


def nothing_left(base: str) -> str:
    """Return the comment if a change request is closed because nothing is left of it."""
    return (
        f"Closed by kubeaid-ci: compared with {_code(base)} nothing is left to change. "
        "A later difference opens a new change request."
    )


def stale_branch(branch: str, successor: str | None) -> str:
    """Return the comment for a change request that is closed because its branch is no longer used."""
    why = f"{_code(successor)} has taken its place" if successor else "its cluster no longer exists"
    return f"Closed by kubeaid-ci: the branch {_code(branch)} is no longer used, because {why}."


def other_base(branch: str, base: str, other: str, *, command: str) -> str:
    """Return the comment for a change request from our branch to another base than it is for."""
    return (
        f"Closed by kubeaid-ci: {_code(branch)} now holds what is proposed to {_code(base)}. "
        f"To propose to {_code(other)}, run {_code(f'{command} --base {other}')}: that uses a branch of its own."
    )


def shared(branch: str, requests: Sequence[ChangeRequest]) -> str:
    """Return the message about change requests of other people from our branch."""
    urls = ", ".join(f"{request.url} (to {request.base})" for request in requests)
    return f"{branch} also has {urls}, which kubeaid-ci did not open; close what you do not need"


def declined(request: ChangeRequest) -> str:
    """Return the message if somebody closed, without merging, a change request that proposed exactly this."""
    return (
        f"{request.url} proposed exactly this and was closed by somebody, so it is not offered again. To have it "
        "back, reopen that one, or run with another --title; as soon as something else changes, a new one is opened"
    )


def incomplete(branch: str, names: tuple[str, ...]) -> str:
    """Return the message if nothing is left of a change request but what failed this time."""
    return (
        f"{branch} is left as it is: nothing else changes, but it may be about what failed in this run: "
        f"{', '.join(names[:_SHOWN])}{f' and {len(names) - _SHOWN} more' if len(names) > _SHOWN else ''}"
    )


def superseded(url: str) -> str:
    """Return the comment if a change request of the earlier scripts is closed."""
    return f"Closed by kubeaid-ci: {url} takes its place. The branch is left as it is."


def foreign(branch: str, commits: tuple[Commit, ...], *, gone: bool, command: str) -> str:
    """Return the comment if commits of others block an update of the branch. `command` is what was run."""
    wish = "close this and delete the branch: nothing is left to change" if gone else "update this branch"
    return (
        f"kubeaid-ci would {wish}, but {_code(branch)} has commits that it did not make:\n\n{_listed(commits)}\n\n"
        "Nothing was touched. To go on, do one of these:\n"
        "- merge the change request as it is, or move the commits to a branch of your own and delete this one;\n"
        "- tick the box at the end of the description, and the next run throws these commits away;\n"
        f"- run `{command}` with `--on-foreign-commits stack` to add to them, or `overwrite` to replace them."
    )


def overwritten(commits: tuple[Commit, ...]) -> str:
    """Return the comment before somebody else's commits are replaced as requested; their names bring them back."""
    return f"As requested, kubeaid-ci replaces these commits on the branch:\n\n{_listed(commits)}"


def rival(branch: str) -> str:
    """Return the message if another run published newer content of the same files."""
    return f"another run has published {branch} while this one ran; it was left as it is"


def kept_moving(branch: str) -> str:
    """Return the message if other runs moved the branch at each try."""
    return f"{branch} kept moving: other runs pushed to it at each try, so nothing of this run is in it; run again"


def not_deleted(branch: str, reason: object) -> str:
    """Return the note about a branch that nothing is left of and that the remote keeps."""
    return f"the branch {branch} is not needed any more, but could not be deleted; delete it manually: {reason}"


def conflicting_branch(branch: str, other: str) -> str:
    """Return the message if Git cannot keep two branches in parallel."""
    return (
        f"the branch {other} is in the way of {branch}: Git cannot keep both. "
        f"Merge or close its change request, delete {other}, and run again"
    )


def _listed(commits: tuple[Commit, ...]) -> str:
    lines = [f"- {commit.sha[:12]} {_code(commit.subject)} by {_code(commit.committer)}" for commit in commits]
    more = len(lines) - _SHOWN
    return "\n".join(lines[:_SHOWN]) + (f"\n- and {more} more" if more > 0 else "")


def _code(text: str) -> str:
    """Text that Markdown shows as it is: no mention, no link, no closed issue."""
    plain = " ".join(text.replace("`", "'").split())
    return f"`{plain}`" if plain else "``` ```"
