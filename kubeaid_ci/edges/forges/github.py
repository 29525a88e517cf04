"""GitHub.com and GitHub Enterprise, through PyGithub."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubeaid_ci.edges import wire
from kubeaid_ci.edges.forges.interface import MOVED, PAGE, Api, Trouble
from kubeaid_ci.edges.forges.wishes import attempt_each, missing
from kubeaid_ci.edges.patience import Patience
from kubeaid_ci.errors import KubeaidCiError
from kubeaid_ci.model.change_request import ChangeRequest, Comment
from kubeaid_ci.model.credentials import Access, Token
from kubeaid_ci.model.forge import ForgeAddress
from kubeaid_ci.model.publication import Proposal

if TYPE_CHECKING:
    from github.Requester import Requester

# The limit is 65,536 letters; forges count an emoji or an escaped letter in their own way.
BODY_LIMIT = 60_000
GRAPHQL = "/graphql"
RULES = "/settings/rules"
# The least that GitHub asks for where it says that calls come too fast, and not for how long.
_SECONDARY_WAIT = 60.0


def connect(address: ForgeAddress, token: Token, ca_bundle: Path | None, patience: Patience) -> "GitHub":
    """The repository on GitHub, to be reached with this token."""
    requester = cache(partial(_requester, address, token, ca_bundle, patience))
    return GitHub(address, Api(_Requests(address, token, requester), patience), requester)


def needs(address: ForgeAddress, token: Token | None) -> str:
    """What a token must be allowed to do, and where that is set."""
    if token and token.source == "GITHUB_TOKEN":
        return (
            "Give the job `permissions: contents: write, pull-requests: write`, and allow Actions to create pull "
            f"requests at {address.web}/settings/actions (an organisation may forbid it for all its repositories)"
        )
    root = address.web.removesuffix(f"/{address.project}")
    given = f"The token from {token.source}" if token else "A token"
    return (
        f"{given} needs access to {address.project} with Contents: read and write and Pull requests: read and write "
        f"(a classic token: the scope repo), see {root}/settings/personal-access-tokens"
    )


def _requester(address: ForgeAddress, token: Token, ca_bundle: Path | None, patience: Patience) -> "Requester":
    """PyGithub's way to send requests. Importing it takes a third of a second, so only a first request does."""
    from github import Auth, Github

    client = Github(
        base_url=address.api,
        auth=Auth.Token(token.secret),
        timeout=wire.TIMEOUT[1],
        verify=str(ca_bundle) if ca_bundle else True,
        # PyGithub would send a POST again after a lost answer; `Api` repeats what may be repeated.
        retry=None,
        seconds_between_requests=0,
        seconds_between_writes=patience.between_writes,
        user_agent="kubeaid-ci",
    )
    return client.requester


@dataclass(frozen=True, slots=True)
class _Requests:
    """Single requests through PyGithub, its errors made ours and left behind: a traceback would show what they hold."""

    address: ForgeAddress
    token: Token
    requester: "Callable[[], Requester]"

    def __call__(self, verb: str, path: str, *, query: dict[str, Any], body: Any | None) -> Any:
        """The JSON of the answer. To `GRAPHQL` goes a mutation: its name, its input, the fields wanted back."""
        requester = self.requester()
        from github import GithubException

        try:
            if path == GRAPHQL and body is not None:
                name, arguments, wanted = body
                return requester.graphql_named_mutation(name, arguments, wanted)[1]
            status, headers, text = requester.requestJson(verb, path, parameters=query, input=body)
            if status >= 300:
                raise requester.createException(status, headers, _said(text))
            return json.loads(text) if text else None
        except GithubException as error:
            raise self._trouble(error) from None
        except RuntimeError as error:
            # PyGithub follows a redirection within the host alone, and says so for all others.
            message = self.token.redact(f"{self.address.api}: {error}")
            raise Trouble(message, status=None, passes=False) from None
        except OSError as error:
            lost = wire.lost(error)
            message = self.token.redact(f"{self.address.api}: {verb} {path}: {lost.detail}")
            raise Trouble(message, status=None, passes=lost.may_pass) from None
        except ValueError:
            raise Trouble(f"{self.address.api}: {verb} {path}: broken JSON", status=None, passes=True) from None

    def _trouble(self, error: Any) -> Trouble:
        from github import RateLimitExceededException

        headers: Mapping[str, str] = error.headers or {}
        asked = _asked_wait(headers)
        limited = error.status == 429 or isinstance(error, RateLimitExceededException) or asked is not None
        limited = limited and error.status in (403, 429)
        wait = _SECONDARY_WAIT if limited and asked is None else asked
        said = self.token.redact(wire.words(error.data, str(error.data)))
        advice = f". GitHub asks to wait {wait:.0f} seconds" if limited else self._advice(error.status, headers)
        message = f"{self.address.remote}: HTTP {error.status}: {said}{advice}"
        return Trouble(message, status=error.status, passes=limited or error.status >= 500, wait=wait)

    def _advice(self, status: int, headers: Mapping[str, str]) -> str:
        if status < 400:
            return MOVED
        if status == 401:
            return f". The token from {self.token.source} is not accepted: it may have ended or been revoked"
        if status not in (403, 404):
            return ""
        accepted = headers.get("x-accepted-github-permissions") or "contents=write, pull_requests=write"
        return f". {needs(self.address, self.token)} (this call accepts: {accepted})"


