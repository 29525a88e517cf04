"""Gitea and Forgejo, as far as publishing needs them."""

import re
from typing import Any

from tests.servers.forge import PROJECT, US, Change, Forge, Ticket
from tests.servers.http import Reply, Request

REPO = f"/repos/{PROJECT}"
# Servers may be set to give shorter pages than asked for; this one is.
LARGEST_PAGE = 3


class Gitea(Forge):
    prefix = "/api/v1"

    def token(self, request: Request) -> str:
        return request.headers.get("authorization", "").removeprefix("token ")

    def api(self, request: Request) -> Reply:
        path = request.path.removeprefix(self.prefix)
        for verb, pattern, act in self._routes():
            if verb == request.verb and (match := re.fullmatch(pattern, path)):
                return act(request, *map(int, match.groups()))
        return Reply(404, {"message": "not found", "url": "https://example.com/api/swagger"})

    def _routes(self) -> list[tuple[str, str, Any]]:
        return [
            ("GET", REPO, self._repository),
            ("GET", f"{REPO}/pulls", self._list),
            ("POST", f"{REPO}/pulls", self._create),
            ("PATCH", rf"{REPO}/pulls/(\d+)", self._edit),
            ("GET", rf"{REPO}/pulls/(\d+)/reviews", self._reviews),
            ("POST", rf"{REPO}/pulls/(\d+)/requested_reviewers", self._request_reviewers),
            ("POST", rf"{REPO}/pulls/(\d+)/merge", self._merge),
            ("GET", f"{REPO}/issues", self._list_issues),
            ("GET", "/user", lambda _: Reply(200, {"id": US, "login": "kubeaid-ci"})),
            ("POST", f"{REPO}/issues", self._create_issue),
            ("PATCH", rf"{REPO}/issues/(\d+)", self._edit_issue),
            ("GET", rf"{REPO}/issues/(\d+)/comments", self._comments),
            ("POST", rf"{REPO}/issues/(\d+)/comments", self._comment),
            ("PATCH", rf"{REPO}/issues/comments/(\d+)", self._edit_comment),
            ("POST", rf"{REPO}/issues/(\d+)/labels", self._label),
            ("GET", f"{REPO}/labels", self._labels),
            ("GET", f"{REPO}/milestones", self._list_milestones),
        ]

    def _data(self, change: Change) -> dict[str, Any]:
        full = "someone/config" if change.fork else self.called
        return {
            "id": 1000 + change.number,
            "number": change.number,
            "html_url": f"{self.server.url}/{PROJECT}/pulls/{change.number}",
            "title": change.title,
            "body": change.body,
            "state": "open" if change.state == "open" else "closed",
            "merged": change.state == "merged",
            "draft": change.title.startswith("WIP: "),
            "head": {
                "ref": change.head,
                "sha": self.repo.head(change.head) or "",
                "repo_id": 2 if change.fork else 1,
                "repo": {"full_name": full},
            },
            "base": {"ref": change.base, "repo_id": 1, "repo": {"full_name": self.called}},
            "labels": [self._label_data(name) for name in change.labels],
            "assignees": [{"login": name} for name in change.assignees],
            "requested_reviewers": [{"login": name} for name in change.reviewers],
            "requested_reviewers_teams": [{"name": name} for name in change.teams],
            # The real one sends null here, which its description does not allow.
            **({"milestone": self._milestone(change.milestone)} if change.milestone else {}),
        }

    def _label_data(self, name: str) -> dict[str, Any]:
        return {"id": self.known_labels.index(name) + 1, "name": name, "color": "ffffff"}

    def _milestone(self, title: str) -> dict[str, Any]:
        return {"id": self.milestones.index(title) + 1, "title": title, "state": "open"}

    def _repository(self, request: Request) -> Reply:
        permissions = {"admin": False, "push": self.may_push, "pull": True}
        data = {"full_name": PROJECT, "permissions": permissions, "default_merge_style": "squash"}
        return Reply(200, data)

    def _list(self, request: Request) -> Reply:
        found = self.listed(None, request.one("state", "open"), newest=request.one("sort") == "recentupdate")
        return Reply(200, _page(request, [self._data(change) for change in found]))

    def _create(self, request: Request) -> Reply:
        asked = request.json
        if len(asked["title"]) > 255:
            return Reply(422, {"message": "title is too long", "url": "https://example.com/api/swagger"})
        branches = self.repo.branches()
        if asked["head"] not in branches or asked["base"] not in branches:
            return Reply(404, {"message": "branch does not exist", "url": "https://example.com/api/swagger"})
        for change in self.open_changes(asked["head"]):
            if self.unique and change.base == asked["base"] and not change.fork:
                return Reply(409, {"message": "pull request already exists", "url": "https://example.com"})
        change = self.add(asked["head"], base=asked["base"], title=asked["title"], body=asked["body"])
        return Reply(201, self._data(change))

    def _edit(self, request: Request, number: int) -> Reply:
        change, asked = self.changes[number], request.json
        for field in ("title", "body", "base", "state", "assignees"):
            if field in asked:
                setattr(change, field, asked[field])
        if "milestone" in asked:
            change.milestone = self.milestones[asked["milestone"] - 1]
        return Reply(201, self._data(change))

    def _ticket(self, ticket: Ticket) -> dict[str, Any]:
        url = f"{self.server.url}/{PROJECT}/issues/{ticket.number}"
        told = {"number": ticket.number, "title": ticket.title, "body": ticket.body, "state": ticket.state}
        told["user"] = {"id": self.author(ticket.number), "login": "x"}
        return {"id": 1000 + ticket.number, "html_url": url, **told}

    def _list_issues(self, request: Request) -> Reply:
        assert (request.one("state"), request.one("type")) == ("open", "issues")
        return Reply(200, _page(request, [self._ticket(ticket) for ticket in self.open_tickets()]))

    def _create_issue(self, request: Request) -> Reply:
        return Reply(201, self._ticket(self.add_ticket(request.json["title"], request.json["body"])))

    def _edit_issue(self, request: Request, number: int) -> Reply:
        for name, value in request.json.items():
            setattr(self.tickets[number], name, value)
        return Reply(201, self._ticket(self.tickets[number]))

    def _reviews(self, request: Request, number: int) -> Reply:
        reviews = [{"id": 1, "user": {"login": name}} for name in self.changes[number].reviewed_by]
        return Reply(200, _page(request, reviews))

    def _request_reviewers(self, request: Request, number: int) -> Reply:
        change, asked = self.changes[number], request.json
        if any(name not in self.users for name in asked["reviewers"]):
            return Reply(404, {"message": "user does not exist", "url": "https://example.com/api/swagger"})
        change.reviewers += asked["reviewers"]
        change.teams += asked["team_reviewers"]
        return Reply(201, [])

    def _merge(self, request: Request, number: int) -> Reply:
        change, asked = self.changes[number], request.json
        assert asked["Do"] == "squash"
        assert asked["merge_when_checks_succeed"] is True
        assert asked["head_commit_id"] == self.repo.head(change.head)
        change.auto_merge = asked["head_commit_id"]
        return Reply(200, None)

    def _comment_data(self, number: int) -> dict[str, Any]:
        user = {"id": self.author(number), "login": "x"}
        return {"id": number, "body": self.comment_of(number).comments[number], "user": user}

    def _comments(self, request: Request, number: int) -> Reply:
        return Reply(200, [self._comment_data(each) for each in self.about(number).comments])

    def _comment(self, request: Request, number: int) -> Reply:
        return Reply(201, self._comment_data(self.comment_id(request.json["body"], self.about(number))))

    def _edit_comment(self, request: Request, number: int) -> Reply:
        self.comment_of(number).comments[number] = request.json["body"]
        return Reply(200, self._comment_data(number))

    def _label(self, request: Request, number: int) -> Reply:
        change = self.changes[number]
        change.labels += [self.known_labels[each - 1] for each in request.json["labels"]]
        return Reply(200, [self._label_data(name) for name in change.labels])

    def _labels(self, request: Request) -> Reply:
        return Reply(200, _page(request, [self._label_data(name) for name in self.known_labels]))

    def _list_milestones(self, request: Request) -> Reply:
        found = [title for title in self.milestones if request.one("name", title) == title]
        return Reply(200, [self._milestone(title) for title in found])


def _page(request: Request, data: list[Any]) -> list[Any]:
    size, page = min(int(request.one("limit", "30")), LARGEST_PAGE), int(request.one("page", "1"))
    return data[(page - 1) * size : page * size]
