"""Copies between real registries on loopback, with skopeo."""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

import pytest
import trustme
from click.testing import CliRunner

from kubeaid_ci import documents
from kubeaid_ci.cli.main import cli
from kubeaid_ci.errors import UserError
from kubeaid_ci.images.inventory import collect_images
from kubeaid_ci.images.lock import image_registries
from kubeaid_ci.images.mirror import mirror_images, restore_images
from kubeaid_ci.images.mirror_names import Mirror
from kubeaid_ci.images.mirror_plan import plan_files, plan_mirror
from kubeaid_ci.images.model import ImageInventory
from kubeaid_ci.images.result import ImageMirror
from tests import repos
from tests.images.objects import app, deployment, manifest
from tests.renders import World, application
from tests.servers import registry
from tests.servers.http import Fault, Reply, Request, Server
from tests.servers.registry import INDEX, MANIFEST, PASSWORD, USER, Running

SKOPEO = shutil.which("skopeo")
needs_tools = pytest.mark.skipif(
    registry.PROGRAM is None or SKOPEO is None, reason="docker-registry or skopeo (Debian packages) is not installed"
)
OCI = {
    "config_type": "application/vnd.oci.image.config.v1+json",
    "layer_type": "application/vnd.oci.image.layer.v1.tar",
}
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
CONFIG = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'
DIGEST = f"sha256:{'0123456789abcdef' * 4}"


def test_skopeo_is_installed_where_tests_may_not_be_passed_over() -> None:
    if os.environ.get("CI") == "true":
        assert SKOPEO, "skopeo (Debian: skopeo) is not installed"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with registry.running(tmp_path_factory.mktemp("source")) as made:
        yield made


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Running]:
    (tmp_path / "target").mkdir()
    with registry.running(tmp_path / "target") as made:
        yield made


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("REGISTRY_AUTH_FILE", raising=False)


def push_docker(to: Running, repository: str, tag: str) -> str:
    """An image of two platforms in Docker's own formats; gives the digest of the list."""
    inner = []
    for architecture in ("amd64", "arm64"):
        layer = f"layer {architecture}".encode()
        config = CONFIG.replace(b"amd64", architecture.encode())
        for blob in (layer, config):
            to.blob(repository, blob)
        body = registry.manifest(
            config,
            layer,
            config_type="application/vnd.docker.container.image.v1+json",
            layer_type="application/vnd.docker.image.rootfs.diff.tar.gzip",
        ).replace(MANIFEST.encode(), DOCKER.encode())
        digest = to.put(repository, registry.digest(body), body, DOCKER)
        inner.append(
            {
                "mediaType": DOCKER,
                "digest": digest,
                "size": len(body),
                "platform": {"architecture": architecture, "os": "linux"},
            }
        )
    listed = json.dumps({"schemaVersion": 2, "mediaType": DOCKER_LIST, "manifests": inner}).encode()
    return to.put(repository, tag, listed, DOCKER_LIST)


def push(to: Running, repository: str, tag: str, layer: bytes = b"layer") -> str:
    for blob in (CONFIG, layer):
        to.blob(repository, blob)
    return to.put(repository, tag, registry.manifest(CONFIG, layer, **OCI))


def digest_at(place: Running, repository: str, tag: str) -> str:
    accept = ", ".join((INDEX, MANIFEST, DOCKER, DOCKER_LIST))
    request = HttpRequest(f"http://{place.host}/v2/{repository}/manifests/{tag}", headers={"Accept": accept})
    with urlopen(request, timeout=10) as answer:
        return registry.digest(answer.read())


def images(*references: str) -> ImageInventory:
    return collect_images([app(*(deployment(f"name: a, image: '{each}'") for each in references))])


def mirror(
    inventory: ImageInventory, to: str, *, plain: tuple[str, ...] = (), bundle: Path | None = None, **more
) -> ImageMirror:
    with image_registries(plain_http=plain, ca_bundle=bundle) as look_up:
        return mirror_images(inventory, to, resolve=look_up, plain_http=plain, ca_bundle=bundle, **more)


