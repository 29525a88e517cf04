"""GitLab, as far as publishing needs it."""

import re
from typing import Any
from urllib.parse import quote

from tests.servers.forge import PROJECT, US, Change, Forge, Ticket
from tests.servers.http import Reply, Request

REPO = f"/projects/{quote(PROJECT, safe='')}"


class GitLab(Forge):
    prefix = "/api/v4"
    closes_with_branch = False

    def token(self, request: Request) -> str:
        return request.headers.get("authorization", "").removeprefix("Bearer ")

    def api(self, request: Request) -> Reply:
        path = request.path.removeprefix(self.prefix)
        for verb, pattern, act in self._routes():
            if verb == request.verb and (match := re.fullmatch(pattern, path)):
                return act(request, *map(int, match.groups()))
        return Reply(404, {"message": "404 Not Found"})

    def _routes(self) -> list[tuple[str, str, Any]]:
        merges, issues = f"{REPO}/merge_requests", f"{REPO}/issues"
        return [
            ("GET", REPO, self._project),
            ("GET", "/personal_access_tokens/self", self._self),
            ("GET", merges, self._list),
            ("POST", merges, self._create),
            ("GET", rf"{merges}/(\d+)", self._get),
            ("PUT", rf"{merges}/(\d+)", self._edit),
            ("PUT", rf"{merges}/(\d+)/merge", self._merge),
            ("GET", rf"{merges}/(\d+)/notes", self._notes),
            ("POST", rf"{merges}/(\d+)/notes", self._note),
            ("PUT", rf"{merges}/(\d+)/notes/(\d+)", self._edit_note),
            ("GET", issues, self._list_issues),
            ("POST", issues, self._create_issue),
            ("PUT", rf"{issues}/(\d+)", self._edit_issue),
            ("GET", rf"{issues}/(\d+)/notes", self._issue_notes),
            ("POST", rf"{issues}/(\d+)/notes", self._issue_note),
            ("GET", "/users", self._users),
            ("GET", "/user", lambda _: Reply(200, {"id": US, "username": "kubeaid-ci"})),
            ("GET", f"/groups/{quote('acme/sre', safe='')}/members", self._members),
            ("GET", f"{REPO}/milestones", self._list_milestones),
        ]

    def _person(self, name: str) -> dict[str, Any]:
        return {"id": self.users.index(name) + 1, "username": name, "name": name, "state": "active"}

    def _data(self, change: Change) -> dict[str, Any]:
        states = {"open": "opened", "closed": "closed", "merged": "merged"}
        return {
            "id": 1000 + change.number,
            "iid": change.number,
            "project_id": 1,
            "title": change.title,
            "description": change.body or None,
            "state": states[change.state],
            "created_at": "2026-01-01T00:00:00.000Z",
            "source_branch": change.head,
            "target_branch": change.base,
            "source_project_id": 2 if change.fork else 1,
            "target_project_id": 1,
            "web_url": f"{self.server.url}/{PROJECT}/-/merge_requests/{change.number}",
            "draft": change.title.startswith("Draft: "),
            "sha": self.repo.head(change.head),
            "labels": change.labels,
            "assignees": [self._person(name) for name in change.assignees],
            "reviewers": [self._person(name) for name in change.reviewers],
            "milestone": {"id": 1, "title": change.milestone} if change.milestone else None,
            "merge_when_pipeline_succeeds": change.auto_merge is not None,
            "detailed_merge_status": "ci_still_running",
        }

    def _project(self, request: Request) -> Reply:
        level = 30 if self.may_push else 20
        permissions = {"project_access": None, "group_access": {"access_level": level, "notification_level": 3}}
        return Reply(200, {"id": 1, "path_with_namespace": PROJECT, "permissions": permissions})

    def _self(self, request: Request) -> Reply:
        if self.scopes is None:
            return Reply(404, {"message": "404 Not Found"})
        return Reply(
            200, {"id": 1, "name": "kubeaid-ci", "revoked": False, "active": True, "scopes": list(self.scopes)}
        )

    def _list(self, request: Request) -> Reply:
        state = {"opened": "open"}.get(request.one("state"), "all")
        found = self.listed(request.one("source_branch"), state, newest=request.one("sort") == "desc")
        return Reply(200, _page(request, [self._data(change) for change in found]))

    def _refusal(self, asked: dict[str, Any]) -> Reply | None:
        """GitLab counts a description in bytes (`Issuable::DESCRIPTION_LENGTH_MAX`), a title in characters."""
        text = asked.get("description") or ""
        if len(text.encode()) > 1_048_576:
            return Reply(400, {"message": {"description": ["is too long. The maximum size is 1 MiB."]}})
        if len(asked.get("title") or "") > 255:
            return Reply(400, {"message": {"title": ["is too long (maximum is 255 characters)"]}})
        return None

    def _create(self, request: Request) -> Reply:
        asked = request.json
        if refusal := self._refusal(asked):
            return refusal
        branches = self.repo.branches()
        if asked["source_branch"] not in branches or asked["target_branch"] not in branches:
            return Reply(400, {"message": {"source_branch": ["does not exist"]}})
        for change in self.open_changes(asked["source_branch"]):
            if self.unique and change.base == asked["target_branch"] and not change.fork:
                said = f"Another open merge request already exists for this source branch: !{change.number}"
                return Reply(409, {"message": [said]})
        change = self.add(
            asked["source_branch"], base=asked["target_branch"], title=asked["title"], body=asked["description"]
        )
        return Reply(201, self._data(change))

    def _get(self, request: Request, number: int) -> Reply:
        return Reply(200, self._data(self.changes[number]))

    def _edit(self, request: Request, number: int) -> Reply:
        change, asked = self.changes[number], request.json
        if refusal := self._refusal(asked):
            return refusal
        names = {"title": "title", "description": "body", "target_branch": "base"}
        for name, value in asked.items():
            if name in names:
                setattr(change, names[name], value)
        if asked.get("state_event") == "close":
            change.state = "closed"
        change.labels += asked["add_labels"].split(",") if "add_labels" in asked else []
        # The free tier keeps the first only.
        if "reviewer_ids" in asked:
            change.reviewers = [self.users[asked["reviewer_ids"][0] - 1]]
        if "assignee_ids" in asked:
            change.assignees = [self.users[asked["assignee_ids"][0] - 1]]
        if "milestone_id" in asked:
            change.milestone = self.milestones[asked["milestone_id"] - 1]
        return Reply(200, self._data(change))

    def _merge(self, request: Request, number: int) -> Reply:
        change = self.changes[number]
        if request.json["sha"] != self.repo.head(change.head):
            return Reply(409, {"message": "SHA does not match HEAD of source branch"})
        change.auto_merge = request.json["sha"]
        return Reply(200, self._data(change))

    def _note_data(self, number: int, text: str, *, system: bool = False) -> dict[str, Any]:
        author = {"id": self.author(number), "username": "x"}
        return {
            "id": number,
            "body": text,
            "system": system,
            "author": author,
            "created_at": "2026-01-01T00:00:00.000Z",
        }

    def _notes(self, request: Request, number: int) -> Reply:
        said = [self._note_data(each, text) for each, text in self.changes[number].comments.items()]
        return Reply(200, _page(request, [self._note_data(1, "changed the title", system=True), *said]))

    def _note(self, request: Request, number: int) -> Reply:
        text = request.json["body"]
        if len(text) > 1_000_000:
            return Reply(400, {"message": {"note": ["is too long (maximum is 1000000 characters)"]}})
        return Reply(201, self._note_data(self.comment_id(text, self.changes[number]), text))

    def _edit_note(self, request: Request, number: int, note: int) -> Reply:
        self.changes[number].comments[note] = request.json["body"]
        return Reply(200, self._note_data(note, request.json["body"]))

    def _ticket(self, ticket: Ticket) -> dict[str, Any]:
        url = f"{self.server.url}/{PROJECT}/-/issues/{ticket.number}"
        state = "opened" if ticket.state == "open" else "closed"
        told = {"iid": ticket.number, "title": ticket.title, "description": ticket.body, "state": state}
        told["author"] = {"id": self.author(ticket.number), "username": "x"}
        return {"id": 1000 + ticket.number, "project_id": 1, "web_url": url, **told}

    def _list_issues(self, request: Request) -> Reply:
        assert request.one("state") == "opened"
        return Reply(200, _page(request, [self._ticket(ticket) for ticket in self.open_tickets()]))

    def _create_issue(self, request: Request) -> Reply:
        if refusal := self._refusal(request.json):
            return refusal
        return Reply(201, self._ticket(self.add_ticket(request.json["title"], request.json["description"])))

    def _edit_issue(self, request: Request, number: int) -> Reply:
        ticket, asked = self.tickets[number], request.json
        ticket.title, ticket.body = asked.get("title", ticket.title), asked.get("description", ticket.body)
        ticket.state = "closed" if asked.get("state_event") == "close" else ticket.state
        return Reply(200, self._ticket(ticket))

    def _issue_notes(self, request: Request, number: int) -> Reply:
        said = [self._note_data(each, text) for each, text in self.tickets[number].comments.items()]
        return Reply(200, _page(request, said))

    def _issue_note(self, request: Request, number: int) -> Reply:
        text = request.json["body"]
        return Reply(201, self._note_data(self.comment_id(text, self.tickets[number]), text))

    def _users(self, request: Request) -> Reply:
        return Reply(200, [self._person(name) for name in self.users if name == request.one("username")])

    def _members(self, request: Request) -> Reply:
        return Reply(200, [self._person("bob")])

    def _list_milestones(self, request: Request) -> Reply:
        found = [title for title in self.milestones if title == request.one("title")]
        return Reply(200, [{"id": self.milestones.index(title) + 1, "title": title} for title in found])


def _page(request: Request, data: list[Any]) -> list[Any]:
    size, page = int(request.one("per_page", "20")), int(request.one("page", "1"))
    return data[(page - 1) * size : page * size]
