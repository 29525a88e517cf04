"""Debian's ``docker-registry`` on loopback, and how charts get into it."""

import base64
import json
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

PROGRAM = shutil.which("docker-registry")
USER, PASSWORD = "me", "s3cret"
# bcrypt of the password above.
_HTPASSWD = f"{USER}:$2y$05$abcdefghijklmnopqrstuuLK7U1u6pVRmL7L1BBM2aS35PSZnDXlK\n"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.cncf.helm.config.v1+json"
LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"


def digest(data: bytes) -> str:
    return f"sha256:{sha256(data).hexdigest()}"


def manifest(config: bytes, layer: bytes, *, config_type: str = CONFIG, layer_type: str = LAYER, **more: Any) -> bytes:
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": config_type, "digest": digest(config), "size": len(config)},
            "layers": [{"mediaType": layer_type, "digest": digest(layer), "size": len(layer)}],
            **more,
        }
    ).encode()


@dataclass
class Running:
    """A registry that listens, and a client that may write to it."""

    port: int
    folder: Path
    context: ssl.SSLContext | None = None
    login: str = ""

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def push(self, repository: str, tag: str, layer: bytes, **more: Any) -> str:
        """A chart's archive under a tag; gives the manifest's digest."""
        config = b'{"name":"web"}'
        for blob in (config, layer):
            self.blob(repository, blob)
        return self.put(repository, tag, manifest(config, layer, **more))

    def put(self, repository: str, tag: str, body: bytes, kind: str = MANIFEST) -> str:
        self.call("PUT", f"/v2/{repository}/manifests/{tag}", body, kind)
        return digest(body)

    def blob(self, repository: str, data: bytes) -> None:
        place = self.call("POST", f"/v2/{repository}/blobs/uploads/", b"")
        self.call("PUT", f"{place}&digest={digest(data)}", data, "application/octet-stream")

    def call(self, verb: str, path: str, body: bytes | None = None, kind: str = "") -> str:
        url = path if "://" in path else f"{'https' if self.context else 'http'}://{self.host}{path}"
        request = Request(url, body, method=verb)
        if kind:
            request.add_header("Content-Type", kind)
        if self.login:
            request.add_header("Authorization", "Basic " + base64.b64encode(self.login.encode()).decode())
        with urlopen(request, context=self.context, timeout=10) as answer:
            return answer.headers.get("Location", "")


@contextmanager
def running(
    folder: Path, *, login: bool = False, certificate: Path | None = None, ca: Path | None = None
) -> Iterator[Running]:
    """A registry with an empty storage: open or with a login, plain or with TLS."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings: dict[str, Any] = {
        "version": "0.1",
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "storage")}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }
    if login:
        (folder / "htpasswd").write_text(_HTPASSWD)
        settings["auth"] = {"htpasswd": {"realm": "charts", "path": str(folder / "htpasswd")}}
    if certificate:
        settings["http"]["tls"] = {"certificate": str(certificate), "key": str(certificate)}
    (folder / "config.yml").write_text(json.dumps(settings))
    context = ssl.create_default_context(cafile=str(ca)) if ca else None
    log = (folder / "log").open("wb")
    process = subprocess.Popen([str(PROGRAM), "serve", str(folder / "config.yml")], stdout=log, stderr=log)
    made = Running(port, folder, context, f"{USER}:{PASSWORD}" if login else "")
    try:
        _wait(made, process)
        yield made
    finally:
        process.terminate()
        process.wait()
        log.close()


def _wait(made: Running, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(500):
        try:
            made.call("GET", "/v2/")
        except HTTPError:
            return
        except OSError:
            assert process.poll() is None, (made.folder / "log").read_text()
            time.sleep(0.02)
        else:
            return
    raise AssertionError("the registry does not answer")
