"""Issues, which all forges have alike but for the words: one open issue about each matter, with a hidden key."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from typing import Any
from urllib.parse import quote

from kubeaid_ci.forge.answers import check, reads_answers, user_id
from kubeaid_ci.forge.forge import ForgeAddress, ForgeKind
from kubeaid_ci.forge.interface import Forge, ForgeError


@dataclass(frozen=True, slots=True)
class Issue:
    """An open issue; `author` is the id of its user."""

    number: int
    url: str
    title: str
    text: str
    author: str


class IssueOutcome(StrEnum):
    """The action on an issue."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    CLOSED = "closed"
    NONE = "none"
    """There is no issue, and none is needed."""


@dataclass(frozen=True, slots=True)
class _Words:
    """A forge's names for common things. `pages` are the parameters of `Api.pages`."""

    root: str
    number: str
    text: str
    url: str
    comments: str
    edit: str
    author: str
    closed: Mapping[str, str]
    listed: Mapping[str, Any] = field(default_factory=dict)


_GITHUB = _Words(
    "/repos/{}", "number", "body", "html_url", "comments", "PATCH", "user", {"state": "closed"}, {"state": "open"}
)
_GITEA = _Words(
    *("/repos/{}", "number", "body", "html_url", "comments", "PATCH", "user", {"state": "closed"}),
    listed={"state": "open", "type": "issues", "size_name": "limit", "capped": True},
)
_GITLAB = _Words(
    *("/projects/{}", "iid", "description", "web_url", "notes", "PUT", "author", {"state_event": "close"}),
    listed={"state": "opened"},
)
_WORDS = {ForgeKind.GITHUB: _GITHUB, ForgeKind.GITEA: _GITEA, ForgeKind.GITLAB: _GITLAB}


@reads_answers
@dataclass(frozen=True, slots=True)
class Issues:
    """The issues of one repository on a forge."""

    forge: Forge

    @property
    def address(self) -> ForgeAddress:
        """Return where the repository is."""
        return self.forge.address

    def keep(self, key: str, *, title: str, text: str) -> tuple[IssueOutcome, Issue]:
        """Make sure that one open issue has this key, title and text.

        Before each try to create it the forge is queried for it: an answer may be lost after
        the creation worked.
        """
        wanted = f"{_marker(key)}\n{text}"
        tried = False
        for attempt in count(1):
            if found := self._find(key):
                return self._edited(found, title, wanted, IssueOutcome.CREATED if tried else IssueOutcome.UNCHANGED)
            try:
                return IssueOutcome.CREATED, self._create(title, wanted)
            except ForgeError as error:
                if not (error.passes and self.forge.api.retries.wait_and_retry(attempt, error.wait)):
                    raise
                tried = True
        raise AssertionError("unreachable")

    def close(self, key: str, *, comment: str) -> tuple[IssueOutcome, Issue | None]:
        """Close the issue that has this key, if it exists, with a comment that gives the reason."""
        found = self._find(key)
        if found is None:
            return IssueOutcome.NONE, None
        self._comment_once(found, key, comment)
        self._edit(found, self._words.closed)
        return IssueOutcome.CLOSED, found

    @property
    def _words(self) -> _Words:
        return _WORDS[self.forge.address.kind]

    def _path(self, *below: object) -> str:
        project = self.forge.address.project
        named = quote(project, safe="") if self.forge.address.kind is ForgeKind.GITLAB else project
        return "/".join([self._words.root.format(named), "issues", *map(str, below)])

    def _find(self, key: str) -> Issue | None:
        """Return the oldest open issue that we wrote and that begins with our marker.

        GitHub lists change requests along with issues.
        """
        marked = [one for one in self._open() if one.text.startswith(_marker(key))]
        us = self.forge.user() if marked else ""
        ours = [one for one in marked if us and one.author == us]
        return min(ours, key=lambda issue: issue.number, default=None)

    def _open(self) -> Iterator[Issue]:
        found = self.forge.api.pages(self._path(), **self._words.listed)
        return (self._issue(one) for one in found if not one.get("pull_request"))

    def _create(self, title: str, text: str) -> Issue:
        return self._issue(self.forge.api.send("POST", self._path(), body={"title": title, self._words.text: text}))

    def _edited(self, issue: Issue, title: str, text: str, otherwise: IssueOutcome) -> tuple[IssueOutcome, Issue]:
        if issue.title == title and _plain(issue.text) == _plain(text):
            return otherwise, issue
        self._edit(issue, {"title": title, self._words.text: text})
        return IssueOutcome.UPDATED, issue

    def _edit(self, issue: Issue, fields: Mapping[str, str]) -> None:
        self.forge.api.send(self._words.edit, self._path(issue.number), body=dict(fields))

    def _comment_once(self, issue: Issue, key: str, text: str) -> None:
        place, wanted = self._path(issue.number, self._words.comments), f"{_marker(key)}\n{text}"
        for attempt in count(1):
            pages = self.forge.api.listed(place) if self._is_gitea else self.forge.api.pages(place)
            marked = [one for one in pages if (one["body"] or "").startswith(_marker(key))]
            if marked and self.forge.user() in [user_id(one[self._words.author]) for one in marked]:
                return
            try:
                self.forge.api.send("POST", place, body={"body": wanted})
            except ForgeError as error:
                if not (error.passes and self.forge.api.retries.wait_and_retry(attempt, error.wait)):
                    raise
            else:
                return

    @property
    def _is_gitea(self) -> bool:
        """Gitea gives all comments at once and knows no pages of them."""
        return self.forge.address.kind is ForgeKind.GITEA

    def _issue(self, reply: Mapping[str, Any]) -> Issue:
        words = self._words
        found = Issue(
            reply[words.number], reply[words.url], reply["title"], reply[words.text] or "", user_id(reply[words.author])
        )
        check(found)
        return found


def _marker(key: str) -> str:
    return f"<!-- kubeaid-ci:issue:{key} -->"


def _plain(text: str) -> str:
    """Forges change line ends, and cut spaces off the end."""
    return text.replace("\r\n", "\n").rstrip()