def statuses(done: ImageMirror) -> list[str]:
    return [each.status.value for each in done.images]


@needs_tools
def test_every_platform_is_copied_with_its_digest_and_only_once(source: Running, target: Running) -> None:
    folder = source.host.replace(":", "-")
    pushed = {"acme/many": push_docker(source, "acme/many", "1.0"), "acme/web": push(source, "acme/web", "1.0")}
    found = images(f"{source.host}/acme/many:1.0", f"{source.host}/acme/web:1.0")
    plain, to = (source.host, target.host), f"{target.host}/m"
    assert statuses(mirror(found, to, plain=plain, dry_run=True)) == ["planned", "planned"]
    assert statuses(mirror(found, to, plain=plain)) == ["copied", "copied"]
    for name, digest in pushed.items():
        assert digest_at(target, f"m/{folder}/{name}", "1.0") == digest
    listed = json.loads(
        urlopen(
            HttpRequest(f"http://{target.host}/v2/m/{folder}/acme/many/manifests/1.0", headers={"Accept": DOCKER_LIST})
        ).read()
    )
    for each in listed["manifests"]:
        assert digest_at(target, f"m/{folder}/acme/many", each["digest"]) == each["digest"]
    assert statuses(mirror(found, to, plain=plain)) == ["present", "present"]
    moved = push(source, "acme/web", "1.0", b"other")
    assert statuses(mirror(found, to, plain=plain)) == ["present", "copied"]
    assert digest_at(target, f"m/{folder}/acme/web", "1.0") == moved


@needs_tools
def test_a_locked_digest_is_copied_though_the_tag_has_moved(source: Running, target: Running) -> None:
    image = f"{source.host}/acme/locked:1.0"
    first = push(source, "acme/locked", "1.0", b"first")
    assert push(source, "acme/locked", "1.0", b"second") != first
    done = mirror(images(image), target.host, plain=(source.host, target.host), locked={image: first})
    assert (statuses(done), digest_at(target, f"{source.host.replace(':', '-')}/acme/locked", "1.0")) == (
        ["copied"],
        first,
    )


@needs_tools
def test_a_missing_image_does_not_stop_the_others(source: Running, target: Running) -> None:
    push(source, "acme/there", "1.0")
    found = images(f"{source.host}/acme/gone:1.0", f"{source.host}/acme/there:1.0")
    done = mirror(found, target.host, plain=(source.host, target.host))
    assert (statuses(done), done.is_incomplete) == (["missing", "copied"], True)


@needs_tools
def test_a_layout_keeps_digests_and_can_be_copied_on(source: Running, target: Running, tmp_path: Path) -> None:
    pushed = {"acme/many": push_docker(source, "acme/many", "2.0"), "acme/web": push(source, "acme/web", "2.0", b"two")}
    found = images(f"{source.host}/acme/many:2.0", f"{source.host}/acme/web:2.0")
    layout = tmp_path / "layout"
    assert statuses(mirror(found, f"dir:{layout}", plain=(source.host,))) == ["copied", "copied"]
    index = (layout / "index.json").read_bytes()
    assert statuses(mirror(found, f"dir:{layout}", plain=(source.host,))) == ["present", "present"]
    assert (layout / "index.json").read_bytes() == index
    assert sorted(path.name for path in layout.iterdir()) == ["blobs", "index.json", "oci-layout"]
    for status in ("copied", "present"):
        with image_registries(plain_http=[target.host]) as look_up:
            done = restore_images(layout, f"{target.host}/m", resolve=look_up, plain_http=[target.host])
        assert statuses(done) == [status, status], done.images
    for name, digest in pushed.items():
        assert digest_at(target, f"m/{source.host.replace(':', '-')}/{name}", "2.0") == digest
    next(path for path in (layout / "blobs/sha256").iterdir() if path.read_bytes() == b"two").unlink()
    assert statuses(mirror(found, f"dir:{layout}", plain=(source.host,))) == ["present", "copied"]


