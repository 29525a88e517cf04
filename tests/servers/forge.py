"""What all played forges have in common: change requests whose state comes from the real repository behind them."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.servers.contract import Contract
from tests.servers.git import BareRepo, backend, login
from tests.servers.http import Reply, Request, Server

PROJECT = "acme/config"


@dataclass
class Change:
    """One change request."""

    number: int
    title: str
    body: str
    head: str
    base: str
    draft: bool = False
    state: str = "open"
    fork: bool = False
    labels: list[str] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    reviewers: list[str] = field(default_factory=list)
    teams: list[str] = field(default_factory=list)
    milestone: str | None = None
    comments: dict[int, str] = field(default_factory=dict)
    reviewed_by: list[str] = field(default_factory=list)
    auto_merge: str | None = None


US, STRANGER = 7, 8


@dataclass
class Ticket:
    """One issue; `comments` by number, as a change request has them."""

    number: int
    title: str
    body: str
    state: str = "open"
    comments: dict[int, str] = field(default_factory=dict)


@dataclass
class Forge:
    """A forge with one repository. `rights` is what each token may do: read, write, api."""

    root: Path
    contract: Contract | None = None
    rights: dict[str, set[str]] = field(default_factory=dict)
    changes: dict[int, Change] = field(default_factory=dict)
    tickets: dict[int, Ticket] = field(default_factory=dict)
    known_labels: list[str] = field(default_factory=lambda: ["ci", "kube-prometheus"])
    users: list[str] = field(default_factory=lambda: ["alice", "bob"])
    milestones: list[str] = field(default_factory=lambda: ["Q3"])
    commits_by_api: int = 0
    by_strangers: set[int] = field(default_factory=set)
    """The numbers of comments and issues that somebody else than the token's user wrote."""
    drafts: bool = True
    unique: bool = True
    """Whether a second open change request from one branch to the same base is refused, as all forges do."""
    called: str = PROJECT
    """What the repository is called by now; its old address leads to it all the same."""
    tls: Any = None
    below: str = ""
    scopes: tuple[str, ...] | None = ("repo", "api")
    """Those of every token; nothing where the forge does not tell them."""
    may_push: bool = True

    prefix = ""
    closes_with_branch = True

    def __post_init__(self) -> None:
        self.repo = BareRepo.make(self.root / f"{PROJECT}.git", {"README.md": "config\n", "k8s/prod/old.yaml": "old\n"})
        self.server = Server(self._handle, tls=self.tls)
        self.numbers = iter(range(1, 100_000))

    @property
    def git_url(self) -> str:
        return f"{self.server.url}/{PROJECT}.git"

    @property
    def api_url(self) -> str:
        return f"{self.server.url}{self.prefix}"

    def open_changes(self, head: str | None = None) -> list[Change]:
        self.refresh()
        return [change for change in self.changes.values() if change.state == "open" and head in (None, change.head)]

    def listed(self, head: str | None, state: str, *, newest: bool) -> list[Change]:
        """Change requests as the forges list them; those that were merged count as closed."""
        self.refresh()
        wanted = {"open": ("open",), "closed": ("closed", "merged"), "all": ("open", "closed", "merged")}[state]
        found = [change for change in self.changes.values() if change.state in wanted and head in (None, change.head)]
        return found[::-1] if newest else found

    def refresh(self) -> None:
        """Close what lost its branch, as most forges do, and what was merged with Git."""
        branches = self.repo.branches()
        for change in self.changes.values():
            if change.state != "open" or change.fork:
                continue
            if change.head not in branches:
                change.state = "closed" if self.closes_with_branch else "open"
            elif self.repo.ahead(change.base, change.head) == 0:
                change.state = "merged"

    def add(self, head: str, *, base: str = "main", **fields: Any) -> Change:
        """A change request that somebody opened."""
        number = next(self.numbers)
        change = Change(number, fields.pop("title", "By hand"), fields.pop("body", ""), head, base, **fields)
        self.changes[number] = change
        return change

    def add_ticket(self, title: str, body: str) -> Ticket:
        number = next(self.numbers)
        self.tickets[number] = Ticket(number, title, body)
        return self.tickets[number]

    def open_tickets(self) -> list[Ticket]:
        """As the forges list them, the newest first."""
        return [ticket for ticket in reversed(self.tickets.values()) if ticket.state == "open"]

    def about(self, number: int) -> Change | Ticket:
        """What has this number, where both are counted together."""
        return self.changes.get(number) or self.tickets[number]

    def _handle(self, request: Request) -> Reply:
        if re.search(r"/(info/refs|git-(upload|receive)-pack)$", request.path):
            return self._git(request)
        right = self.rights.get(self.token(request))
        if right is None:
            return Reply(401, {"message": "Bad credentials", "documentation_url": "https://example.com/docs"})
        if "api" not in right:
            return Reply(403, {"message": "Resource not accessible", "documentation_url": "https://example.com/docs"})
        self.refresh()
        described = self.contract and not request.path.endswith("/graphql")
        if described:
            self.contract.request(request)
        reply = self.api(request)
        if described:
            self.contract.reply(request, reply)
        return reply

    def _git(self, request: Request) -> Reply:
        right = self.rights.get(login(request) or "")
        if right is None:
            return Reply(401, b"", {"WWW-Authenticate": 'Basic realm="git"', "Content-Type": "text/plain"})
        wanted = "write" if "receive-pack" in request.path + request.one("service") else "read"
        if wanted not in right:
            return Reply(403, b"forbidden", {"Content-Type": "text/plain"})
        owner, name = request.path.strip("/").split("/")[:2]
        if not (self.root / owner / name).with_suffix(".git").is_dir():
            return Reply(404, b"not found", {"Content-Type": "text/plain"})
        return backend(self.root, request)

    def token(self, request: Request) -> str:
        raise NotImplementedError

    def api(self, request: Request) -> Reply:
        raise NotImplementedError

    def author(self, number: int) -> int:
        """The id of the user who wrote a comment or an issue."""
        return STRANGER if number in self.by_strangers else US

    def comment_id(self, text: str, change: Change | Ticket) -> int:
        number = next(self.numbers)
        change.comments[number] = text
        return number

    def comment_of(self, number: int) -> Change | Ticket:
        held = (*self.changes.values(), *self.tickets.values())
        return next(one for one in held if number in one.comments)
