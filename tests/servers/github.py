"""GitHub, as far as publishing needs it."""

import base64
import re
from typing import Any

from tests.servers.forge import PROJECT, US, Change, Forge, Ticket
from tests.servers.git import git
from tests.servers.http import Reply, Request

REPO = f"/repos/{PROJECT}"
TEMPLATE = "/repos/{owner}/{repo}"
NO_DRAFTS = "Draft pull requests are not supported in this repository."
DOCS = "https://docs.github.com/rest"


def invalid(message: str, resource: str = "PullRequest") -> Reply:
    """The 422 that the real one answers, word for word in its shape."""
    error = {"resource": resource, "code": "custom", "message": message}
    return Reply(422, {"message": "Validation Failed", "errors": [error], "documentation_url": DOCS})


def _too_long(asked: dict[str, Any], resource: str = "PullRequest") -> Reply | None:
    if len(asked.get("body") or "") > 65_536:
        return invalid("body is too long (maximum is 65536 characters)", resource)
    if len(asked.get("title") or "") > 256:
        return invalid("title is too long (maximum is 256 characters)", resource)
    return None


OWN = {
    **dict.fromkeys(("collaborators", "disk_usage", "owned_private_repos", "private_gists", "total_private_repos"), 0),
    **dict.fromkeys(("followers", "following", "public_gists", "public_repos"), 0),
    **dict.fromkeys(("bio", "blog", "company", "email", "hireable", "location", "name"), None),
    **dict.fromkeys(("created_at", "updated_at"), "2026-01-01T00:00:00Z"),
    "blog": "",
    "two_factor_authentication": True,
    "user_view_type": "private",
}
"""What GitHub tells of a user only to that user."""