@needs_tools
def test_a_login_and_tls_are_used_and_no_argument_holds_a_secret(
    source: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "closed"
    folder.mkdir()
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    ca.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    push(source, "acme/web", "3.0", b"three")
    found, record = images(f"{source.host}/acme/web:3.0"), tmp_path / "argv"
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "skopeo").write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> {record}\nexec {SKOPEO} "$@"\n')
    (bin_ / "skopeo").chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_}:{os.environ['PATH']}")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with registry.running(folder, login=True, certificate=folder / "server.pem", ca=folder / "ca.pem") as closed:
        refused = mirror(found, f"{closed.host}/m", plain=(source.host,), bundle=folder / "ca.pem")
        assert (statuses(refused), refused.images[0].error.startswith("skopeo: ")) == (["failed"], True)
        auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        (tmp_path / "config.json").write_text(json.dumps({"auths": {closed.host: {"auth": auth}}}))
        done = mirror(found, f"{closed.host}/m", plain=(source.host,), bundle=folder / "ca.pem")
        assert statuses(done) == ["copied"], done.images[0].error
    for text in (record.read_text(), done.to_json(), refused.to_json()):
        assert PASSWORD not in text
        assert auth not in text


@needs_tools
def test_a_connection_that_dies_in_a_blob_leaves_the_rest_to_the_next_run(source: Running, target: Running) -> None:
    layer = b"x" * 200_000
    digest = push(source, "acme/big", "1.0", layer)
    broken = {"on": True}

    def proxied(request: Request) -> Reply | Fault:
        url = f"http://{source.host}{request.path}"
        accept = ", ".join((INDEX, MANIFEST, DOCKER, DOCKER_LIST)) if "/manifests/" in request.path else "*/*"
        with urlopen(HttpRequest(url, headers={"Accept": accept}, method=request.verb), timeout=10) as answer:
            data, headers = (
                answer.read(),
                {
                    name: answer.headers[name]
                    for name in ("Content-Type", "Docker-Content-Digest")
                    if answer.headers[name]
                },
            )
        return Reply(200, data, headers)

    def fault(request: Request) -> Fault | None:
        return Fault.HALF if broken["on"] and registry.digest(layer) in request.path else None

    with Server(proxied, chance=fault) as server:
        host = server.url.partition("//")[2].rstrip("/")
        found = images(f"{host}/acme/big:1.0")
        failed = mirror(found, target.host, plain=(host, target.host), locked={f"{host}/acme/big:1.0": digest})
        assert statuses(failed) == ["failed"]
        broken["on"] = False
        done = mirror(found, target.host, plain=(host, target.host), locked={f"{host}/acme/big:1.0": digest})
        assert statuses(done) == ["copied"], done.images[0].error
        assert digest_at(target, f"{host.replace(':', '-')}/acme/big", "1.0") == digest


INVENTORY = collect_images(
    [
        app(
            deployment("name: a, image: 'nginx:1.27.1'"),
            deployment(f"name: b, image: 'quay.io/a/b@{DIGEST}'"),
            deployment("name: c, image: 'registry.acme.io:5000/c:1.0'"),
            deployment("name: d, image: d, env: [{name: X_IMAGE, value: quay.io/a/x}]"),
            deployment("name: e, image: 'm.acme.io/m/quay.io/a/e:1.0'"),
            manifest("apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: db}\nspec: {}"),
        ),
        app(name="gone", status="failed"),
    ]
)


def test_a_plan_names_what_is_copied_and_what_is_not() -> None:
    to = Mirror.parse("m.acme.io/m")
    plan = plan_mirror(INVENTORY, {"docker.io/library/nginx:1.27.1": DIGEST}, to)
    assert {item.source: item.target for item in plan.items} == {
        "docker.io/library/d:latest": "m.acme.io/m/docker.io/library/d:latest",
        f"docker.io/library/nginx@{DIGEST}": "m.acme.io/m/docker.io/library/nginx:1.27.1",
        f"quay.io/a/b@{DIGEST}": f"m.acme.io/m/quay.io/a/b:{DIGEST.replace(':', '-')}",
        "registry.acme.io:5000/c:1.0": "m.acme.io/m/registry.acme.io-5000/c:1.0",
    }
    assert plan.skipped == {
        "quay.io/a/x": "no tag is known",
        "one/web: Cluster db": "spec.imageName is not set: its operator chooses the image",
        "one/gone": "not rendered in full, so its images are unknown",
    }


