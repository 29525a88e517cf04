"""Locking at real registries on loopback."""

import base64
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import trustme
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubeaid_ci.cli.main import cli
from kubeaid_ci.errors import UserError
from kubeaid_ci.images.inventory import collect_images
from kubeaid_ci.images.lock import image_registries, lock_images
from kubeaid_ci.images.lock_file import LOCK, lock_text, read_lock
from kubeaid_ci.images.result import ImageLock
from tests import repos
from tests.images.objects import app, deployment
from tests.renders import World, application
from tests.servers import registry
from tests.servers.http import Reply, Request, Server
from tests.servers.registry import INDEX, PASSWORD, USER, Running

needs_registry = pytest.mark.skipif(
    registry.PROGRAM is None, reason="docker-registry (Debian: docker-registry) is not installed"
)
IMAGE = {
    "config_type": "application/vnd.oci.image.config.v1+json",
    "layer_type": "application/vnd.oci.image.layer.v1.tar",
}
DIGEST = f"sha256:{'0123456789abcdef' * 4}"


@pytest.fixture(scope="module")
def open_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with registry.running(tmp_path_factory.mktemp("open")) as made:
        yield made


@pytest.fixture(scope="module")
def closed_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """With TLS of a private authority, and a login."""
    folder = tmp_path_factory.mktemp("closed")
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    ca.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    with registry.running(folder, login=True, certificate=folder / "server.pem", ca=folder / "ca.pem") as made:
        yield made


def lock(folder: Path, *images: str, check: bool = False, whole: bool = True, **reaching) -> ImageLock:
    inventory = collect_images([app(*(deployment(f"name: a, image: '{image}'") for image in images))])
    with image_registries(**reaching) as look_up:
        return lock_images(folder, inventory, resolve=look_up, is_whole=whole, check=check)


def statuses(done: ImageLock) -> dict[str, str]:
    return {each.image.partition("/")[2]: each.status.value for each in done.images}


@needs_registry
def test_a_tag_is_locked_once_and_its_move_is_reported_with_its_users(open_registry: Running, tmp_path: Path) -> None:
    host = open_registry.host
    first = open_registry.push("acme/web", "1.0", b"one", **IMAGE)
    done = lock(tmp_path, f"{host}/acme/web:1.0", plain_http=[host])
    assert (done.images[0].digest, statuses(done)) == (first, {"acme/web:1.0": "locked"})
    text = (tmp_path / LOCK).read_text()
    assert text.endswith(f"images:\n  {host}/acme/web:1.0:\n    digest: {first}\n")
    assert statuses(lock(tmp_path, f"{host}/acme/web:1.0", plain_http=[host])) == {"acme/web:1.0": "unchanged"}
    assert (tmp_path / LOCK).read_text() == text

    second = open_registry.push("acme/web", "1.0", b"two", **IMAGE)
    checked = lock(tmp_path, f"{host}/acme/web:1.0", plain_http=[host], check=True)
    assert (checked.is_changed, (tmp_path / LOCK).read_text()) == (True, text)
    moved = lock(tmp_path, f"{host}/acme/web:1.0", plain_http=[host])
    assert [(finding.rule.id, finding.message) for finding in moved.findings] == [
        ("image/tag-moved", f"moved from {first} to {second}; used by one/web")
    ]
    assert second in (tmp_path / LOCK).read_text()


@needs_registry
def test_the_digest_of_several_platforms_is_that_of_the_index(open_registry: Running, tmp_path: Path) -> None:
    inner = open_registry.push("acme/many", "amd64", b"x", **IMAGE)
    body = {
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": [{"mediaType": registry.MANIFEST, "digest": inner, "size": 1}],
    }
    index = open_registry.put("acme/many", "2.0", json.dumps(body).encode(), INDEX)
    done = lock(tmp_path, f"{open_registry.host}/acme/many:2.0", plain_http=[open_registry.host])
    assert done.images[0].digest == index != inner


@needs_registry
def test_a_missing_tag_and_a_missing_repository_are_errors_of_their_own(open_registry: Running, tmp_path: Path) -> None:
    host = open_registry.host
    open_registry.push("acme/there", "1.0", b"x", **IMAGE)
    done = lock(tmp_path, f"{host}/acme/there:9", f"{host}/acme/gone:1.0", plain_http=[host])
    assert set(statuses(done).values()) == {"missing"}
    assert {finding.rule.id for finding in done.findings} == {"image/tag-missing"}
    assert "has no 9; used by one/web" in " ".join(finding.message for finding in done.findings)
    assert not done.is_incomplete