@dataclass(frozen=True, slots=True)
class GitHub:
    """One repository on GitHub."""

    address: ForgeAddress
    api: Api
    requester: "Callable[[], Requester]"
    body_limit: int = BODY_LIMIT

    @property
    def _repo(self) -> str:
        return f"/repos/{self.address.project}"

    def find_open(self, head: str) -> tuple[ChangeRequest, ...]:
        """The open pull requests from a branch of this repository, oldest first."""
        owner = self.address.project.partition("/")[0]
        found = self.api.pages(
            f"{self._repo}/pulls", state="open", head=f"{owner}:{head}", sort="created", direction="asc"
        )
        # An unknown filter is ignored, and a fork may have the same branch name: look again here.
        return tuple(_request(pull) for pull in found if _is_own(pull, head))

    def find_last(self, head: str) -> ChangeRequest | None:
        """The newest pull request from a branch of this repository that is merged or closed, or nothing."""
        owner = self.address.project.partition("/")[0]
        query = {"state": "closed", "head": f"{owner}:{head}", "sort": "created", "direction": "desc"}
        found = self.api.get(f"{self._repo}/pulls", **query, per_page=PAGE)
        return next((_request(pull) for pull in found if _is_own(pull, head)), None)

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
        base: str | None = None,
    ) -> None:
        """Change what is given."""
        fields = {"title": title, "body": body, "base": base}
        self._patch(request, {name: value for name, value in fields.items() if value is not None})

    def _patch(self, request: ChangeRequest, fields: Mapping[str, Any]) -> None:
        self.api.send("PATCH", f"{self._repo}/pulls/{request.number}", body=fields)

    def set_draft(self, request: ChangeRequest, *, draft: bool) -> None:
        """Make a draft of it, or make it ready; only GitHub's GraphQL can."""
        name = "convertPullRequestToDraft" if draft else "markPullRequestReadyForReview"
        self._mutate(name, {"pullRequestId": request.handle})

    def _mutate(self, name: str, arguments: Mapping[str, Any]) -> None:
        self.api.send("POST", GRAPHQL, body=(name, arguments, "clientMutationId"))

    def close(self, request: ChangeRequest, *, body: str | None = None) -> None:
        """Close it without merging."""
        self._patch(request, {"state": "closed", **({} if body is None else {"body": body})})

    def comments(self, request: ChangeRequest) -> tuple[Comment, ...]:
        """All comments, oldest first."""
        found = self.api.pages(f"{self._repo}/issues/{request.number}/comments")
        return tuple(Comment(comment["id"], comment["body"] or "") for comment in found)

    def add_comment(self, request: ChangeRequest, text: str) -> None:
        """Say something new."""
        self.api.send("POST", f"{self._repo}/issues/{request.number}/comments", body={"body": text})

    def edit_comment(self, request: ChangeRequest, comment: Comment, text: str) -> None:  # noqa: ARG002 - GitHub numbers comments alone
        """Say it anew in the same place."""
        self.api.send("PATCH", f"{self._repo}/issues/comments/{comment.id}", body={"body": text})

    def decorate(self, request: ChangeRequest, proposal: Proposal) -> tuple[str, ...]:
        """Add what is missing; who has reviewed already is not asked again."""
        return attempt_each(
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
        """What the token may do here, as far as GitHub says before it is tried."""
        repo = self.api.get(self._repo)
        may = repo.get("permissions") or {}
        scopes = self.requester().oauth_scopes
        detail = f"classic scopes: {', '.join(scopes)}" if scopes else "a fine-grained, App or workflow token"
        return Access(repo["full_name"], read=True, push=may.get("push"), change_requests=None, detail=detail)


def _is_own(pull: Mapping[str, Any], head: str) -> bool:
    """Whether a pull request is from this branch of the repository itself: its name may have changed, its id not."""
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
        labels=tuple(label["name"] for label in pull["labels"]),
        assignees=tuple(person["login"] for person in pull.get("assignees") or ()),
        reviewers=tuple(person["login"] for person in pull.get("requested_reviewers") or ()),
        team_reviewers=tuple(team["slug"] for team in pull.get("requested_teams") or ()),
        milestone=pull["milestone"]["title"] if pull["milestone"] else None,
        merged=pull.get("merged_at") is not None,
        auto_merge=pull["auto_merge"] is not None,
        handle=pull["node_id"],
    )


def _said(text: str) -> dict[str, Any]:
    """The JSON of an answer that is an error, with a message; a proxy on the way may answer with something else."""
    try:
        data = json.loads(text)
    except ValueError:
        data = None
    known = isinstance(data, dict) and isinstance(data.get("message"), str)
    return data if known else {"message": wire.words(data, text)}


def _asked_wait(headers: Mapping[str, str]) -> float | None:
    """The seconds that GitHub asks to wait, or nothing."""
    after, reset = headers.get("retry-after", ""), headers.get("x-ratelimit-reset", "")
    if after.isdigit():
        return float(after)
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
        return max(0.0, int(reset) - time.time()) + 1
    return None
