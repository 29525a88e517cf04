"""Gitea and Forgejo: one repository, its pull requests and their comments."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubeaid_ci.errors import KubeaidCiError
from kubeaid_ci.forge.answers import reads_answers, user_id
from kubeaid_ci.forge.change_request import ChangeRequest, Comment, Proposal
from kubeaid_ci.forge.forge import ForgeAddress, Size, utf8_size
from kubeaid_ci.forge.gitea_requests import Requests
from kubeaid_ci.forge.interface import PAGE, Api, ForgeError, apply_all, missing
from kubeaid_ci.net.credentials import Access, Token
from kubeaid_ci.net.retries import RetryPolicy

# The API has no limit of its own; how long a text the database takes depends on it, and is counted in bytes.
BODY_LIMIT = 1_000_000
_DRAFT = "WIP: "
# How far back a closed pull request is looked for: there is no filter for the branch.
_LAST_PAGES = 2


def connect(address: ForgeAddress, token: Token, ca_bundle: Path | None, retries: RetryPolicy) -> "Gitea":
    """Return the repository on Gitea or Forgejo, to be reached with this token."""
    return Gitea(address, Api(Requests(address, token, ca_bundle), retries))


@reads_answers
@dataclass(frozen=True, slots=True)
class Gitea:
    """One repository on Gitea or Forgejo."""

    address: ForgeAddress
    api: Api
    body_limit: int = BODY_LIMIT
    body_size: Size = utf8_size

    @property
    def _repo(self) -> str:
        return f"/repos/{self.address.project}"

    def find_open(self, head: str) -> tuple[ChangeRequest, ...]:
        """Return the open pull requests from a branch of this repository, oldest first."""
        # There is no filter for the branch, and the server may give shorter pages than requested.
        found = self.api.pages(f"{self._repo}/pulls", size_name="limit", capped=True, state="open")
        own = [pull for pull in found if _is_own(pull, head)]
        return tuple(_request(pull) for pull in sorted(own, key=lambda pull: int(pull["number"])))

    def find_last(self, head: str, *, base: str | None = None) -> ChangeRequest | None:
        """Return the newest pull request from a branch of this repository (to any base) that is merged or closed.

        Only the pages of the pull requests that were updated last are read.
        """
        found: list[Mapping[str, Any]] = []
        for page in range(1, _LAST_PAGES + 1):
            query = {"state": "closed", "sort": "recentupdate", "limit": PAGE, "page": page}
            found += self.api.listed(f"{self._repo}/pulls", **query)
        own = [_request(pull) for pull in found if _is_own(pull, head)]
        fitting = [request for request in own if base in (None, request.base)]
        return max(fitting, key=lambda request: request.number, default=None)

    def create(self, proposal: Proposal, *, title: str, body: str) -> ChangeRequest:
        """Open a pull request."""
        fields = {
            "title": _prefixed(title, draft=proposal.draft),
            "body": body,
            "head": proposal.branch,
            "base": proposal.base,
        }
        return _request(self.api.send("POST", f"{self._repo}/pulls", body=fields))

    def edit(
        self,
        request: ChangeRequest,
        *,
        title: str | None = None,
        body: str | None = None,
    ) -> None:
        """Change the fields that are not None."""
        prefixed = None if title is None else _prefixed(title, draft=request.draft)
        fields = {"title": prefixed, "body": body}
        self._patch(request, {name: value for name, value in fields.items() if value is not None})

    def _patch(self, request: ChangeRequest, fields: Mapping[str, Any]) -> None:
        self.api.send("PATCH", f"{self._repo}/pulls/{request.number}", body=fields)

    def set_draft(self, request: ChangeRequest, *, draft: bool) -> None:
        """Make a draft of it, or make it ready: Gitea keeps that in the title."""
        self._patch(request, {"title": _prefixed(request.title, draft=draft)})

    def close(self, request: ChangeRequest, *, body: str | None = None) -> None:
        """Close it without merging."""
        self._patch(request, {"state": "closed", **({} if body is None else {"body": body})})

    def comments(self, request: ChangeRequest) -> tuple[Comment, ...]:
        """Return all comments, oldest first."""
        found = self.api.listed(f"{self._repo}/issues/{request.number}/comments")
        return tuple(Comment(one["id"], one["body"], user_id(one["user"])) for one in found)

    def user(self) -> str:
        """Return the user of the token, which needs the scope ``read:user``."""
        return user_id(self.api.get("/user"))

    def add_comment(self, request: ChangeRequest, text: str) -> None:
        """Say something new."""
        self.api.send("POST", f"{self._repo}/issues/{request.number}/comments", body={"body": text})

    def edit_comment(self, request: ChangeRequest, comment: Comment, text: str) -> None:  # noqa: ARG002 - Gitea's comment ids are unique
        """Replace the text of the comment."""
        self.api.send("PATCH", f"{self._repo}/issues/comments/{comment.id}", body={"body": text})

    def set_metadata(self, request: ChangeRequest, proposal: Proposal) -> tuple[str, ...]:
        """Add what is missing; who has reviewed already is not requested again."""
        return apply_all(
            ("labels", lambda: self._label(request, missing(proposal.labels, request.labels))),
            ("assignees", lambda: self._assign(request, missing(proposal.assignees, request.assignees))),
            ("reviewers", lambda: self._ask_reviewers(request, proposal)),
            ("milestone", lambda: self._set_milestone(request, proposal.milestone)),
        )

    def _label(self, request: ChangeRequest, labels: list[str]) -> None:
        if not labels:
            return
        known = {label["name"].lower(): label["id"] for label in self._known_labels()}
        found = [known[name.lower()] for name in labels if name.lower() in known]
        if found:
            path = f"{self._repo}/issues/{request.number}/labels"
            self.api.send("POST", path, body={"labels": found})
        if lacking := [name for name in labels if name.lower() not in known]:
            raise KubeaidCiError(f"make them first at {self.address.web}/labels: {', '.join(lacking)}")

    def _known_labels(self) -> list[Mapping[str, Any]]:
        """Return the labels of the repository and, where its owner is one, of the organisation."""
        own = list(self.api.pages(f"{self._repo}/labels", size_name="limit", capped=True))
        owner = self.address.project.partition("/")[0]
        try:
            return own + list(self.api.pages(f"/orgs/{owner}/labels", size_name="limit", capped=True))
        except ForgeError as error:
            if error.status not in (403, 404):
                raise
            return own

    def _assign(self, request: ChangeRequest, names: list[str]) -> None:
        if names:
            self._patch(request, {"assignees": [*request.assignees, *names]})

    def _ask_reviewers(self, request: ChangeRequest, proposal: Proposal) -> None:
        people = missing(proposal.reviewers, request.reviewers)
        names = [team.rpartition("/")[2] for team in proposal.team_reviewers]
        teams = missing(names, request.team_reviewers)
        if people or teams:
            path = f"{self._repo}/pulls/{request.number}/reviews"
            reviews = list(self.api.pages(path, size_name="limit", capped=True))
            people = missing(people, [review["user"]["login"] for review in reviews if review.get("user")])
            teams = missing(teams, [review["team"]["name"] for review in reviews if review.get("team")])
        if people or teams:
            path = f"{self._repo}/pulls/{request.number}/requested_reviewers"
            self.api.send("POST", path, body={"reviewers": people, "team_reviewers": teams})

    def _set_milestone(self, request: ChangeRequest, title: str | None) -> None:
        if title is None or request.milestone is not None:
            return
        for milestone in self.api.listed(f"{self._repo}/milestones", state="open", name=title):
            if milestone["title"] == title:
                self._patch(request, {"milestone": milestone["id"]})
                return
        raise KubeaidCiError(f"there is no open milestone {title!r}")

    def auto_merge(self, request: ChangeRequest) -> None:
        """Merge when the checks have succeeded, for exactly the commit that was published."""
        style = self.api.get(self._repo).get("default_merge_style") or "merge"
        fields = {"Do": style, "merge_when_checks_succeed": True, "delete_branch_after_merge": True}
        if request.head_sha:
            fields["head_commit_id"] = request.head_sha
        self.api.send("POST", f"{self._repo}/pulls/{request.number}/merge", body=fields)

    def access(self) -> Access:
        """Return what the token's user may do here; which scopes the token has shows only when they are used."""
        repo = self.api.get(self._repo)
        may = (repo.get("permissions") or {}).get("push")
        detail = "the rights of its user; its scopes show when they are used"
        return Access(repo["full_name"], read=True, push=may, change_requests=may, detail=detail)


