"""A server on loopback that can fail in every way a real one does."""

import json
import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass
class Request:
    verb: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None

    def one(self, name: str, default: str = "") -> str:
        return self.query.get(name, [default])[0]


@dataclass
class Reply:
    status: int = 200
    data: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def bytes(self) -> bytes:
        if isinstance(self.data, bytes):
            return self.data
        return b"" if self.data is None else json.dumps(self.data).encode()


class Fault(Enum):
    """How a connection is lost."""

    MIDDLE = "the connection breaks off in the middle of the request"
    BEFORE = "the request is not done, and no answer comes"
    AFTER = "the request is done, and no answer comes"
    HALF = "the answer breaks off in the middle"
    SILENCE = "no answer comes until the client has gone"


@dataclass
class Server:
    """Listens on a free port of 127.0.0.1; `handle` answers, `faults` come first.

    `injected` is a list of (verb, pattern of the path, what happens instead, how often).
    """

    handle: Callable[[Request], Reply]
    tls: Any = None
    injected: list[list[Any]] = field(default_factory=list)
    chance: Callable[[Request], "Fault | Reply | None"] | None = None
    seen: list[tuple[str, str, int]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    stopping: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Server":
        self.http = _Http(("127.0.0.1", 0), _Handler)
        self.http.app = self
        if self.tls:
            self.http.socket = self.tls.wrap_socket(self.http.socket, server_side=True)
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()

    @property
    def port(self) -> int:
        return self.http.server_address[1]

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def inject(self, verb: str, pattern: str, what: "Fault | Reply", times: int = 1) -> None:
        self.injected.append([verb, pattern, what, times])

    def fault(self, request: Request) -> "Fault | Reply | None":
        for rule in self.injected:
            verb, pattern, what, times = rule
            if times and verb == request.verb and re.search(pattern, request.path):
                rule[3] -= 1
                return what
        return self.chance(request) if self.chance else None

    def writes(self) -> list[tuple[str, str, int]]:
        """The requests that change something, pushes among them."""
        return [entry for entry in self.seen if entry[0] != "GET" and "upload-pack" not in entry[1]]


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    app: Server

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is none of our business; anything else fails the test through `seen`."""
        import sys

        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            self.app.seen.append(("ERROR", repr(error), 0))
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and text go out in two writes; without this the second waits for the first to be acknowledged.
    disable_nagle_algorithm = True
    server: _Http

    def log_message(self, *_: object) -> None:
        """Say nothing: pytest shows what matters."""

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _serve(self) -> None:
        app = self.server.app
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, parts.path, parse_qs(parts.query), headers, b"")
        with app.lock:
            what = app.fault(request)
            if what is Fault.MIDDLE:
                self.rfile.read(int(headers.get("content-length", 0)) // 2)
            else:
                request.body = self._body()
            if isinstance(what, Reply):
                reply = what
            elif what in (Fault.MIDDLE, Fault.BEFORE, Fault.SILENCE):
                reply = None
            else:
                reply = app.handle(request)
            app.seen.append((request.verb, unquote(request.path), reply.status if reply else 0))
        if what is Fault.SILENCE:
            self._wait_for_the_end()
        if reply is None or what is Fault.AFTER:
            self._hang_up()
            return
        self._send(reply, half=what is Fault.HALF)

    def _send(self, reply: Reply, *, half: bool) -> None:
        data = reply.bytes
        self.send_response(reply.status)
        headers = {"Content-Type": "application/json", **reply.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if half:
            self.wfile.write(data[: len(data) // 2])
            self._hang_up()
        elif reply.status != 204:
            self.wfile.write(data)

    def _wait_for_the_end(self) -> None:
        """Until the client has closed the connection, or the test is over."""
        self.connection.settimeout(0.05)
        while not self.server.app.stopping.is_set():
            try:
                if not self.connection.recv(1):
                    return
            except TimeoutError:
                continue
            except OSError:
                return

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve
