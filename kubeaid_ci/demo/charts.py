"""The demo's chart repository, served on this machine, and the umbrella chart that vendors what it publishes."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from kubeaid_ci.charts.verify.verify import verify_charts
from kubeaid_ci.documents import dump
from kubeaid_ci.helm.chart import CHARTS
from kubeaid_ci.helm.packed_chart import pack
from kubeaid_ci.runtime.files import write_atomically

UPSTREAM = "https://charts.example.com"
"""The declared repository; nothing is served there, so the demo uses a mirror on this machine."""

_VERSION = "1.2.0"
_TEMPLATE = f"{CHARTS}/hello/charts/hello/templates/deployment.yaml"

_UMBRELLA = f"""apiVersion: v2
name: hello
version: 0.1.0
dependencies:
  - name: hello
    version: {_VERSION}
    repository: {UPSTREAM}
"""
_DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels: {app: hello}
  template:
    metadata:
      labels: {app: hello}
    spec:
      containers:
        - name: hello
          image: registry.example.com/hello:{{ .Chart.AppVersion }}
          securityContext:
            allowPrivilegeEscalation: false
            runAsNonRoot: true
"""
_PUBLISHED = {
    "Chart.yaml": f'apiVersion: v2\nname: hello\nversion: {_VERSION}\nappVersion: "3.1"\n',
    "values.yaml": "replicas: 1\n",
    "templates/deployment.yaml": _DEPLOYMENT,
}


def publish(folder: Path) -> None:
    """Make the repository: the chart's archive, and an index."""
    archive = pack({path: text.encode() for path, text in _PUBLISHED.items()}, name="hello")
    name = f"hello-{_VERSION}.tgz"
    release = {"name": "hello", "version": _VERSION, "urls": [name], "digest": sha256(archive).hexdigest()}
    write_atomically(folder / name, archive)
    write_atomically(folder / "index.yaml", dump({"apiVersion": "v1", "entries": {"hello": [release]}}).encode())


def vendor(kubeaid: Path) -> None:
    """Put the published chart into a KubeAid repo, and note it in the ledger."""
    umbrella = kubeaid / CHARTS / "hello"
    write_atomically(umbrella / "Chart.yaml", _UMBRELLA.encode())
    for path, text in _PUBLISHED.items():
        write_atomically(umbrella / "charts" / "hello" / path, text.encode())
    verify_charts(kubeaid, update_ledger=True)


def tamper(kubeaid: Path) -> Path:
    """Change one character, so that the image comes from a registry whose name looks the same; gives the template."""
    path = kubeaid / _TEMPLATE
    write_atomically(path, path.read_bytes().replace(b"registry.example.com", b"registry.examp1e.com"))
    return path


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the files of a folder on a free port of 127.0.0.1, and yield the address."""
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing: standard error is for progress."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