def _prefixed(title: str, *, draft: bool) -> str:
    return f"{_DRAFT}{title}" if draft else title


def _is_own(pull: Mapping[str, Any], head: str) -> bool:
    """Return whether a pull request is from this branch of the repository itself, compared by id, not by name."""
    return bool(pull["head"]["repo_id"] == pull["base"]["repo_id"] and pull["head"]["ref"] == head)


def _request(pull: Mapping[str, Any]) -> ChangeRequest:
    return ChangeRequest(
        number=pull["number"],
        url=pull["html_url"],
        head=pull["head"]["ref"],
        base=pull["base"]["ref"],
        title=pull["title"].removeprefix(_DRAFT),
        body=pull["body"] or "",
        draft=bool(pull.get("draft", pull["title"].startswith(_DRAFT))),
        head_sha=pull["head"].get("sha") or "",
        labels=tuple(label["name"] for label in pull.get("labels") or ()),
        assignees=tuple(person["login"] for person in pull.get("assignees") or ()),
        reviewers=tuple(person["login"] for person in pull.get("requested_reviewers") or ()),
        team_reviewers=tuple(team["name"] for team in pull.get("requested_reviewers_teams") or ()),
        milestone=pull["milestone"]["title"] if pull.get("milestone") else None,
        merged=bool(pull.get("merged")),
    )
