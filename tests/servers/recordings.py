"""What the real GitHub has answered: the recordings in the source archive of PyGithub.

The archive is not part of this repository. `.ci/run` downloads it from the package index and names its
folder in KUBEAID_CI_TEST_RECORDINGS. Each recording is ten lines: scheme, verb, host, port, path, headers,
body, then status, headers and body of the answer.
"""

import ast
import json
import os
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

VARIABLE = "KUBEAID_CI_TEST_RECORDINGS"
ARCHIVE = "pygithub-2.10.0.tar.gz"
# What publishing uses, and answers that are errors; the rest is of other parts of GitHub.
_FILES = re.compile(
    r"(PullRequest|Issue|Repository|\w*Exceptions|Git(Blob|Tree|Commit)|Milestone|Retry|Authentication)"
)
_LINES = 10


@dataclass(frozen=True)
class Recorded:
    file: str
    verb: str
    path: str
    sent: str
    status: int
    headers: dict[str, str]
    text: str

    @property
    def data(self) -> Any:
        return json.loads(self.text) if self.text else None

    def __str__(self) -> str:
        return f"{self.file}: {self.verb} {self.path}"


def archive() -> Path | None:
    """The archive, or nothing where no folder is named; one that is named must have it."""
    named = os.environ.get(VARIABLE)
    if not named:
        return None
    place = Path(named) / ARCHIVE
    assert place.is_file(), f"{VARIABLE} names {named}, which has no {ARCHIVE}"
    return place


@cache
def recordings() -> tuple[Recorded, ...]:
    place = archive()
    if place is None:
        return ()
    texts = {}
    with tarfile.open(place) as opened:
        for member in opened:
            name = Path(member.name).name
            if "/ReplayData/" in member.name and _FILES.match(name):
                file = opened.extractfile(member)
                assert file
                texts[name] = file.read().decode()
    return tuple(each for name, text in sorted(texts.items()) for each in _parsed(name, text))


def found(verb: str, path: str, *statuses: int) -> list[Recorded]:
    """The recordings of a verb and a pattern of the whole path without its query, with one of these statuses."""
    return [
        each
        for each in recordings()
        if each.verb == verb and each.status in statuses and re.fullmatch(path, each.path.partition("?")[0])
    ]


def errors() -> list[Recorded]:
    """All answers that are errors; the first of each kind stands for the others of its file."""
    seen: dict[tuple[str, int, str], Recorded] = {}
    for each in recordings():
        if each.status >= 400:
            seen.setdefault((each.file, each.status, each.text), each)
    return list(seen.values())


def _parsed(file: str, text: str) -> Iterator[Recorded]:
    lines = text.split("\n")
    at = 0
    while at + _LINES <= len(lines):
        if lines[at] not in ("http", "https"):
            at += 1
            continue
        _, verb, _, _, path, _, sent, status, headers, answer = lines[at : at + _LINES]
        at += _LINES
        known = {name.lower(): str(value) for name, value in ast.literal_eval(headers)}
        yield Recorded(file, verb, path, sent, int(status), known, answer)
