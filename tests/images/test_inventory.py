import json

import pytest

from kubeaid_ci.images.checks import judge_images, moves
from kubeaid_ci.images.inventory import collect_images
from kubeaid_ci.settings import DeclaredImages, ImageSettings, parse
from tests.images.objects import app, deployment, manifest

DIGEST = f"sha256:{'0123456789abcdef' * 4}"
PROMETHEUS = "apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nspec: {replicas: 2}"
DATABASE = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: db}\nspec: {}"


def test_an_image_is_one_result_whatever_its_spelling() -> None:
    inventory = collect_images(
        [
            app(deployment("name: a, image: 'nginx:1.2'"), cluster="two"),
            app(deployment("name: a, image: 'docker.io/library/nginx:1.2', args: ['--x-image=nginx:1.2']")),
        ]
    )
    (listed,) = inventory.images
    assert (listed.image, listed.confidence) == ("docker.io/library/nginx:1.2", "certain")
    assert [
        (place.cluster, place.path.removeprefix("spec.template.spec.containers[a]."), place.text)
        for place in listed.found_in
    ] == [
        ("one", "args[0]", "nginx:1.2"),
        ("one", "image", "docker.io/library/nginx:1.2"),
        ("two", "image", "nginx:1.2"),
    ]


def test_the_json_has_the_fields_of_the_contract() -> None:
    printed = json.loads(collect_images([app(deployment(f"name: a, image: 'quay.io/a/b:1@{DIGEST}'"))]).to_json())
    (result,) = printed["results"]
    assert (printed["schema"], printed["command"]) == ("kubeaid-ci/v1", "images list")
    assert {key: result[key] for key in ("image", "registry", "repository", "tag", "digest", "confidence")} == {
        "image": f"quay.io/a/b:1@{DIGEST}",
        "registry": "quay.io",
        "repository": "a/b",
        "tag": "1",
        "digest": DIGEST,
        "confidence": "certain",
    }
    (place,) = result["found_in"]
    assert (
        place.items()
        >= {
            "cluster": "one",
            "app": "web",
            "kind": "Deployment",
            "namespace": "",
            "name": "x",
            "path": "spec.template.spec.containers[a].image",
        }.items()
    )


def test_an_application_that_is_not_rendered_is_unknown() -> None:
    inventory = collect_images([app(status="failed"), app(name="b", status="partial"), app(name="c", cluster="")])
    assert inventory.unknown == ("one/web", "one/b")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (PROMETHEUS, "spec.image is not set: its operator chooses the image"),
        (PROMETHEUS.replace("replicas: 2", "image: 'a/b:1'"), None),
        (DATABASE, "spec.imageName is not set: its operator chooses the image"),
        (DATABASE.replace("spec: {}", "spec: {imageCatalogRef: {name: x}}"), None),
        ("apiVersion: cdi.kubevirt.io/v1\nkind: CDI", "its operator chooses the image"),
    ],
)
def test_an_object_whose_operator_chooses_the_image_is_blind(text: str, reason: str | None) -> None:
    blind = collect_images([app(manifest(text))]).blind
    assert [each.reason for each in blind] == ([reason] if reason else [])


@pytest.mark.parametrize(
    "image", ["Nginx:1.2", "nginx:1.2:3", "https://nginx:1.2", "nginx :1", "ghcr.io/a/b@sha256:12"]
)
def test_a_text_that_no_runtime_accepts_is_not_left_out_silently(image: str) -> None:
    inventory = collect_images([app(deployment(f"name: a, image: '{image}'"))])
    assert not [each for each in inventory.images if each.confidence == "certain"]
    assert [(each.kind, each.reason) for each in inventory.blind] == [("Deployment", f"not a valid image: {image}")]
    assert [finding.rule.id for finding in judge_images(inventory)] == ["image/blind"]