@needs_registry
def test_a_registry_that_does_not_answer_leaves_the_old_entry(open_registry: Running, tmp_path: Path) -> None:
    open_registry.push("acme/web", "3.0", b"x", **IMAGE)
    host = open_registry.host
    old = f"images:\n  127.0.0.1:1/acme/lost:1.0:\n    digest: {DIGEST}\n  quay.io/acme/unused:1.0:\n    digest: {DIGEST}\n"
    (tmp_path / LOCK).write_text(old)
    done = lock(tmp_path, "127.0.0.1:1/acme/lost:1.0", f"{host}/acme/web:3.0", plain_http=[host, "127.0.0.1:1"])
    assert (statuses(done), done.is_incomplete) == ({"acme/lost:1.0": "unreachable", "acme/web:3.0": "locked"}, True)
    assert (done.entries["127.0.0.1:1/acme/lost:1.0"], done.removed) == (DIGEST, ("quay.io/acme/unused:1.0",))


def test_entries_that_seem_unused_stay_if_not_everything_is_known(tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text(f"images:\n  quay.io/acme/unused:1.0:\n    digest: {DIGEST}\n")
    assert lock(tmp_path, f"quay.io/a/b@{DIGEST}", whole=False).retained == ("quay.io/acme/unused:1.0",)
    with image_registries() as look_up:
        done = lock_images(tmp_path, collect_images([app(status="failed")]), resolve=look_up, is_whole=True)
    assert (done.retained, done.is_changed) == (("quay.io/acme/unused:1.0",), False)


@needs_registry
def test_tls_and_a_login_of_docker_are_used(closed_registry: Running, tmp_path: Path, monkeypatch) -> None:
    pushed = closed_registry.push("acme/web", "1.0", b"x", **IMAGE)
    bundle, image = closed_registry.folder / "ca.pem", f"{closed_registry.host}/acme/web:1.0"
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))

    def login(password: str) -> None:
        auth = base64.b64encode(f"{USER}:{password}".encode()).decode()
        (tmp_path / "config.json").write_text(json.dumps({"auths": {closed_registry.host: {"auth": auth}}}))

    login(PASSWORD)
    assert lock(tmp_path, image, ca_bundle=bundle).images[0].digest == pushed
    for password, trust in (("wrong", bundle), (PASSWORD, None)):
        login(password)
        refused = lock(tmp_path, image, ca_bundle=trust)
        assert (statuses(refused), refused.entries[image]) == ({"acme/web:1.0": "unreachable"}, pushed)
        assert PASSWORD not in refused.to_json()
        assert "wrong" not in refused.to_json()


def test_a_rate_limit_ends_the_requests_to_the_registry(tmp_path: Path) -> None:
    seen: list[str] = []

    def answer(request: Request) -> Reply:
        seen.append(request.path)
        return Reply(429, b"", {"Retry-After": "3600"})

    with Server(answer) as server:
        host = server.url.partition("//")[2].rstrip("/")
        done = lock(tmp_path, *(f"{host}/acme/a{number}:1.0" for number in range(60)), plain_http=[host])
    assert set(statuses(done).values()) == {"unreachable"}
    assert len(seen) < 40
    assert any("not tried" in each.error for each in done.images)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no failure
@given(
    st.dictionaries(
        st.from_regex(r"quay\.io/[a-z]{1,8}:[A-Za-z0-9_][A-Za-z0-9_.-]{0,6}", fullmatch=True), st.just(DIGEST)
    )
)
def test_a_lock_is_read_as_it_was_written(entries: dict[str, str]) -> None:
    assert read_lock(lock_text(entries), where=LOCK) == entries


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "images: []",
        "images: {a: 1}",
        "other: 1",
        f"images: {{nginx: {{digest: '{DIGEST}'}}}}",
        "images: {'quay.io/a:1': {digest: 'sha256:1'}}",
        f"images: {{'quay.io/a:1': {{digest: '{DIGEST}', more: 1}}}}",
        f"images: {{'quay.io/a:1': {{digest: '{DIGEST}'}}, 'quay.io/a:1': {{digest: '{DIGEST}'}}}}",
    ],
)
def test_another_file_is_no_lock(text: str) -> None:
    with pytest.raises(UserError):
        read_lock(text, where=LOCK)


