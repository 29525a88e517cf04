"""The interface of a forge for publishing, and the errors of calls."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol

from kubeaid_ci.errors import KubeaidCiError, OutsideError
from kubeaid_ci.forge.change_request import ChangeRequest, Comment, Proposal
from kubeaid_ci.forge.forge import ForgeAddress, Size
from kubeaid_ci.net.credentials import Access
from kubeaid_ci.net.retries import RetryPolicy

PAGE = 50
_MOST_PAGES = 1000
MOVED = ". The repository has another address now: name that one"


class ForgeError(OutsideError):
    """A failed call to a forge.

    `status` is None if no complete answer came; `wait` is in seconds, if the forge requests it.
    """

    def __init__(self, message: str, *, status: int | None, passes: bool, wait: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.passes = passes
        self.wait = wait


class Transport(Protocol):
    """One request, sent once, over the forge's client library. Raises `ForgeError`."""

    def __call__(self, verb: str, path: str, *, query: dict[str, Any], body: Any | None) -> Any:
        """Return the JSON of the answer."""


@dataclass(frozen=True, slots=True)
class Api:
    """A forge's API, with retries of transient errors, unless a retry could repeat an action."""

    transport: Transport
    retries: RetryPolicy

    def get(self, path: str, **query: Any) -> Any:
        """Read; `query` are the parameters of the address."""
        return self.send("GET", path, query=query)

    def pages(self, path: str, *, size_name: str = "per_page", capped: bool = False, **query: Any) -> Iterator[Any]:
        """Read a list, page by page. `capped` is true if pages may be shorter than requested."""
        for page in range(1, _MOST_PAGES + 1):
            found = self.listed(path, **query, page=page, **{size_name: PAGE})
            yield from found
            if len(found) < (1 if capped else PAGE):
                return
        raise ForgeError(f"{path}: the forge lists more than {_MOST_PAGES} pages", status=None, passes=False)

    def listed(self, path: str, **query: Any) -> list[Any]:
        """Read a list. Raises `ForgeError` for anything else: it must not pass as an empty one."""
        found = self.get(path, **query)
        if not isinstance(found, list):
            raise ForgeError(f"{path}: the forge answers with something else than a list", status=None, passes=False)
        return found

    def send(
        self,
        verb: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        body: Any = None,
        repeatable: bool | None = None,
    ) -> Any:
        """Send a request.

        A POST is retried only if the forge reported that it was not executed, or if it is `repeatable`
        (idempotent).
        """
        harmless = verb != "POST" if repeatable is None else repeatable
        for attempt in count(1):
            try:
                return self.transport(verb, path, query=query or {}, body=body)
            except ForgeError as error:
                again = error.passes and (harmless or error.status in (403, 429))
                if not (again and self.retries.wait_and_retry(attempt, error.wait)):
                    raise
        raise AssertionError("unreachable")


