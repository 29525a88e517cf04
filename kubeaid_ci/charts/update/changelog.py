"""Links to release notes of a chart, and the notes in the chart itself."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.errors import UserError

_LINKS, _CHANGES = "artifacthub.io/links", "artifacthub.io/changes"
_MOST_LINKS = 4
_MOST_CHANGES = 30
_LONGEST_CHANGE = 300
_LONGEST_ANNOTATION = 64 * 1024
# Nothing that could end a link in Markdown or HTML; and no issue, which the link would be noted in.
_ADDRESS = re.compile(r"https://[A-Za-z0-9.-]+(?::\d+)?(?:/[A-Za-z0-9._~/%=&?+-]*)?(?:#[A-Za-z0-9._-]*)?")
_TALK = re.compile(r"/(?:issues|pull|pulls|merge_requests|commit|commits|discussions)/", re.IGNORECASE)
_FORGE = re.compile(r"https://(?:github\.com|gitlab\.com|codeberg\.org)/[^/?#]+/[^/?#]+?(?:\.git)?/?")
_TELLING = re.compile(r"change ?log|release|what'?s new|upgrade|upgrading", re.IGNORECASE)


def links(annotations: Mapping[str, str], sources: Sequence[str], home: str | None) -> tuple[str, ...]:
    """Return addresses of release notes, the likeliest first; only plain https ones."""
    named = list(_named(annotations))
    telling = [url for name, url in named if _TELLING.search(name) or _TELLING.search(url)]
    forges = [f"{url.rstrip('/').removesuffix('.git')}/releases" for url in sources if _FORGE.fullmatch(url)]
    rest = [*sources, *([home] if home else [])]
    found = dict.fromkeys(url for url in (*telling, *forges, *rest) if _is_plain(url))
    return tuple(found)[:_MOST_LINKS]


def changes(annotations: Mapping[str, str]) -> tuple[str, ...]:
    """Return the changes that the publisher lists, such as ``fixed: memory leak``."""
    changes = _list(annotations.get(_CHANGES))
    lines = [line for change in changes if (line := _change(change))]
    return tuple(line[:_LONGEST_CHANGE] for line in lines[:_MOST_CHANGES])


def _change(entry: Any) -> str:
    match entry:
        case str():
            return " ".join(entry.split())
        case {"description": str(text), "kind": str(kind)}:
            return f"{kind}: {' '.join(text.split())}"
        case {"description": str(text)}:
            return " ".join(text.split())
    return ""


def _named(annotations: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for one in _list(annotations.get(_LINKS)):
        if isinstance(one, dict) and isinstance(one.get("url"), str):
            yield str(one.get("name") or ""), one["url"]


def _list(text: str | None) -> list[Any]:
    """Return the items of an annotation that holds a list as YAML; empty if it does not."""
    if not text or len(text) > _LONGEST_ANNOTATION:
        return []
    try:
        loaded = documents.load(text, where="an annotation")
    except UserError:
        return []
    return loaded if isinstance(loaded, list) else []


def _is_plain(url: str) -> bool:
    return len(url) <= 300 and _ADDRESS.fullmatch(url) is not None and _TALK.search(url) is None
