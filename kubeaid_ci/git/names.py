"""Names that Git keeps for itself, on every file system that a checkout may be on."""

import re

# https://github.com/git/git/blob/v2.51.0/path.c (is_ntfs_dotgit) and utf8.c (is_hfs_dotgit).
_IGNORED_BY_HFS = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
_GIT = re.compile(r"(?:\.git|git~1)[ .]*(?::.*)?", re.IGNORECASE | re.DOTALL)


def is_for_git(part: str) -> bool:
    """Return whether some system takes this part of a path for ``.git``, as Git's own ``verify_path`` judges it."""
    plain = _IGNORED_BY_HFS.sub("", part)
    return any(_GIT.fullmatch(name) for name in plain.split("\\"))
