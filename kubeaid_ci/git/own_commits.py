"""Identifies the publisher's own commits.

Each carries a trailer with a checksum of its subject and of exactly what it changes. Amending,
extending or rewording the commit breaks the checksum, and the commit counts as theirs from then on; a rebase
without changes keeps it ours. A second trailer names the commit of the base branch that it was
put on: where that branch is rewritten, its former commits are not taken for somebody's work on ours.
"""

import hashlib

from kubeaid_ci.git.commit import CommitStyle

TRAILER = "Kubeaid-Ci"
BASE_TRAILER = "Kubeaid-Ci-Base"
_MANAGED = "managed "


def checksum(subject: str, raw_difference: bytes) -> str:
    """40 hex digits; the difference is as ``git diff-tree -r -z --raw`` gives it, with whole object names."""
    return hashlib.sha256(subject.encode() + b"\0" + raw_difference).hexdigest()[:40]


def claim_of(trailers: str) -> str | None:
    """The checksum that a commit's trailers claim, None for a commit without one.

    Anything else than exactly one trailer claims the empty text, which is never right.
    """
    if not trailers.strip():
        return None
    digits = trailers.strip().removeprefix(_MANAGED)
    return digits if len(digits) == 40 and digits.isalnum() else ""


def subject(title: str) -> str:
    """A title as the first line of a commit message."""
    return " ".join(title.split()) or "Update"


def message(title: str, raw_difference: bytes, style: CommitStyle, *, base: str) -> str:
    """The whole commit message; `base` is the commit that the base branch ends with."""
    first = subject(title)
    lines = [first, "", f"{TRAILER}: {_MANAGED}{checksum(first, raw_difference)}", f"{BASE_TRAILER}: {base}"]
    if style.sign_off:
        lines.append(f"Signed-off-by: {style.author}")
    return "\n".join(lines) + "\n"