@pytest.mark.parametrize("image", ["", "ghcr.io/a/b:(varies)", "ghcr.io/a/b:1"])
def test_a_missing_varying_or_valid_image_is_not_invalid(image: str) -> None:
    assert collect_images([app(deployment(f"name: a, image: '{image}'"))]).blind == ()


def test_declared_images_are_listed_and_end_the_blindness() -> None:
    declared = (
        DeclaredImages(("ghcr.io/pg/pg:17.4",), "default of the operator", kind="postgresql.cnpg.io/Cluster"),
        DeclaredImages(("quay.io/a/helper:1.0",), "started by the agent", app="agent-*"),
    )
    inventory = collect_images([app(manifest(DATABASE)), app(name="agent-x")], ImageSettings(declared=declared))
    assert [(each.image, each.found_in[0].app, each.found_in[0].name) for each in inventory.images] == [
        ("ghcr.io/pg/pg:17.4", "web", "db"),
        ("quay.io/a/helper:1.0", "agent-x", ""),
    ]
    assert [each.declared for each in inventory.blind] == [("ghcr.io/pg/pg:17.4",)]
    assert [finding.rule.id for finding in judge_images(inventory)] == ["image/unpinned", "image/unpinned"]


@pytest.mark.parametrize(
    ("tag", "moving"),
    [
        ("latest", True),
        ("1", True),
        ("v2", True),
        ("stable-alpine", True),
        ("multiple-subnets", True),
        ("v1.37-latest", True),
        ("main-arm64", True),
        ("edge", True),
        ("1.2.3", False),
        ("v1.2", False),
        ("1.2.3-alpine", False),
        ("2024.10.1-rc", False),
        ("20240101", False),
        ("sha-0a1b2c3", False),
        ("4.1-p2", False),
        ("RELEASE.2024-01-01T00-00-00Z", False),
    ],
)
def test_a_tag_without_a_version_moves(tag: str, moving: bool) -> None:
    assert moves(tag) is moving


@pytest.mark.parametrize(
    ("image", "registries", "rules"),
    [
        ("quay.io/a/b:1.2", (), ["image/unpinned"]),
        (f"quay.io/a/b:1.2@{DIGEST}", (), []),
        ("quay.io/a/b", (), ["image/no-tag", "image/unpinned"]),
        ("quay.io/a/b:latest", (), ["image/mutable-tag", "image/unpinned"]),
        (f"quay.io/a/b:latest@{DIGEST}", (), []),
        (f"qauy.io/a/b@{DIGEST}", (), ["image/registry-suspicious"]),
        (f"qauy.io/a/b@{DIGEST}", ("qauy.io",), []),
        (f"quay.io/a/b@{DIGEST}", ("ghcr.io", "*.example.com"), ["image/registry-not-allowed"]),
        (f"r.example.com/a/b@{DIGEST}", ("*.example.com",), []),
        (f"quay.io/a/b@{DIGEST}", ("quay.io/a",), []),
        (f"quay.io/ab/b@{DIGEST}", ("quay.io/a",), ["image/registry-not-allowed"]),
    ],
)
def test_an_image_is_judged_by_registry_and_version(image: str, registries: tuple[str, ...], rules: list[str]) -> None:
    inventory = collect_images([app(deployment(f"name: a, image: '{image}'"))])
    assert [finding.rule.id for finding in judge_images(inventory, registries=registries)] == rules


def test_the_settings_of_images_are_read() -> None:
    text = (
        "images:\n  mirror: registry.example.com/mirror\n"
        "  fields: [{kind: example.org/Widget, paths: [spec.image]}]\n"
        "  declared: [{kind: postgresql.cnpg.io/Cluster, images: ['ghcr.io/pg/pg:17.4'], reason: default}]\n"
    )
    images = parse(text, where="s").images
    assert images.fields[0].paths == ("spec.image",)
    assert images.declared[0].images == ("ghcr.io/pg/pg:17.4",)
    assert images.mirror == "registry.example.com/mirror"
