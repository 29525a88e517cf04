"""GitLab.com and self-managed GitLab: one project, its merge requests and their notes."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kubeaid_ci.errors import KubeaidCiError
from kubeaid_ci.forge.answers import reads_answers, user_id
from kubeaid_ci.forge.change_request import ChangeRequest, Comment, Proposal
from kubeaid_ci.forge.forge import ForgeAddress, Size, utf8_size
from kubeaid_ci.forge.gitlab_requests import Requests
from kubeaid_ci.forge.interface import PAGE, Api, ForgeError, apply_all, missing
from kubeaid_ci.net.credentials import Access, Token
from kubeaid_ci.net.retries import RetryPolicy

# A description may have 1 MiB in bytes (`Issuable::DESCRIPTION_LENGTH_MAX`), a comment 1,000,000 characters.
BODY_LIMIT = 1_000_000
_DRAFT = "Draft: "
_DEVELOPER = 30
# GitLab is still finding out whether it can merge.
_UNDECIDED = ("unchecked", "checking", "preparing", "approvals_syncing")


def connect(address: ForgeAddress, token: Token, ca_bundle: Path | None, retries: RetryPolicy) -> "GitLab":
    """Return the project on GitLab, to be reached with this token."""
    return GitLab(address, Api(Requests(address, token, ca_bundle), retries))


@reads_answers
@dataclass(frozen=True, slots=True)
class GitLab:
    """One project on GitLab."""

    address: ForgeAddress
    api: Api
    body_limit: int = BODY_LIMIT
    body_size: Size = utf8_size

    @property
    def _project(self) -> str:
        return f"/projects/{quote(self.address.project, safe='')}"

    def _path(self, request: ChangeRequest, rest: str = "") -> str:
        return f"{self._project}/merge_requests/{request.number}{rest}"

    def find_open(self, head: str) -> tuple[ChangeRequest, ...]:
        """Return the open merge requests from a branch of this project, oldest first."""
        found = self.api.pages(
            f"{self._project}/merge_requests",
            state="opened",
            source_branch=head,
            order_by="created_at",
            sort="asc",
        )
        return tuple(_request(merge) for merge in found if _is_own(merge, head))

    def find_last(self, head: str, *, base: str | None = None) -> ChangeRequest | None:
        """Return the newest merge request from a branch of this project (to any base) that is merged or closed."""
        query = {"source_branch": head, "order_by": "created_at", "sort": "desc", "per_page": PAGE}
        query |= {"target_branch": base} if base else {}
        found = self.api.listed(f"{self._project}/merge_requests", **query)
        ended = (merge for merge in found if merge["state"] in ("merged", "closed") and _is_own(merge, head))
        return next((request for request in map(_request, ended) if base in (None, request.base)), None)

    def create(self, proposal: Proposal, *, title: str, body: str) -> ChangeRequest:
        """Open a merge request."""
        fields = {
            "title": _prefixed(title, draft=proposal.draft),
            "description": body,
            "source_branch": proposal.branch,
            "target_branch": proposal.base,
            "remove_source_branch": True,
        }
        return _request(self.api.send("POST", f"{self._project}/merge_requests", body=fields))

    def edit(
        self,
        request: ChangeRequest,
        *,
        title: str | None = None,
        body: str | None = None,
    ) -> None:
        """Change the fields that are not None."""
        prefixed = None if title is None else _prefixed(title, draft=request.draft)
        fields = {"title": prefixed, "description": body}
        self._put(request, {name: value for name, value in fields.items() if value is not None})

    def _put(self, request: ChangeRequest, fields: Mapping[str, Any]) -> Any:
        return self.api.send("PUT", self._path(request), body=fields)

    def set_draft(self, request: ChangeRequest, *, draft: bool) -> None:
        """Make a draft of it, or make it ready: GitLab keeps that in the title."""
        self._put(request, {"title": _prefixed(request.title, draft=draft)})

    def close(self, request: ChangeRequest, *, body: str | None = None) -> None:
        """Close it without merging."""
        self._put(request, {"state_event": "close", **({} if body is None else {"description": body})})

    def comments(self, request: ChangeRequest) -> tuple[Comment, ...]:
        """Return all comments of people and programs, oldest first; GitLab's own remarks are left out."""
        found = self.api.pages(self._path(request, "/notes"), sort="asc", order_by="created_at")
        return tuple(Comment(one["id"], one["body"], user_id(one["author"])) for one in found if not one["system"])

    def user(self) -> str:
        """Return the user of the token."""
        return user_id(self.api.get("/user"))

    def add_comment(self, request: ChangeRequest, text: str) -> None:
        """Say something new."""
        self.api.send("POST", self._path(request, "/notes"), body={"body": text})

    def edit_comment(self, request: ChangeRequest, comment: Comment, text: str) -> None:
        """Replace the text of the comment."""
        self.api.send("PUT", self._path(request, f"/notes/{comment.id}"), body={"body": text})

    def set_metadata(self, request: ChangeRequest, proposal: Proposal) -> tuple[str, ...]:
        """Add missing labels, and people and a milestone if none is set.

        GitLab's free tier keeps one reviewer and one assignee, so adding the rest would never end.
        """
        return apply_all(
            ("labels", lambda: self._label(request, missing(proposal.labels, request.labels))),
            ("assignees", lambda: self._assign(request, proposal)),
            ("reviewers", lambda: self._ask_reviewers(request, proposal)),
            ("milestone", lambda: self._set_milestone(request, proposal.milestone)),
        )

    def _label(self, request: ChangeRequest, labels: list[str]) -> None:
        if labels:
            self._put(request, {"add_labels": ",".join(labels)})

    def _assign(self, request: ChangeRequest, proposal: Proposal) -> None:
        if proposal.assignees and not request.assignees:
            self._put(request, {"assignee_ids": [self._user(name) for name in proposal.assignees]})

    def _ask_reviewers(self, request: ChangeRequest, proposal: Proposal) -> None:
        if request.reviewers or not (proposal.reviewers or proposal.team_reviewers):
            return
        people = [self._user(name) for name in proposal.reviewers]
        for team in proposal.team_reviewers:
            people += [member["id"] for member in self.api.pages(f"/groups/{quote(team, safe='')}/members")]
        self._put(request, {"reviewer_ids": list(dict.fromkeys(people))})

    def _user(self, name: str) -> int:
        for user in self.api.listed("/users", username=name):
            if user["username"].lower() == name.lower():
                return int(user["id"])
        raise KubeaidCiError(f"there is no user {name!r}")

    def _set_milestone(self, request: ChangeRequest, title: str | None) -> None:
        if title is None or request.milestone is not None:
            return
        found = self.api.listed(f"{self._project}/milestones", title=title, state="active", include_ancestors="true")
        if not found:
            raise KubeaidCiError(f"there is no active milestone {title!r}")
        self._put(request, {"milestone_id": found[0]["id"]})

    def auto_merge(self, request: ChangeRequest) -> None:
        """Merge when the pipeline has succeeded, for exactly the commit that was published."""
        for attempt in count(1):
            status = self.api.get(self._path(request)).get("detailed_merge_status")
            if status not in _UNDECIDED or not self.api.retries.wait_and_retry(attempt):
                break
        # The first name is for GitLab before 17.11, the second for those after.
        fields: dict[str, Any] = {"merge_when_pipeline_succeeds": True, "auto_merge": True}
        if request.head_sha:
            fields["sha"] = request.head_sha
        self.api.send("PUT", self._path(request, "/merge"), body=fields)

    def access(self) -> Access:
        """Return what the token may do here, by its scopes and the role that it has in the project or its group."""
        project = self.api.get(self._project)
        roles = [role["access_level"] for role in (project.get("permissions") or {}).values() if role]
        scopes = self._scopes()
        role = max(roles) >= _DEVELOPER if roles else None
        writes = None if scopes is None else "api" in scopes
        pushes = None if scopes is None else not {"api", "write_repository"}.isdisjoint(scopes)
        detail = [f"access level {max(roles)}" if roles else "GitLab does not report the role of the token"]
        detail += [] if scopes is None else [f"scopes {', '.join(scopes)}"]
        return Access(
            project["path_with_namespace"],
            read=True,
            push=_both(role, pushes),
            change_requests=_both(role, writes),
            detail="; ".join(detail),
        )

    def _scopes(self) -> tuple[str, ...] | None:
        """Return the token's own data; None if GitLab has none for this kind of token."""
        try:
            return tuple(self.api.get("/personal_access_tokens/self").get("scopes") or ()) or None
        except ForgeError as error:
            if error.status not in (400, 401, 403, 404):
                raise
            return None


