"""Resolves symbolic links in a repository, and recognizes the names that Git keeps for itself."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_MOST_LINKS = 40
"""As many as Linux follows."""
# https://github.com/git/git/blob/v2.51.0/path.c (is_ntfs_dotgit) and utf8.c (is_hfs_dotgit).
_IGNORED_BY_HFS = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
_GIT = re.compile(r"(?:\.git|git~1)[ .]*(?::.*)?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Refused:
    """A path that is not followed; `reason` completes "a link that …". `is_broken` if it leads nowhere at all."""

    reason: str
    is_broken: bool = False


def follow(path: str, links: Mapping[str, str]) -> str | None:
    """Return the path that a path leads to, as `resolve` does; `links` has the target of every link by its path."""
    return resolve(path, links.get)


def resolve(path: str, target_of: Callable[[str], str | None]) -> str | None:
    """Return the path that a path leads to, or None if `trace` refuses it."""
    found = trace(path, target_of)
    return found if isinstance(found, str) else None


def trace(path: str, target_of: Callable[[str], str | None]) -> str | Refused:
    """Follow the links in a path, part by part, and return the path that it leads to.

    `target_of` returns the target of the link at a path, or None if there is no link. A path that leaves
    the repository, enters ``.git``, or does not end is refused. Absolute targets are refused too: they
    name a place on one machine. The result need not exist.
    """
    waiting = path.split("/")[::-1]
    done: list[str] = []
    followed = 0
    while waiting:
        part = waiting.pop()
        if part in ("", "."):
            continue
        if part == "..":
            if not done:
                return Refused("leads out of the repository")
            done.pop()
            continue
        if part.lower() == ".git":
            return Refused("leads into .git")
        done.append(part)
        target = target_of("/".join(done))
        if target is None:
            continue
        followed += 1
        if target.startswith("/"):
            return Refused("is absolute, so it leads out of the repository")
        if followed > _MOST_LINKS:
            return Refused("leads in a circle", is_broken=True)
        done.pop()
        waiting.extend(target.split("/")[::-1])
    return "/".join(done)


def is_for_git(part: str) -> bool:
    """Return whether a file system may take this part of a path for ``.git``, by the rules of Git's ``verify_path``."""
    plain = _IGNORED_BY_HFS.sub("", part)
    return any(_GIT.fullmatch(name) for name in plain.split("\\"))