class GitHub(Forge):
    prefix = "/api/v3"
    is_person = True
    """Whether the token is of a person; those of Apps and workflows may not ask for their user."""

    def token(self, request: Request) -> str:
        return request.headers.get("authorization", "").removeprefix("token ").removeprefix("Bearer ")

    def api(self, request: Request) -> Reply:
        path = request.path
        if path == "/api/graphql":
            return self._graphql(request.json)
        path = path.removeprefix(self.prefix)
        if path == "/user":
            return (
                Reply(200, {**self._user("kubeaid-ci"), **OWN})
                if self.is_person
                else Reply(403, {"message": "Resource not accessible"})
            )
        if not path.startswith(REPO):
            return Reply(404, {"message": "Not Found", "documentation_url": DOCS})
        path = path.removeprefix(REPO)
        for verb, pattern, act in self._routes():
            if verb == request.verb and (match := re.fullmatch(pattern, path)):
                return act(request, *map(int, match.groups()))
        return Reply(404, {"message": "Not Found", "documentation_url": DOCS})

    def _routes(self) -> list[tuple[str, str, Any]]:
        return [
            ("GET", "", self._repository),
            ("GET", "/pulls", self._list),
            ("POST", "/pulls", self._create),
            ("PATCH", r"/pulls/(\d+)", self._edit),
            ("GET", r"/pulls/(\d+)/reviews", self._reviews),
            ("POST", r"/pulls/(\d+)/requested_reviewers", self._request_reviewers),
            ("GET", "/issues", self._list_issues),
            ("POST", "/issues", self._create_issue),
            ("GET", r"/issues/(\d+)/comments", self._comments),
            ("POST", r"/issues/(\d+)/comments", self._comment),
            ("PATCH", r"/issues/comments/(\d+)", self._edit_comment),
            ("POST", r"/issues/(\d+)/labels", self._label),
            ("POST", r"/issues/(\d+)/assignees", self._assign),
            ("PATCH", r"/issues/(\d+)", self._edit_issue),
            ("GET", "/milestones", self._list_milestones),
            ("POST", "/git/blobs", self._blob),
            ("POST", "/git/trees", self._tree),
            ("POST", "/git/commits", self._commit),
        ]

    def _filled(self, verb: str, path: str, status: str, values: dict[str, Any]) -> dict[str, Any]:
        known = self.contract.example(verb, f"{TEMPLATE}{path}", status) if self.contract else {}
        return {**known, **values}

    def _user(self, name: str, number: int = US) -> dict[str, Any]:
        urls = (
            "avatar_url events_url followers_url following_url gists_url html_url organizations_url "
            "received_events_url repos_url starred_url subscriptions_url url"
        )
        user = dict.fromkeys(urls.split(), f"https://example.com/{name}")
        return user | {
            "login": name,
            "id": number,
            "node_id": "U7",
            "gravatar_id": "",
            "type": "User",
            "site_admin": False,
        }

    def _pull(self, change: Change, verb: str, path: str, status: str) -> dict[str, Any]:
        full = "someone/config" if change.fork else self.called
        head = {"ref": change.head, "sha": self.repo.head(change.head) or "0" * 40, "label": f"x:{change.head}"}
        url = f"{self.server.url}/{PROJECT}/pull/{change.number}"
        filled = self._filled(verb, path, status, {})
        template_head = filled.get("head") or {}
        repo = {**(template_head.get("repo") or {}), "full_name": full, "id": 2 if change.fork else 1}
        template_base = filled.get("base") or {}
        base_repo = {**(template_base.get("repo") or {}), "full_name": self.called, "id": 1}
        return filled | {
            "number": change.number,
            "node_id": f"PR_{change.number}",
            "html_url": url,
            "title": change.title,
            "body": change.body or None,
            "draft": change.draft,
            "state": "open" if change.state == "open" else "closed",
            "user": self._user("kubeaid-ci"),
            "head": {**template_head, **head, "repo": repo},
            "base": {**template_base, "ref": change.base, "sha": self.repo.head(change.base), "repo": base_repo},
            "merged_at": "2026-01-01T00:00:00Z" if change.state == "merged" else None,
            "labels": [self._label_data(name) for name in change.labels],
            "assignees": [self._user(name) for name in change.assignees],
            "assignee": None,
            "requested_reviewers": [self._user(name) for name in change.reviewers],
            "requested_teams": [self._team(name) for name in change.teams],
            "milestone": self._milestone(change.milestone) if change.milestone else None,
            "auto_merge": {
                "enabled_by": self._user("x"),
                "merge_method": "merge",
                "commit_title": "x",
                "commit_message": "x",
            }
            if change.auto_merge
            else None,
        }

    def _label_data(self, name: str) -> dict[str, Any]:
        return {
            "id": 1,
            "node_id": "L1",
            "url": "https://example.com/l",
            "name": name,
            "description": "",
            "color": "ffffff",
            "default": False,
        }

    def _team(self, slug: str) -> dict[str, Any]:
        urls = dict.fromkeys(("url", "html_url", "repositories_url"), "https://example.com/t")
        return urls | {
            "id": 1,
            "node_id": "T1",
            "name": slug,
            "slug": slug,
            "description": None,
            "privacy": "closed",
            "permission": "push",
            "members_url": "https://example.com/t/members",
            "parent": None,
            "type": "organization",
            "organization_id": 1,
        }

    def _milestone(self, title: str) -> dict[str, Any]:
        urls = dict.fromkeys(("url", "html_url", "labels_url"), "https://example.com/m")
        times = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}
        return {
            **urls,
            **times,
            "id": 1,
            "node_id": "M1",
            "number": self.milestones.index(title) + 1,
            "title": title,
            "description": None,
            "creator": None,
            "open_issues": 0,
            "closed_issues": 0,
            "state": "open",
            "closed_at": None,
            "due_on": None,
        }

    def _repository(self, request: Request) -> Reply:
        permissions = {"admin": False, "pull": True, "push": self.may_push}
        values = {"full_name": PROJECT, "node_id": "R1", "private": True, "permissions": permissions}
        told = {} if self.scopes is None else {"X-OAuth-Scopes": ", ".join(self.scopes)}
        return Reply(200, self._filled("get", "", "200", values), told)

    def _list(self, request: Request) -> Reply:
        owner, _, head = request.one("head").partition(":")
        assert owner == PROJECT.partition("/")[0]
        found = self.listed(head, request.one("state", "open"), newest=request.one("direction") == "desc")
        data = [self._pull(change, "get", "/pulls", "200") for change in found]
        return Reply(200, _page(request, data))

    def _create(self, request: Request) -> Reply:
        asked = request.json
        branches = self.repo.branches()
        for field in ("head", "base"):
            if asked[field] not in branches:
                error = {"resource": "PullRequest", "field": field, "code": "invalid"}
                return Reply(422, {"message": "Validation Failed", "errors": [error], "documentation_url": DOCS})
        present = [change for change in self.open_changes(asked["head"]) if not change.fork]
        if self.unique and any(change.base == asked["base"] for change in present):
            return invalid(f"A pull request already exists for acme:{asked['head']}.")
        if not self.repo.ahead(asked["base"], asked["head"]):
            return invalid(f"No commits between {asked['base']} and {asked['head']}")
        if refusal := _too_long(asked):
            return refusal
        if asked["draft"] and not self.drafts:
            return Reply(422, {"message": NO_DRAFTS, "documentation_url": DOCS})
        change = self.add(
            asked["head"], base=asked["base"], title=asked["title"], body=asked["body"], draft=asked["draft"]
        )
        return Reply(201, self._pull(change, "post", "/pulls", "201"))

    def _edit(self, request: Request, number: int) -> Reply:
        change, asked = self.changes[number], request.json
        if refusal := _too_long(asked):
            return refusal
        for field in ("title", "body", "base", "state"):
            if field in asked:
                setattr(change, field, asked[field])
        return Reply(200, self._pull(change, "patch", "/pulls/{pull_number}", "200"))

    def _reviews(self, request: Request, number: int) -> Reply:
        change = self.changes[number]
        link = {"href": "https://example.com/r"}
        reviews = [
            {
                "id": 1,
                "node_id": "V1",
                "user": self._user(name),
                "body": "",
                "state": "APPROVED",
                "html_url": "https://example.com/r",
                "pull_request_url": "https://example.com/r",
                "commit_id": self.repo.head(change.head),
                "author_association": "MEMBER",
                "_links": {"html": link, "pull_request": link},
            }
            for name in change.reviewed_by
        ]
        return Reply(200, _page(request, reviews))

    def _request_reviewers(self, request: Request, number: int) -> Reply:
        change, asked = self.changes[number], request.json
        if unknown := [name for name in asked.get("reviewers", ()) if name not in self.users]:
            return invalid(f"Reviews may only be requested from collaborators: {unknown}")
        change.reviewers += asked.get("reviewers", ())
        change.teams += asked.get("team_reviewers", ())
        return Reply(201, self._pull(change, "post", "/pulls/{pull_number}/requested_reviewers", "201"))

    def _comment_data(self, number: int) -> dict[str, Any]:
        times = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}
        urls = dict.fromkeys(("url", "html_url", "issue_url"), "https://example.com/c")
        return {
            **times,
            **urls,
            "id": number,
            "node_id": f"C{number}",
            "user": self._user("kubeaid-ci", self.author(number)),
            "body": self.comment_of(number).comments[number],
            "author_association": "MEMBER",
            "performed_via_github_app": None,
        }

    def _comments(self, request: Request, number: int) -> Reply:
        return Reply(200, _page(request, [self._comment_data(each) for each in self.about(number).comments]))

    def _comment(self, request: Request, number: int) -> Reply:
        if refusal := _too_long(request.json, "IssueComment"):
            return refusal
        return Reply(201, self._comment_data(self.comment_id(request.json["body"], self.about(number))))

    def _edit_comment(self, request: Request, number: int) -> Reply:
        self.comment_of(number).comments[number] = request.json["body"]
        return Reply(200, self._comment_data(number))

    def _label(self, request: Request, number: int) -> Reply:
        change = self.changes[number]
        change.labels += request.json["labels"]
        return Reply(200, [self._label_data(name) for name in change.labels])

    def _issue(self, change: Change, verb: str, path: str, status: str) -> dict[str, Any]:
        values = {"number": change.number, "title": change.title, "labels": []}
        return self._filled(verb, path, status, values)

    def _assign(self, request: Request, number: int) -> Reply:
        change = self.changes[number]
        change.assignees += request.json["assignees"]
        return Reply(201, self._issue(change, "post", "/issues/{issue_number}/assignees", "201"))

    def _ticket(self, one: Change | Ticket, verb: str, path: str, status: str) -> dict[str, Any]:
        """An issue as it is listed; change requests are listed along, with one more field."""
        url = f"{self.server.url}/{PROJECT}/issues/{one.number}"
        values = {"number": one.number, "title": one.title, "body": one.body, "html_url": url, "state": one.state}
        links = dict.fromkeys(("url", "html_url", "diff_url", "patch_url"), "https://example.com/p")
        more = {"pull_request": links} if isinstance(one, Change) else {}
        user = self._user("kubeaid-ci", self.author(one.number))
        return self._filled(verb, path, status, values | {"labels": [], "user": user} | more)

    def _list_issues(self, request: Request) -> Reply:
        found = [*self.open_changes(), *self.open_tickets()] if request.one("state", "open") == "open" else []
        return Reply(200, _page(request, [self._ticket(one, "get", "/issues", "200") for one in found]))

    def _create_issue(self, request: Request) -> Reply:
        asked = request.json
        if refusal := _too_long(asked, "Issue"):
            return refusal
        ticket = self.add_ticket(asked["title"], asked["body"])
        return Reply(201, self._ticket(ticket, "post", "/issues", "201"))

    def _edit_issue(self, request: Request, number: int) -> Reply:
        if ticket := self.tickets.get(number):
            for name, value in request.json.items():
                setattr(ticket, name, value)
            return Reply(200, self._ticket(ticket, "patch", "/issues/{issue_number}", "200"))
        change = self.changes[number]
        change.milestone = self.milestones[request.json["milestone"] - 1]
        return Reply(200, self._issue(change, "patch", "/issues/{issue_number}", "200"))

    def _list_milestones(self, request: Request) -> Reply:
        return Reply(200, _page(request, [self._milestone(title) for title in self.milestones]))

    def _blob(self, request: Request) -> Reply:
        sha = self.repo.blob(base64.b64decode(request.json["content"]))
        return Reply(201, {"sha": sha, "url": "https://example.com/b"})

    def _tree(self, request: Request) -> Reply:
        entries: dict[str, tuple[str, str] | None] = {}
        for entry in request.json["tree"]:
            sha = self.repo.blob(entry["content"].encode()) if "content" in entry else entry["sha"]
            entries[entry["path"]] = (entry["mode"], sha) if sha else None
        sha = self.repo.tree(request.json["base_tree"], entries)
        return Reply(201, {"sha": sha, "url": "https://example.com/t", "truncated": False, "tree": []})

    def _commit(self, request: Request) -> Reply:
        asked = request.json
        person = {"GIT_COMMITTER_NAME": "GitHub", "GIT_COMMITTER_EMAIL": "noreply@example.com"}
        above = [part for parent in asked["parents"] for part in ("-p", parent)]
        sha = git(self.repo.folder, "commit-tree", *above, asked["tree"], stdin=asked["message"].encode(), env=person)
        self.commits_by_api += 1
        who = {"name": "kubeaid-ci[bot]", "email": "bot@example.com", "date": "2026-01-01T00:00:00Z"}
        values = {
            "sha": sha,
            "node_id": "C1",
            "url": "https://example.com/c",
            "html_url": "https://example.com/c",
            "message": asked["message"],
            "author": who,
            "committer": who,
            "tree": {"sha": asked["tree"], "url": "https://example.com/t"},
            "parents": [],
            "verification": {
                "verified": True,
                "reason": "valid",
                "signature": "x",
                "payload": "x",
                "verified_at": None,
            },
        }
        return Reply(201, values)

    def _graphql(self, asked: dict[str, Any]) -> Reply:
        if "viewer" in asked["query"]:
            return Reply(200, {"data": {"viewer": {"databaseId": US}}})
        name = re.search(r"\{ (\w+)\(input:", asked["query"])[1]
        given = asked["variables"]["input"]
        if name == "updateRefs":
            return self._update_refs(given["refUpdates"][0])
        change = self.changes[int(given["pullRequestId"].removeprefix("PR_"))]
        if name == "enablePullRequestAutoMerge":
            assert given["expectedHeadOid"] == self.repo.head(change.head)
            change.auto_merge = given["expectedHeadOid"]
        elif not self.drafts:
            return Reply(200, {"data": {name: None}, "errors": [{"type": "UNPROCESSABLE", "message": NO_DRAFTS}]})
        else:
            change.draft = {"convertPullRequestToDraft": True, "markPullRequestReadyForReview": False}[name]
        return Reply(200, {"data": {name: {"clientMutationId": None}}})

    def _update_refs(self, update: dict[str, Any]) -> Reply:
        head = self.repo.head(update["name"].removeprefix("refs/heads/")) or "0" * 40
        if head != update["beforeOid"]:
            return Reply(200, {"data": None, "errors": [{"type": "UNPROCESSABLE", "message": "moved"}]})
        git(self.repo.folder, "update-ref", update["name"], update["afterOid"])
        return Reply(200, {"data": {"updateRefs": {"clientMutationId": None}}})


def _page(request: Request, data: list[Any]) -> list[Any]:
    size, page = int(request.one("per_page", "30")), int(request.one("page", "1"))
    return data[(page - 1) * size : page * size]
