"""A chart repository on loopback: an index made of what it has, and the archives."""

import base64
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from kubeaid_ci.documents import dump
from kubeaid_ci.helm.packed_chart import pack
from tests.servers.http import Reply, Request, Server


def chart(name: str, version: str, files: dict[str, bytes] | None = None, **more: str) -> bytes:
    """A chart's archive."""
    about = dump({"apiVersion": "v2", "name": name, "version": version, **more}).encode()
    return pack({"Chart.yaml": about, **(files or {})}, name=name)


@dataclass
class Charts:
    """What a repository has: entries of the index by chart, and files by path."""

    login: str = ""
    """USER:PASSWORD, where it wants one."""
    entries: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    index: bytes | None = None
    """What the index is instead."""
    seen: list[Request] = field(default_factory=list)
    tls: Any = None

    def __post_init__(self) -> None:
        self.server = Server(self.handle, tls=self.tls)

    def add(self, name: str, version: str, files: dict[str, bytes] | None = None, **more: Any) -> bytes:
        data = chart(name, version, files)
        path = f"/{name}-{version}.tgz"
        self.files[path] = data
        entry = {"name": name, "version": version, "urls": [path[1:]], "digest": sha256(data).hexdigest(), **more}
        self.entries.setdefault(name, []).append(entry)
        return data

    def paths(self) -> list[str]:
        return [request.path for request in self.seen]

    def handle(self, request: Request) -> Reply:
        self.seen.append(request)
        wanted = "Basic " + base64.b64encode(self.login.encode()).decode()
        if self.login and request.headers.get("authorization") != wanted:
            return Reply(401, None, {"WWW-Authenticate": 'Basic realm="charts"'})
        data = self.files.get(request.path)
        if request.path == "/index.yaml":
            data = (
                self.index
                or dump({"apiVersion": "v1", "entries": self.entries, "generated": "2026-01-02T03:04:05Z"}).encode()
            )
        if data is None:
            return Reply(404, b"nothing here")
        tag = f'"{sha256(data).hexdigest()[:16]}"'
        if request.headers.get("if-none-match") == tag:
            return Reply(304, b"", {"ETag": tag})
        return Reply(200, data, {"ETag": tag})
