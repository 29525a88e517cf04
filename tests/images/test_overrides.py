"""Values that move images are found, and proven by rendering again."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from kubeaid_ci import documents
from kubeaid_ci.cli.main import cli
from kubeaid_ci.errors import UserError
from kubeaid_ci.images.mirror_names import Mirror
from kubeaid_ci.images.mirror_settings import containerd_hosts, kyverno_policy, rewrites
from kubeaid_ci.images.overrides import override_chart_images, override_images
from kubeaid_ci.images.reference import parse_reference
from kubeaid_ci.images.result import ImageOverrides
from tests import repos
from tests.renders import World, application, helm, values_ref

MIRROR = "mirror.acme.io/m"
TO = Mirror.parse(MIRROR)


def deployment(image: str, more: str = "") -> str:
    return (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n"
        f"      containers:\n      - name: web\n        image: {image}\n{more}"
    )


def overrides(tmp_path: Path, values: str, template: str, files: Mapping[str, str] | None = None) -> ImageOverrides:
    world = World(tmp_path)
    world.chart("web", {"values.yaml": values, "templates/web.yaml": template, **(files or {})})
    return override_chart_images(world.kubeaid, MIRROR, cache=False, jobs=1)


@pytest.mark.parametrize(
    ("values", "image", "moved"),
    [
        ("image: quay.io/acme/web:1.0", "{{ .Values.image }}", {"image": f"{MIRROR}/quay.io/acme/web:1.0"}),
        (
            "image: {repository: quay.io/acme/web, tag: '1.0'}",
            "{{ .Values.image.repository }}:{{ .Values.image.tag }}",
            {"image": {"repository": f"{MIRROR}/quay.io/acme/web"}},
        ),
        (
            "image: {registry: quay.io, repository: acme/web}",
            "{{ .Values.image.registry }}/{{ .Values.image.repository }}:1.0",
            {"image": {"registry": f"{MIRROR}/quay.io"}},
        ),
        (
            "image: {registry: docker.io, repository: redis}",
            "{{ .Values.image.registry }}/{{ .Values.image.repository }}:1.0",
            {"image": {"registry": f"{MIRROR}/docker.io", "repository": "library/redis"}},
        ),
        (
            "image: {repository: redis}",
            "{{ .Values.image.repository }}:1.0",
            {"image": {"repository": f"{MIRROR}/docker.io/library/redis"}},
        ),
        (
            "image: {baseRepo: quay.io/acme}",
            "{{ .Values.image.baseRepo }}/web:1.0",
            {"image": {"baseRepo": f"{MIRROR}/quay.io/acme"}},
        ),
        (
            "image: {repository: quay.io/acme/operator, suffix: generic}",
            "{{ .Values.image.repository }}-{{ .Values.image.suffix }}:1.0",
            {"image": {"repository": f"{MIRROR}/quay.io/acme/operator"}},
        ),
        (
            "global: {imageRegistry: ''}",
            "{{ .Values.global.imageRegistry | default `quay.io` }}/acme/web:1.0",
            {"global": {"imageRegistry": f"{MIRROR}/quay.io"}},
        ),
        (
            "image: {registry: null, repository: null}",
            "{{ .Values.image.registry | default `docker.io` }}/{{ .Values.image.repository | default `redis` }}:1.0",
            {"image": {"registry": f"{MIRROR}/docker.io", "repository": "library/redis"}},
        ),
        (
            "extra: [{name: a, image: 'quay.io/acme/web:1.0'}]",
            "{{ (first .Values.extra).image }}",
            {"extra": [{"name": "a", "image": f"{MIRROR}/quay.io/acme/web:1.0"}]},
        ),
    ],
)
def test_a_value_that_names_an_image_or_a_part_of_it_is_moved(
    tmp_path: Path, values: str, image: str, moved: dict[str, object]
) -> None:
    found = overrides(tmp_path, values, deployment(f'"{image}"'))
    assert [(use.proven, use.reason) for use in found.uses] == [(True, "")]
    assert documents.load(found.apps[0].values, where="values") == moved
    assert found.uses[0].mirrored.startswith(f"{MIRROR}/")


@pytest.mark.parametrize(
    ("values", "template", "reason"),
    [
        ("a: 1", deployment("quay.io/acme/web:1.0"), "the template argocd-helm-charts/web/templates/web.yaml has the image as fixed text"),
        ("a: 1", deployment("quay.io/{{ `acme` }}/web:1.0"), "no value of the chart holds the image or its registry"),
        (
            "image: quay.io/acme/web:1.0",
            deployment("{{ .Values.image }}", "        command: ['{{ .Values.image | len }}']\n"),
            "setting image moves more than the image: Deployment web/web: spec.template.spec.containers[web].command[0] changes too",
        ),
        (
            "image: quay.io/acme/web:1.0",
            deployment("{{ if hasPrefix `mirror` .Values.image }}{{ fail `no` }}{{ end }}{{ .Values.image }}"),
            "setting image: the chart does not render",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_moved_has_its_reason(tmp_path: Path, values: str, template: str, reason: str) -> None:
    found = overrides(tmp_path, values, template)
    assert [(use.proven, use.reason) for use in found.uses] == [(False, reason)]
    assert found.apps == ()


def test_a_value_that_moves_more_than_an_image_does_not_stop_the_others(tmp_path: Path) -> None:
    template = deployment(
        "{{ .Values.a }}",
        "        command: ['{{ .Values.a | len }}']\n      - name: b\n        image: {{ .Values.b }}\n",
    )
    found = overrides(tmp_path, "a: quay.io/acme/a:1.0\nb: quay.io/acme/b:1.0\n", template)
    assert [(use.image, use.proven) for use in found.uses] == [
        ("quay.io/acme/a:1.0", False),
        ("quay.io/acme/b:1.0", True),
    ]
    assert documents.load(found.apps[0].values, where="v") == {"b": f"{MIRROR}/quay.io/acme/b:1.0"}


def test_a_checksum_of_a_text_with_the_image_may_change(tmp_path: Path) -> None:
    template = (
        deployment("{{ .Values.image }}").replace(
            "  template:\n",
            "  template:\n    metadata: {annotations: {checksum/config: '{{ .Values.image | sha256sum }}'}}\n",
        )
        + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {image: '{{ .Values.image }}'}\n"
    )
    assert [use.proven for use in overrides(tmp_path, "image: quay.io/acme/web:1.0", template).uses] == [True]


def test_bitnami_charts_get_the_value_that_they_want(tmp_path: Path) -> None:
    guard = "{{ if and (not .Values.global.security.allowInsecureImages) (ne .Values.registry `docker.io`) }}{{ fail `no` }}{{ end }}"
    values = "global: {security: {allowInsecureImages: false}}\nregistry: docker.io\n"
    found = overrides(tmp_path, values, guard + deployment("{{ .Values.registry }}/acme/web:1.0"))
    assert [use.proven for use in found.uses] == [True]
    assert documents.load(found.apps[0].values, where="v") == {
        "global": {"security": {"allowInsecureImages": True}},
        "registry": f"{MIRROR}/docker.io",
    }


@pytest.fixture
def world(tmp_path: Path, monkeypatch) -> World:
    monkeypatch.setenv("KUBEAID_CI_CACHE", str(tmp_path / "cache"))
    made = World(tmp_path)
    template = deployment("{{ .Values.image }}", "      - name: b\n        image: {{ .Values.other }}\n")
    made.chart(
        "web", {"values.yaml": "image: quay.io/a/a:1.0\nother: quay.io/a/b:1.0\n", "templates/web.yaml": template}
    )
    sources = [helm(valueFiles=["$values/k8s/one/values.yaml"], values="other: quay.io/a/b:2.0"), values_ref()]
    plain = {
        "repoURL": "git@git.example.com:acme/kubernetes-config.git",
        "path": "k8s/one/plain",
        "targetRevision": "HEAD",
    }
    made.cluster(
        "one",
        {
            "web.yaml": application("web", sources=sources),
            "plain.yaml": application("plain", source=plain),
            "/values.yaml": "image: quay.io/a/a:3.0\n",
            "/plain/a.yaml": deployment("quay.io/a/p:1.0"),
        },
    )
    repos.commit(made.kubeaid)
    repos.git(made.kubeaid, "tag", "1.0.0")
    return made


def test_inline_values_win_over_the_file_and_plain_manifests_have_no_values(world: World) -> None:
    found = override_images(world.config, world.kubeaid, MIRROR, jobs=1)
    assert {use.image: (use.proven, use.reason) for use in found.uses} == {
        "quay.io/a/a:3.0": (True, ""),
        "quay.io/a/b:2.0": (False, "the chart does not take the image from other"),
        "quay.io/a/p:1.0": (False, "k8s/one/plain/a.yaml is not from a chart but from plain manifests, which no Helm value changes"),
    }  # fmt: skip


def test_the_written_values_are_what_was_proven(world: World, tmp_path: Path) -> None:
    """Name the written file last in valueFiles, as the header asks for, and render."""
    out = tmp_path / "out"
    options = ["--config-repo", str(world.config), "--kubeaid", str(world.kubeaid), "--jobs", "1"]
    done = CliRunner().invoke(
        cli, ["images", "overrides", "--to", MIRROR, "--out", str(out), *options], standalone_mode=False
    )
    assert done.return_value == 0, done.output
    assert done.stdout.startswith("1 of 3 image uses (33 %) proven to come from mirror.acme.io/m")
    assert sorted(str(path.relative_to(out)) for path in out.rglob("*.*") if path.is_file()) == [
        "certs.d/quay.io/hosts.toml",
        "kyverno-policy.yaml",
        "values/one/web.yaml",
    ]
    (world.config / "k8s/one/moved.yaml").write_bytes((out / "values/one/web.yaml").read_bytes())
    app = world.config / "k8s/one/argocd-apps/templates/web.yaml"
    app.write_text(
        app.read_text().replace(
            "- $values/k8s/one/values.yaml", "- $values/k8s/one/values.yaml\n      - $values/k8s/one/moved.yaml"
        )
    )
    listed = CliRunner().invoke(cli, ["images", "list", "--format", "json", *options], standalone_mode=False)
    assert f"{MIRROR}/quay.io/a/a:3.0" in {result["image"] for result in json.loads(listed.stdout)["results"]}


@pytest.mark.parametrize(
    "text", ["", "mirror", "https://m.acme.io", "m.acme.io/UPPER", "m.acme.io/a:1", "m acme.io/a", " m.acme.io"]
)
def test_a_mirror_is_a_registry(text: str) -> None:
    with pytest.raises(UserError):
        Mirror.parse(text)


IMAGES = [
    "busybox",
    "busybox:1.2",
    "grafana/grafana:1",
    "docker.io/busybox@sha256:" + "0" * 64,
    "index.docker.io/busybox:1",
    "quay.io/a/b/c:1",
    "ecr-public.aws.com/docker/library/redis:8",
    "registry.acme.io:5000/a:1",
]


@pytest.mark.parametrize("image", IMAGES)
def test_the_steps_of_the_policy_give_the_mirrored_image(image: str) -> None:
    registries = {"docker.io", "quay.io", "ecr-public.aws.com", "registry.acme.io:5000", "index.docker.io"}
    text = image
    for pattern, replacement in rewrites(registries, TO):
        text = re.sub(pattern, re.sub(r"\$\{(\d)\}", r"\\g<\1>", replacement), text)
    parsed = parse_reference(image)
    assert parsed is not None
    assert parse_reference(text) == TO.image(parsed)


def test_the_policy_is_yaml_and_the_hosts_are_toml() -> None:
    import tomllib

    policy = documents.load(kyverno_policy(["quay.io"], TO), where="policy")
    assert [rule["name"] for rule in policy["spec"]["rules"]] == [
        "containers",
        "init-containers",
        "ephemeral-containers",
    ]
    hosts = containerd_hosts(["quay.io", "ecr-public.aws.com", "mirror.acme.io"], TO)
    assert {path: list(tomllib.loads(text)["host"]) for path, text in hosts.items()} == {
        "ecr-public.aws.com/hosts.toml": ["https://mirror.acme.io/v2/m/public.ecr.aws"],
        "quay.io/hosts.toml": ["https://mirror.acme.io/v2/m/quay.io"],
    }


def test_check_reports_images_that_do_not_come_from_the_mirror(world: World) -> None:
    options = ["--config-repo", str(world.config), "--kubeaid", str(world.kubeaid), "--jobs", "1", "--rules", "image"]

    def found() -> list[str]:
        done = CliRunner().invoke(cli, ["check", "--format", "json", *options], standalone_mode=False)
        return [finding["message"] for finding in json.loads(done.stdout)["findings"]]

    assert found() == []
    (world.config / ".kubeaid-ci.yaml").write_text("images: {mirror: quay.io/a}\n")
    assert found() == []
    (world.config / ".kubeaid-ci.yaml").write_text("images: {mirror: quay.io/mirror}\n")
    assert sorted(found()) == [
        f"quay.io/a/{name} does not come from quay.io/mirror" for name in ("a:3.0", "b:2.0", "p:1.0")
    ]
