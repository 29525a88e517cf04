"""The forges' published OpenAPI descriptions, and holding requests and answers against them."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import yaml
from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers, ImmutableMultiDict

from tests.servers.http import Reply, Request

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
REPO = "/repos/{owner}/{repo}"
GITHUB_PATHS = (
    REPO,
    f"{REPO}/pulls",
    f"{REPO}/pulls/{{pull_number}}",
    f"{REPO}/pulls/{{pull_number}}/requested_reviewers",
    f"{REPO}/pulls/{{pull_number}}/reviews",
    f"{REPO}/issues",
    f"{REPO}/issues/{{issue_number}}",
    f"{REPO}/issues/{{issue_number}}/comments",
    f"{REPO}/issues/{{issue_number}}/labels",
    f"{REPO}/issues/{{issue_number}}/assignees",
    f"{REPO}/issues/comments/{{comment_id}}",
    f"{REPO}/milestones",
    f"{REPO}/git/blobs",
    f"{REPO}/git/trees",
    f"{REPO}/git/commits",
    "/user",
)
FORGEJO_PATHS = (
    REPO,
    f"{REPO}/pulls",
    f"{REPO}/pulls/{{index}}",
    f"{REPO}/pulls/{{index}}/requested_reviewers",
    f"{REPO}/pulls/{{index}}/reviews",
    f"{REPO}/pulls/{{index}}/merge",
    f"{REPO}/issues",
    f"{REPO}/issues/{{index}}",
    f"{REPO}/issues/{{index}}/comments",
    f"{REPO}/issues/{{index}}/labels",
    f"{REPO}/issues/comments/{{id}}",
    f"{REPO}/labels",
    f"{REPO}/milestones",
    "/orgs/{org}/labels",
    "/user",
)


def github_description() -> Path | None:
    """GitHub's description, as ``npm install --prefix tests/node`` puts it there."""
    package = Path("node_modules/@octokit/openapi/generated/api.github.com.json")
    places = [os.environ.get("KUBEAID_CI_TEST_NODE", ""), ROOT / "tests" / "node", ROOT]
    return next((Path(place) / package for place in places if place and (Path(place) / package).is_file()), None)


def forgejo_description() -> Path | None:
    """Forgejo's description: no package has it, so its place is given or beside the repository."""
    given = os.environ.get("KUBEAID_CI_TEST_FORGEJO_OPENAPI")
    places = [Path(given)] if given else [ROOT.parent / "shared" / "data" / "forgejo-openapi.json"]
    return next((place for place in places if place.is_file()), None)


@dataclass
class Contract:
    """One description. `violations` collects what did not keep to it; a test fails if there are any."""

    spec: dict[str, Any]
    prefix: str
    violations: list[str] = field(default_factory=list)
    checked: int = 0

    def __post_init__(self) -> None:
        self.openapi = OpenAPI.from_dict({**self.spec, "servers": [{"url": self.prefix}]})

    def request(self, request: Request) -> None:
        self.checked += 1
        try:
            self.openapi.validate_request(_Asked(request))
        except OpenAPIError as error:
            self._note("request", request, error)

    def reply(self, request: Request, reply: Reply) -> None:
        try:
            self.openapi.validate_response(_Asked(request), _Answered(reply))
        except OpenAPIError as error:
            self._note(f"answer {reply.status}", request, error)

    def _note(self, what: str, request: Request, error: OpenAPIError) -> None:
        cause = error.__cause__ or error
        details = "; ".join(
            f"{'/'.join(map(str, part.absolute_path))}: {part.message[:200]}"
            for part in getattr(cause, "schema_errors", ())
        )
        self.violations.append(f"{what} {request.verb} {request.path}: {error} {cause} {details}")

    def example(self, verb: str, path: str, status: str) -> Any:
        """The smallest answer that keeps to the description; of a list, one entry."""
        content = _resolved(self.spec, self.spec["paths"][path][verb]["responses"][status])["content"]
        schema = _resolved(self.spec, content["application/json"]["schema"])
        listed = schema.get("type") == "array"
        return smallest(self.spec, schema["items"] if listed else schema)


class _Asked:
    def __init__(self, request: Request) -> None:
        self.host_url = "http://127.0.0.1"
        self.path = request.path
        self.method = request.verb.lower()
        self.body = request.body or None
        self.content_type = request.headers.get("content-type", "").lower()
        query = ImmutableMultiDict(parse_qsl(urlencode(request.query, doseq=True), keep_blank_values=True))
        self.parameters = RequestParameters(query=query, header=Headers(list(request.headers.items())))


class _Answered:
    def __init__(self, reply: Reply) -> None:
        self.status_code = reply.status
        self.headers = Headers(list(reply.headers.items()))
        self.content_type = "application/json"
        self.data = reply.bytes or None


@cache
def github() -> dict[str, Any] | None:
    place = github_description()
    return _trimmed(json.loads(place.read_text()), GITHUB_PATHS) if place else None


@cache
def forgejo() -> dict[str, Any] | None:
    place = forgejo_description()
    if place is None:
        return None
    spec = _trimmed(json.loads(place.read_text()), FORGEJO_PATHS)
    # Two slips of the generator, corrected here. The text beside the first says that labels are whole
    # numbers or names; the second is an answer without a text that is described as having one.
    options = spec["components"]["schemas"]["IssueLabelsOption"]["properties"]
    options["labels"]["items"] = {"oneOf": [{"type": "integer"}, {"type": "string"}]}
    spec["components"]["responses"]["empty"].pop("content", None)
    return spec


@cache
def gitlab() -> dict[str, Any]:
    return yaml.safe_load((HERE / "gitlab-openapi.yaml").read_text())


def _trimmed(spec: dict[str, Any], paths: tuple[str, ...]) -> dict[str, Any]:
    """The description of these paths and all that they refer to: a fortieth of the whole."""
    kept = {"openapi": spec["openapi"], "info": spec["info"], "components": {}}
    kept["paths"] = {path: spec["paths"][path] for path in paths}
    todo = [kept["paths"]]
    while todo:
        for reference in _references(todo.pop()):
            _, _, kind, name = reference.split("/")
            held = kept["components"].setdefault(kind, {})
            if name not in held:
                held[name] = spec["components"][kind][name]
                todo.append(held[name])
    return kept


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for key, value in node.items() if key != "examples" for found in _references(value)]
    if isinstance(node, list):
        return [found for value in node for found in _references(value)]
    return []


def _resolved(spec: Mapping[str, Any], node: Any) -> Any:
    while isinstance(node, dict) and "$ref" in node:
        _, _, kind, name = node["$ref"].split("/")
        node = spec["components"][kind][name]
    return node


def smallest(spec: Mapping[str, Any], schema: Any) -> Any:
    """The smallest value that a schema allows: required fields only, nothing where that is allowed."""
    schema = _resolved(spec, schema)
    if schema.get("nullable") or schema.get("type") == "null":
        return None
    for several in ("oneOf", "anyOf"):
        if several in schema:
            return smallest(spec, schema[several][0])
    if "allOf" in schema:
        parts = [smallest(spec, part) for part in schema["allOf"]]
        return {key: value for part in parts if part for key, value in part.items()} if parts else {}
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object" | None:
            fields = schema.get("properties", {})
            return {name: smallest(spec, fields[name]) for name in schema.get("required", ()) if name in fields}
        case "array":
            return []
        case "integer" | "number":
            return 1
        case "boolean":
            return False
    return {"date-time": "2026-01-01T00:00:00Z", "uri": "https://example.com/x"}.get(schema.get("format", ""), "x")
