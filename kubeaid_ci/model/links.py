"""Where a symbolic link in a repository leads."""

from collections.abc import Mapping

_MOST_LINKS = 40
"""As many as Linux follows."""


def follow(path: str, links: Mapping[str, str]) -> str | None:
    """The path that a path stands for, links followed part by part; nothing where it leaves the repository.

    `links` has the target of every link by its path. Links that lead in a circle lead nowhere.
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
        target = links.get("/".join(done))
        if target is None:
            continue
        followed += 1
        if target.startswith("/") or followed > _MOST_LINKS:
            return None
        done.pop()
        waiting.extend(target.split("/")[::-1])
    return "/".join(done)