class Forge(Protocol):
    """A forge and one repository on it."""

    @property
    def address(self) -> ForgeAddress:
        """Return where the repository is."""

    @property
    def api(self) -> Api:
        """Return the forge's API."""

    @property
    def body_limit(self) -> int:
        """Return how long a change request's description, a comment or an issue may be, as `body_size` measures it."""

    @property
    def body_size(self) -> Size:
        """Measures a text in the unit of the limit."""

    def find_open(self, head: str) -> tuple[ChangeRequest, ...]:
        """Return the open change requests from a branch of this repository (not of a fork), oldest first."""

    def find_last(self, head: str, *, base: str | None = None) -> ChangeRequest | None:
        """Return the newest change request from a branch of this repository (to any base) that is merged or closed."""

    def create(self, proposal: Proposal, *, title: str, body: str) -> ChangeRequest:
        """Open a change request, without a look at whether there is one."""

    def edit(
        self,
        request: ChangeRequest,
        *,
        title: str | None = None,
        body: str | None = None,
    ) -> None:
        """Change the fields that are not None."""

    def set_draft(self, request: ChangeRequest, *, draft: bool) -> None:
        """Make a draft of it, or make it ready for review."""

    def close(self, request: ChangeRequest, *, body: str | None = None) -> None:
        """Close it without merging, with another text where one is given; the branch stays."""

    def comments(self, request: ChangeRequest) -> tuple[Comment, ...]:
        """Return all comments, oldest first."""

    def user(self) -> str:
        """Return the id of the user that the token belongs to. Raises `ForgeError` if the forge does not report it."""

    def add_comment(self, request: ChangeRequest, text: str) -> None:
        """Say something new."""

    def edit_comment(self, request: ChangeRequest, comment: Comment, text: str) -> None:
        """Replace the text of the comment."""

    def set_metadata(self, request: ChangeRequest, proposal: Proposal) -> tuple[str, ...]:
        """Add the labels, reviewers, assignees and milestone that are missing; what failed comes back as text."""

    def auto_merge(self, request: ChangeRequest) -> None:
        """Have the forge merge it as soon as its rules allow."""

    def access(self) -> Access:
        """Return what the token may do here."""


def find_or_create(forge: Forge, proposal: Proposal, *, title: str, body: str) -> tuple[ChangeRequest, bool]:
    """Return the one open change request from the proposal's branch to its base, and whether this call created it.

    Before each try to create it, and after each that failed, the forge is queried for it:
    an answer may be lost after the creation worked, and another run may have been quicker.
    """
    tried = False
    for attempt in count(1):
        if found := [request for request in forge.find_open(proposal.branch) if request.base == proposal.base]:
            return found[0], tried
        try:
            return forge.create(proposal, title=title, body=body), True
        except ForgeError as error:
            # 409 and 422 mean "already exists", or that the branch just pushed is not known yet.
            doubtful = error.status in (409, 422) and attempt < 3
            if not (doubtful or error.passes) or not forge.api.retries.wait_and_retry(attempt, error.wait):
                raise
            tried = tried or error.status is None or error.status >= 500
    raise AssertionError("unreachable")


def upsert_comment(forge: Forge, request: ChangeRequest, key: str, text: str, *, update_only: bool = False) -> int:
    """Create or update our comment with this key. With `update_only` do not create one.

    The key is hidden in the comment, so that a later run finds it, also after a lost answer. A comment that somebody
    else wrote is never ours, whatever is in it: returns how many such comments have the key.
    """
    marker = f"<!-- kubeaid-ci:comment:{key} -->"
    wanted = f"{marker}\n{text}"
    for attempt in count(1):
        marked = [comment for comment in forge.comments(request) if comment.text.startswith(marker)]
        us = forge.user() if marked else ""
        ours = [comment for comment in marked if us and comment.author == us]
        try:
            if not ours and not update_only:
                forge.add_comment(request, wanted)
            elif ours and ours[0].text.replace("\r\n", "\n").rstrip() != wanted.rstrip():
                forge.edit_comment(request, ours[0], wanted)
        except ForgeError as error:
            if not (error.passes and forge.api.retries.wait_and_retry(attempt, error.wait)):
                raise
        else:
            return len(marked) - len(ours)
    raise AssertionError("unreachable")


def missing(wanted: Iterable[str], present: Iterable[str]) -> list[str]:
    """Return what is wanted and not there; case does not count, and nothing comes twice."""
    there = {name.lower() for name in present}
    return [name for name in dict.fromkeys(wanted) if name.lower() not in there]


def apply_all(*steps: tuple[str, Callable[[], None]]) -> tuple[str, ...]:
    """Do each; what cannot be done does not keep the others back and comes back as a warning."""
    warnings = []
    for name, act in steps:
        try:
            act()
        except KubeaidCiError as error:
            warnings.append(f"could not set the {name}: {error}")
    return tuple(warnings)
