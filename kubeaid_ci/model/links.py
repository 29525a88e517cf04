"""Where a symbolic link in a repository leads."""

from collections.abc import Callable, Mapping

_MOST_LINKS = 40
"""As many as Linux follows."""


def follow(path: str, links: Mapping[str, str]) -> str | None:
    """The path that a path stands for, as `resolve` tells; `links` has the target of every link by its path."""
    return resolve(path, links.get)


def resolve(path: str, target_of: Callable[[str], str | None]) -> str | None:
    """The path that a path stands for, links followed part by part; nothing where it leaves the repository.

    `target_of` gives the target of the link at a path, and nothing where there is none. Links that lead
    in a circle lead nowhere.
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
                return None
            done.pop()
            continue
        done.append(part)
        target = target_of("/".join(done))
        if target is None:
            continue
        followed += 1
        if target.startswith("/") or followed > _MOST_LINKS:
            return None
        done.pop()
        waiting.extend(target.split("/")[::-1])
    return "/".join(done)
