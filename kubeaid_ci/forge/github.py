"""GitHub.com and GitHub Enterprise: one repository, its pull requests and their comments."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubeaid_ci.errors import KubeaidCiError
from kubeaid_ci.forge.answers import reads_answers, user_id
from kubeaid_ci.forge.change_request import ChangeRequest, Comment, Proposal
from kubeaid_ci.forge.forge import ForgeAddress, Size, utf16_size
from kubeaid_ci.forge.github_requests import GRAPHQL, VIEWER, Requests
from kubeaid_ci.forge.interface import PAGE, Api, ForgeError, apply_all, missing
from kubeaid_ci.net.credentials import Access, Token
from kubeaid_ci.net.retries import RetryPolicy

# The limit is 65,536 characters. An emoji may count as two of them, so it is counted as two.
BODY_LIMIT = 60_000
_UNSCOPED = "a fine-grained, App or workflow token, whose permissions show when they are used"


def connect(address: ForgeAddress, token: Token, ca_bundle: Path | None, retries: RetryPolicy) -> "GitHub":
    """Return the repository on GitHub, to be reached with this token."""
    requests = Requests(address, token, ca_bundle, retries.between_writes)
    return GitHub(address, Api(requests, retries), requests.scopes)


@reads_answers
@dataclass(frozen=True, slots=True)
class GitHub:
    """One repository on GitHub."""

    address: ForgeAddress
    api: Api
    scopes: Callable[[], Sequence[str]]
    body_limit: int = BODY_LIMIT
    body_size: Size = utf16_size

    @property
    def _repo(self) -> str:
        return f"/repos/{self.address.project}"

    def find_open(self, head: str) -> tuple[ChangeRequest, ...]:
        """Return the open pull requests from a branch of this repository, oldest first."""
        owner = self.address.project.partition("/")[0]
        found = self.api.pages(
            f"{self._repo}/pulls", state="open", head=f"{owner}:{head}", sort="created", direction="asc"
        )
        # An unknown filter is ignored, and a fork may have the same branch name: look again here.
        return tuple(_request(pull) for pull in found if _is_own(pull, head))

    def find_last(self, head: str, *, base: str | None = None) -> ChangeRequest | None:
        """Return the newest pull request from a branch of this repository (to any base) that is merged or closed."""
        owner = self.address.project.partition("/")[0]
        query = {"state": "closed", "head": f"{owner}:{head}", "sort": "created", "direction": "desc"}
        query |= {"base": base} if base else {}
        found = self.api.listed(f"{self._repo}/pulls", **query, per_page=PAGE)
        own = (_request(pull) for pull in found if _is_own(pull, head))
        return next((request for request in own if base in (None, request.base)), None)

    def create(self, proposal: Proposal, *, title: str, body: str) -> ChangeRequest:
        """Open a pull request."""
        fields = {
            "title": title,
            "body": body,
            "head": proposal.branch,
            "base": proposal.base,
            "draft": proposal.draft,
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
        fields = {"title": title, "body": body}
        self._patch(request, {name: value for name, value in fields.items() if value is not None})

    def _patch(self, request: ChangeRequest, fields: Mapping[str, Any]) -> None:
        self.api.send("PATCH", f"{self._repo}/pulls/{request.number}", body=fields)

    def set_draft(self, request: ChangeRequest, *, draft: bool) -> None:
        """Make a draft of it, or make it ready; only GitHub's GraphQL can."""
        name = "convertPullRequestToDraft" if draft else "markPullRequestReadyForReview"
        self._mutate(name, {"pullRequestId": request.handle})

    def _mutate(self, name: str, arguments: Mapping[str, Any]) -> None:
        self.api.send("POST", GRAPHQL, body=(name, arguments))

    def close(self, request: ChangeRequest, *, body: str | None = None) -> None:
        """Close it without merging."""
        self._patch(request, {"state": "closed", **({} if body is None else {"body": body})})

    def comments(self, request: ChangeRequest) -> tuple[Comment, ...]:
        """Return all comments, oldest first."""
        found = self.api.pages(f"{self._repo}/issues/{request.number}/comments")
        return tuple(Comment(one["id"], one["body"] or "", user_id(one["user"])) for one in found)

    def user(self) -> str:
        """Return the user of the token. A token of an App or a workflow learns it from GraphQL only."""
        try:
            return user_id(self.api.get("/user"))
        except ForgeError as error:
            if error.status not in (401, 403, 404):
                raise
        return user_id({"id": self.api.send("POST", GRAPHQL, body=VIEWER)["data"]["viewer"]["databaseId"]})

    def add_comment(self, request: ChangeRequest, text: str) -> None:
        """Say something new."""
        self.api.send("POST", f"{self._repo}/issues/{request.number}/comments", body={"body": text})

    def edit_comment(self, request: ChangeRequest, comment: Comment, text: str) -> None:  # noqa: ARG002 - GitHub's comment ids are unique
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
        if labels:
            self.api.send("POST", f"{self._repo}/issues/{request.number}/labels", body={"labels": labels})

    def _assign(self, request: ChangeRequest, names: list[str]) -> None:
        if names:
            fields = {"assignees": names}
            self.api.send("POST", f"{self._repo}/issues/{request.number}/assignees", body=fields)

    def _ask_reviewers(self, request: ChangeRequest, proposal: Proposal) -> None:
        people = missing(proposal.reviewers, request.reviewers)
        slugs = [team.rpartition("/")[2] for team in proposal.team_reviewers]
        teams = missing(slugs, request.team_reviewers)
        if people:
            reviews = self.api.pages(f"{self._repo}/pulls/{request.number}/reviews")
            people = missing(people, [review["user"]["login"] for review in reviews if review["user"]])
        if people or teams:
            fields = {"reviewers": people, "team_reviewers": teams}
            path = f"{self._repo}/pulls/{request.number}/requested_reviewers"
            self.api.send("POST", path, body=fields)

    def _set_milestone(self, request: ChangeRequest, title: str | None) -> None:
        if title is None or request.milestone is not None:
            return
        for milestone in self.api.pages(f"{self._repo}/milestones", state="open"):
            if milestone["title"] == title:
                number = milestone["number"]
                self.api.send("PATCH", f"{self._repo}/issues/{request.number}", body={"milestone": number})
                return
        raise KubeaidCiError(f"there is no open milestone {title!r}")

    def auto_merge(self, request: ChangeRequest) -> None:
        """Merge as soon as the branch rules allow, for exactly the commit that was published."""
        arguments = {"pullRequestId": request.handle}
        if request.head_sha:
            arguments["expectedHeadOid"] = request.head_sha
        self._mutate("enablePullRequestAutoMerge", arguments)

    def access(self) -> Access:
        """Return what the token may do here, as far as GitHub reports it beforehand.

        For a classic token GitHub reports the scopes; for other tokens only the permissions of their owner.
        """
        repo = self.api.get(self._repo)
        scopes = [scope for scope in self.scopes() if scope]
        if not scopes:
            return Access(repo["full_name"], read=True, push=None, change_requests=None, detail=_UNSCOPED)
        enough = "repo" in scopes or ("public_repo" in scopes and not repo["private"])
        may = enough and bool((repo.get("permissions") or {}).get("push"))
        detail = f"a classic token with the scopes {', '.join(scopes)}"
        return Access(repo["full_name"], read=True, push=may, change_requests=enough, detail=detail)