def _both(role: bool | None, scope: bool | None) -> bool | None:  # noqa: FBT001 - two answers of the forge
    """Return whether the role and the scope allow something; None if one is not known and the other does."""
    return False if False in (role, scope) else None if None in (role, scope) else True


def _prefixed(title: str, *, draft: bool) -> str:
    return f"{_DRAFT}{title}" if draft else title


def _is_own(merge: Mapping[str, Any], head: str) -> bool:
    """Return whether a merge request is from this branch of the project itself, and not of a fork."""
    return bool(merge["source_project_id"] == merge["target_project_id"] and merge["source_branch"] == head)


def _request(merge: Mapping[str, Any]) -> ChangeRequest:
    return ChangeRequest(
        number=merge["iid"],
        url=merge["web_url"],
        head=merge["source_branch"],
        base=merge["target_branch"],
        title=merge["title"].removeprefix(_DRAFT),
        body=merge["description"] or "",
        draft=bool(merge.get("draft")),
        head_sha=merge.get("sha") or "",
        labels=tuple(merge["labels"]),
        assignees=tuple(person["username"] for person in merge["assignees"]),
        reviewers=tuple(person["username"] for person in merge.get("reviewers") or ()),
        milestone=merge["milestone"]["title"] if merge.get("milestone") else None,
        merged=merge["state"] == "merged",
        auto_merge=bool(merge.get("merge_when_pipeline_succeeds")),
    )