@needs_registry
def test_the_command_locks_and_a_locked_image_is_pinned(open_registry: Running, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("KUBEAID_CI_CACHE", str(tmp_path / "cache"))
    open_registry.push("acme/app", "1.0", b"x", **IMAGE)
    image = f"{open_registry.host}/acme/app:1.0"
    world = World(tmp_path)
    text = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: x}}\nspec: {{containers: [{{name: a, image: '{image}'}}]}}\n"
    world.chart("web", {"templates/a.yaml": text})
    world.cluster("one", {"web.yaml": application("web")})
    repos.commit(world.kubeaid)
    repos.git(world.kubeaid, "tag", "1.0.0")
    options = ["--config-repo", str(world.config), "--kubeaid", str(world.kubeaid), "--jobs", "1"]

    def call(*arguments: str):
        return CliRunner().invoke(cli, ["images", *arguments, *options], standalone_mode=False)

    plain = ["--plain-http", open_registry.host]
    assert "image/unpinned" in call("list").stdout
    assert call("lock", "--check", *plain).return_value == 1
    done = call("lock", *plain)
    assert (done.return_value, done.stdout.splitlines()[0]) == (0, f"1 new · {LOCK} written")
    assert "image/unpinned" not in call("list").stdout
    assert call("lock", "--check", *plain).return_value == 0
    with suppress(FileNotFoundError):
        (world.config / LOCK).unlink()
    lost = call("lock", "--allow", "x")
    assert lost.return_value == 3


@needs_registry
def test_a_lock_becomes_one_change_request_that_is_updated(open_registry: Running, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("KUBEAID_CI_CACHE", str(tmp_path / "cache"))
    first = open_registry.push("acme/pub", "1.0", b"one", **IMAGE)
    image = f"{open_registry.host}/acme/pub:1.0"
    world = World(tmp_path / "world")
    world.chart(
        "web",
        {
            "templates/a.yaml": f"apiVersion: v1\nkind: Pod\nmetadata: {{name: x}}\nspec: {{containers: [{{name: a, image: '{image}'}}]}}\n"
        },
    )
    world.cluster("one", {"web.yaml": application("web")})
    repos.commit(world.kubeaid)
    repos.git(world.kubeaid, "tag", "1.0.0")
    repos.commit(world.config)
    bare = tmp_path / "config.git"
    repos.git(tmp_path, "clone", "--quiet", "--bare", str(world.config), str(bare))
    base = repos.git(bare, "symbolic-ref", "--short", "HEAD").strip()

    def call(*arguments: str):
        options = ["--config-repo", f"file://{bare}", "--kubeaid", str(world.kubeaid), "--jobs", "1", "--forge", "none"]
        plain = ["--plain-http", open_registry.host]
        settings = ["--format", "text"]
        return CliRunner().invoke(
            cli, ["images", "lock", "--publish", *options, *plain, *settings, *arguments], standalone_mode=False
        )

    def published() -> str:
        return repos.git(bare, "show", f"kubeaid-ci/images-lock:{LOCK}")

    dry = call("--dry-run")
    assert dry.return_value == 0, (dry.output, dry.exception)
    assert "kubeaid-ci" not in repos.git(bare, "branch")
    assert call().return_value == 0
    assert f"digest: {first}" in published()
    commit = repos.git(bare, "rev-parse", "kubeaid-ci/images-lock")
    assert call().return_value == 0
    assert repos.git(bare, "rev-parse", "kubeaid-ci/images-lock") == commit
    repos.git(bare, "update-ref", f"refs/heads/{base}", commit.strip())
    repos.git(bare, "update-ref", "-d", "refs/heads/kubeaid-ci/images-lock")
    assert f"{LOCK} is up to date" in call().stdout
    second = open_registry.push("acme/pub", "1.0", b"two", **IMAGE)
    moved = call()
    assert "image/tag-moved" in moved.stdout
    assert f"digest: {second}" in published()
    message = repos.git(bare, "log", "-1", "--format=%s", "kubeaid-ci/images-lock")
    assert message.strip() == "chore(images): lock the digests of image tags"
