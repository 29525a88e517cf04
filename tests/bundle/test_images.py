"""Images of a bundle, from one real registry on loopback to another, with skopeo."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from kubeaid_ci.bundle.create import BundleOptions, create_bundle
from kubeaid_ci.bundle.images import LAYOUT, LIST, ImageContent
from kubeaid_ci.bundle.restore import restore_bundle
from kubeaid_ci.bundle.verify import verify_bundle
from kubeaid_ci.images.lock import image_registries
from kubeaid_ci.k8s.image import Image
from tests import repos
from tests.bundle.platform import ROOT, run
from tests.images.test_mirror import push_docker
from tests.sbom.test_sbom import application, pod
from tests.servers import registry
from tests.servers.registry import Running

CONFIG = "https://git.example.com/platform/kubernetes-config.git"
PAGE = (ROOT / "docs/air-gap.md").read_text("utf-8")
COMMANDS = re.findall(r"^kubeaid-ci (images .*)$", PAGE, re.MULTILINE)
needs_tools = pytest.mark.skipif(
    registry.PROGRAM is None or shutil.which("skopeo") is None,
    reason="docker-registry or skopeo (Debian packages) is not installed",
)


@pytest.fixture
def registries(tmp_path: Path) -> Iterator[tuple[Running, Running]]:
    """The registry that the platform takes images from, and the empty one of the site."""
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    with registry.running(tmp_path / "first") as first, registry.running(tmp_path / "second") as second:
        yield first, second


def platform(folder: Path, *images: str) -> tuple[Path, Path]:
    kubeaid = repos.kubeaid(folder / "KubeAid")
    repos.write(kubeaid, {"argocd-helm-charts/.keep": ""})
    apps = "k8s/staging/argocd-apps"
    files = {
        f"{apps}/Chart.yaml": "apiVersion: v2\nname: root\nversion: 0.1.0\n",
        f"{apps}/templates/root.yaml": application("root", CONFIG, apps),
        f"{apps}/templates/web.yaml": application("web", CONFIG, "k8s/staging/web"),
        **{f"k8s/staging/web/{number}.yaml": pod(f"p{number}", image) for number, image in enumerate(images)},
    }
    config = repos.write(folder / "kubernetes-config", files)
    for place in (kubeaid, config):
        repos.commit(place)
    repos.git(config, "remote", "add", "origin", CONFIG)
    return config, kubeaid


@needs_tools
def test_every_image_reaches_the_registry_of_the_site_with_its_digest(
    tmp_path: Path, registries: tuple[Running, Running]
) -> None:
    first, second = registries
    digests = {name: push_docker(first, name, "1.0") for name in ("app/web", "app/api")}
    both = platform(tmp_path, *(f"{first.host}/{name}:1.0" for name in digests))
    options = BundleOptions(images=ImageContent.COPY, plain_http=(first.host,), allow=(first.host,), wheels=False)
    found = create_bundle(*both, tmp_path / "a.tar", options=options)
    assert found.findings == ()
    again = create_bundle(*both, tmp_path / "b.tar", options=options)
    assert again.digest == found.digest

    restore_bundle([tmp_path / "a.tar"], tmp_path / "site")
    reach = ["--plain-http", second.host, "--allow", second.host]
    for line in COMMANDS:
        words = line.replace("registry.example.com/mirror", f"{second.host}/mirror").split()
        words += reach if words[1] == "mirror" else ["--config-repo", str(both[0]), "--kubeaid", str(both[1])]
        run(tmp_path, *words, codes=(0, 1))
    with image_registries(plain_http=(second.host,), allow=(second.host,)) as resolve:
        assert {resolve(name) for name in _names(second)} == set(digests.values())


def _names(site: Running) -> list[Image]:
    """Return the images that a registry has, by its own list."""
    with urlopen(f"http://{site.host}/v2/_catalog") as answer:
        return [Image.parse(f"{site.host}/{name}:1.0") for name in json.load(answer)["repositories"]]


@needs_tools
def test_an_increment_has_only_new_blobs_and_a_flipped_byte_of_one_is_found(
    tmp_path: Path, registries: tuple[Running, Running]
) -> None:
    first, _ = registries
    push_docker(first, "app/web", "1.0")
    push_docker(first, "app/api", "1.0")
    config, kubeaid = platform(tmp_path, f"{first.host}/app/web:1.0")
    options = {"images": ImageContent.COPY, "plain_http": (first.host,), "allow": (first.host,), "wheels": False}
    create_bundle(config, kubeaid, tmp_path / "a", options=BundleOptions(**options))
    repos.write(config, {"k8s/staging/web/more.yaml": pod("more", f"{first.host}/app/api:1.0")})
    repos.commit(config)
    create_bundle(config, kubeaid, tmp_path / "b", options=BundleOptions(since=tmp_path / "a", **options))
    assert verify_bundle([tmp_path / "a", tmp_path / "b"]).findings == ()
    blobs = {name: set((tmp_path / name / LAYOUT / "blobs/sha256").glob("*")) for name in ("a", "b")}
    assert not {blob.name for blob in blobs["a"]} & {blob.name for blob in blobs["b"]}

    blob = min(blobs["a"])
    data = blob.read_bytes()
    blob.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    (finding,) = verify_bundle([tmp_path / "a"]).findings
    assert finding.rule.id == "bundle/file-modified"


@needs_tools
def test_an_image_that_is_missing_is_an_error_and_the_others_are_copied(
    tmp_path: Path, registries: tuple[Running, Running]
) -> None:
    first, _ = registries
    push_docker(first, "app/web", "1.0")
    both = platform(tmp_path, f"{first.host}/app/web:1.0", f"{first.host}/app/gone:1.0")
    options = BundleOptions(images=ImageContent.COPY, plain_http=(first.host,), allow=(first.host,), wheels=False)
    found = create_bundle(*both, tmp_path / "a", options=options)
    assert [(finding.rule.id, str(finding.severity)) for finding in found.findings] == [
        ("bundle/not-included", "error")
    ]
    assert "app/gone" in found.findings[0].message
    assert len((tmp_path / "a" / LIST).read_text().splitlines()) == 2


def test_images_that_are_only_listed_are_reported(tmp_path: Path) -> None:
    both = platform(tmp_path, "nginx:1.2")
    found = create_bundle(*both, tmp_path / "a", options=BundleOptions(wheels=False))
    assert [(finding.rule.id, str(finding.severity)) for finding in found.findings] == [
        ("bundle/not-included", "warning")
    ]
    assert (tmp_path / "a" / LIST).read_text() == "docker.io/library/nginx:1.2\n"
    none = BundleOptions(images=ImageContent.NONE, wheels=False)
    assert create_bundle(*both, tmp_path / "b", options=none).findings == ()