def _is_own(pull: Mapping[str, Any], head: str) -> bool:
    """Return whether a pull request is from this branch of the repository itself, compared by id, not by name."""
    repo = pull["head"]["repo"]
    return bool(repo and repo["id"] == pull["base"]["repo"]["id"] and pull["head"]["ref"] == head)


def _request(pull: Mapping[str, Any]) -> ChangeRequest:
    return ChangeRequest(
        number=pull["number"],
        url=pull["html_url"],
        head=pull["head"]["ref"],
        base=pull["base"]["ref"],
        title=pull["title"],
        body=pull["body"] or "",
        draft=bool(pull.get("draft")),
        head_sha=pull["head"]["sha"],
        labels=tuple(label["name"] for label in pull.get("labels") or ()),
        assignees=tuple(person["login"] for person in pull.get("assignees") or ()),
        reviewers=tuple(person["login"] for person in pull.get("requested_reviewers") or ()),
        team_reviewers=tuple(team["slug"] for team in pull.get("requested_teams") or ()),
        milestone=pull["milestone"]["title"] if pull.get("milestone") else None,
        merged=pull.get("merged_at") is not None,
        auto_merge=pull["auto_merge"] is not None if "auto_merge" in pull else None,
        handle=pull.get("node_id") or "",
    )