def test_the_files_of_a_plan_are_for_the_tools() -> None:
    to = Mirror.parse("m.acme.io/m")
    files = {name: data.decode() for name, data in plan_files(plan_mirror(INVENTORY, {}, to), to).items()}
    assert "copy docker.io/library/nginx:1.27.1 m.acme.io/m/docker.io/library/nginx:1.27.1\n" in files["copy.sh"]
    assert subprocess.run(["sh", "-n"], input=files["copy.sh"], text=True).returncode == 0
    sync = documents.load(files["skopeo-sync.yaml"], where="sync")
    assert sync["docker.io"] == {"images": {"library/d": ["latest"], "library/nginx": ["1.27.1"]}}
    assert "registry.acme.io:5000" not in sync
    assert "# not here, because the registry has a port: registry.acme.io:5000/c:1.0" in files["skopeo-sync.yaml"]
    assert documents.load(files["regsync.yaml"], where="r")["sync"][-1] == {
        "source": "registry.acme.io:5000/c:1.0",
        "target": "m.acme.io/m/registry.acme.io-5000/c:1.0",
        "type": "image",
    }
    assert documents.load(files["hauler.yaml"], where="h")["spec"]["images"][0] == {
        "name": "docker.io/library/d:latest"
    }
    assert "quay.io/a/x: no tag is known\n" in files["not-copied.txt"]


@needs_tools
def test_the_command_plans_and_copies(
    source: Running, target: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBEAID_CI_CACHE", str(tmp_path / "cache"))
    push(source, "acme/app", "1.0")
    world = World(tmp_path / "world")
    world.chart(
        "web",
        {
            "templates/a.yaml": f"apiVersion: v1\nkind: Pod\nmetadata: {{name: x}}\nspec: {{containers: [{{name: a, image: '{source.host}/acme/app:1.0'}}]}}\n"
        },
    )
    world.cluster("one", {"web.yaml": application("web")})
    repos.commit(world.kubeaid)
    repos.git(world.kubeaid, "tag", "1.0.0")

    def call(*arguments: str):
        options = [
            "--config-repo",
            str(world.config),
            "--kubeaid",
            str(world.kubeaid),
            "--jobs",
            "1",
            "--to",
            f"{target.host}/m",
        ]
        plain = ["--plain-http", source.host, "--plain-http", target.host]
        return CliRunner().invoke(cli, ["images", "mirror", *options, *plain, *arguments], standalone_mode=False)

    planned = call("--plan", str(tmp_path / "plan"))
    assert (planned.return_value, planned.stdout.splitlines()[0]) == (0, f"{target.host}/m: 1 planned")
    assert (tmp_path / "plan/mapping.txt").read_text().startswith(f"{source.host}/acme/app:1.0 {target.host}/m/")
    assert call("--dry-run").stdout.splitlines()[0] == f"{target.host}/m: 1 would be copied"
    assert call().stdout.splitlines()[0] == f"{target.host}/m: 1 copied"
    assert call().stdout.splitlines()[0] == f"{target.host}/m: 1 already there"
    layout = f"dir:{tmp_path / 'layout'}"
    assert call("--to", layout).stdout.splitlines()[0] == f"{layout}: 1 copied"
    back = ["--from", layout, "--to", f"{target.host}/again", "--plain-http", target.host]
    done = CliRunner().invoke(cli, ["images", "mirror", *back], standalone_mode=False)
    assert done.stdout.splitlines()[0] == f"{target.host}/again: 1 copied"
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(UserError, match="skopeo: not installed; install it, or write a plan"):
        mirror(images(f"{source.host}/acme/app:1.0"), target.host)
