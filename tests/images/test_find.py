import base64

import pytest

from kubeaid_ci.images.find import images_in
from kubeaid_ci.images.kinds import KINDS, ImageKind, with_declared
from kubeaid_ci.k8s.manifest import Manifest
from tests.images.objects import deployment, manifest


def found(each: Manifest, kinds=KINDS) -> list[tuple[str, str, str]]:
    return [(str(hit.image), hit.confidence.value, hit.path) for hit in images_in(each, kinds)]


POD = "spec.template.spec.containers"


def test_each_list_of_a_pod_and_its_image_volumes_are_certain() -> None:
    pod = manifest(
        "apiVersion: v1\nkind: Pod\nspec:\n"
        "  containers: [{name: a, image: a:1}]\n  initContainers: [{image: b:1}]\n"
        "  ephemeralContainers: [{name: c, image: c:1}]\n"
        "  volumes: [{name: v, image: {reference: quay.io/models/m:1}}]\n"
    )
    assert found(pod) == [
        ("docker.io/library/b:1", "certain", "spec.initContainers[0].image"),
        ("docker.io/library/a:1", "certain", "spec.containers[a].image"),
        ("docker.io/library/c:1", "certain", "spec.ephemeralContainers[c].image"),
        ("quay.io/models/m:1", "certain", "spec.volumes[v].image.reference"),
    ]


@pytest.mark.parametrize(
    ("container", "image", "confidence", "path"),
    [
        ("args: ['--acme-http01-solver-image=quay.io/a/solver:1']", "quay.io/a/solver:1", "likely", "args[0]"),
        ("args: ['--x-image', 'quay.io/a/b:1']", "quay.io/a/b:1", "likely", "args[1]"),
        ("args: ['--config-reloader=a/reloader:1']", "docker.io/a/reloader:1", "likely", "args[0]"),
        ("args: ['--backend=quay.io/a/b:1']", "quay.io/a/b:1", "likely", "args[0]"),
        ("command: [sh, -c, 'oras pull ghcr.io/a/db:0 -o /db']", "ghcr.io/a/db:0", "likely", "command[2]"),
        ("env: [{name: RELATED_IMAGE_X, value: 'a/b:1'}]", "docker.io/a/b:1", "likely", "env[RELATED_IMAGE_X].value"),
        ("env: [{name: DEFAULT_MAVEN_BUILDER, value: 'quay.io/a/m:1'}]", "quay.io/a/m:1", "likely", "env[DEFAULT_MAVEN_BUILDER].value"),
        ("env: [{name: AGENT_IMAGE, value: quay.io/a/agent}]", "quay.io/a/agent", "possible", "env[AGENT_IMAGE].value"),
        ("env: [{name: KAFKA, value: '4.0=quay.io/a/k:1-4.0'}]", "quay.io/a/k:1-4.0", "likely", "env[KAFKA].value"),
        ("env: [{name: X_IMAGE_REPOSITORY, value: quay.io/a/x}, {name: X_VERSION, value: '1.2'}]", "quay.io/a/x:1.2", "possible", "env[X_IMAGE_REPOSITORY].value"),
        ("env: [{name: S_REPO_URL, value: quay.io/a}, {name: S_NAME, value: s}, {name: S_VERSION, value: '2'}]", "quay.io/a/s:2", "possible", "env[S_NAME].value"),
    ],
)  # fmt: skip
def test_an_image_outside_of_image_is_found(container: str, image: str, confidence: str, path: str) -> None:
    assert found(deployment(f"name: c, {container}")) == [(image, confidence, f"{POD}[c].{path}")]


@pytest.mark.parametrize(
    "container",
    [
        "imagePullPolicy: Always",
        "env: [{name: IMAGE_PULL_POLICY, value: 'a:b'}, {name: MY_IMAGE_TAG, value: 'v1:2'}]",
        "env: [{name: LISTEN, value: '0.0.0.0:8080'}, {name: URL, value: 'https://quay.io/a:1'}]",
        "env: [{name: LOGO_IMAGE, value: 'assets/logo.png'}, {name: IMAGE_URL, value: 'https://a.example/x:1'}]",
        "env: [{name: DB, value: 'postgres:5432'}, {name: REPO_URL, value: quay.io/a}]",
        "args: ['--taint=node.kubernetes.io/x:NoSchedule', '--image-gc-high=85', '--leader-elect']",
        "env: [{name: X_IMAGE, value: '{{ .Values.image }}'}, {name: X_IMAGE, valueFrom: {fieldRef: {fieldPath: a}}}]",
        "env: [{name: GIT_REPOSITORY, value: acme/app}, {name: GIT_TAG, value: v1}]",
    ],
)
def test_what_is_no_image_is_not_listed(container: str) -> None:
    assert found(deployment(f"name: c, {container}")) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nspec: {image: 'quay.io/p/p:1', thanos: {image: t/t:2}}",
            [("quay.io/p/p:1", "likely", "spec.image"), ("docker.io/t/t:2", "likely", "spec.thanos.image")],
        ),
        (
            "apiVersion: operator.victoriametrics.com/v1beta1\nkind: VMSingle\nspec: {image: {repository: vm/single, tag: v1}}",
            [("docker.io/vm/single:v1", "likely", "spec.image.repository")],
        ),
        (
            "apiVersion: nvidia.com/v1\nkind: ClusterPolicy\nspec: {driver: {repository: nvcr.io/nvidia, image: driver, version: '570.1'}}",
            [("nvcr.io/nvidia/driver:570.1", "likely", "spec.driver.image")],
        ),
        (
            "apiVersion: argoproj.io/v1alpha1\nkind: ArgoCD\nspec: {image: quay.io/argoproj/argocd, version: v3.1.0}",
            [("quay.io/argoproj/argocd:v3.1.0", "likely", "spec.image")],
        ),
        (
            "apiVersion: example.org/v1\nkind: Widget\nspec: {a: {b: {image: 'quay.io/x/y:1'}}}",
            [("quay.io/x/y:1", "likely", "spec.a.b.image")],
        ),
        (
            "apiVersion: example.org/v1\nkind: Widget\nspec: {image: {registry: ghcr.io, repository: a/b, tag: 1.10}}",
            [("ghcr.io/a/b:1.1", "likely", "spec.image.repository")],
        ),
        (
            "apiVersion: example.org/v1\nkind: Widget\nspec: {podTemplate: {spec: {containers: [{name: c, image: busybox}]}}}",
            [("docker.io/library/busybox", "likely", "spec.podTemplate.spec.containers[c].image")],
        ),
        ("apiVersion: example.org/v1\nkind: Machine\nspec: {imageName: ubuntu-22.04}", []),
        ("apiVersion: example.org/v1\nkind: Widget\nspec: {}\nstatus: {image: 'quay.io/x/y:1'}", []),
        ("apiVersion: example.org/v1\nkind: Widget\nspec: {imagePullSecrets: [{name: 'quay.io/x/y:1'}], a: null}", [("quay.io/x/y:1", "likely", "spec.imagePullSecrets[quay.io/x/y:1].name")]),
        (
            "apiVersion: pkg.crossplane.io/v1\nkind: Function\nspec: {package: 'xpkg.crossplane.io/a/f:v1'}",
            [("xpkg.crossplane.io/a/f:v1", "likely", "spec.package")],
        ),
    ],
)  # fmt: skip
def test_custom_resources_name_images_in_fields_of_their_own(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert found(manifest(text)) == expected


def test_settings_add_the_fields_of_a_kind() -> None:
    widget = manifest("apiVersion: example.org/v1\nkind: Widget\nspec: {engine: {from: acme/engine, at: '1.2'}}")
    kinds = with_declared([ImageKind("example.org", "Widget", ("{spec.engine.from}:{spec.engine.at}",))])
    assert found(widget) == []
    assert found(widget, kinds) == [("docker.io/acme/engine:1.2", "likely", "spec.engine.from")]


def config_map(**data: str) -> Manifest:
    return manifest("apiVersion: v1\nkind: ConfigMap", data=data)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("quay.io/a/plugin:1", [("quay.io/a/plugin:1", "likely", "data.plugin")]),
        ("CSI_IMAGE: quay.io/a/b:1\n# x\nOTHER: 1\n", [("quay.io/a/b:1", "likely", "data.plugin.CSI_IMAGE")]),
        ("CSI_IMAGE = quay.io/a/b:1\nOTHER=1\n", [("quay.io/a/b:1", "likely", "data.plugin")]),
        ("image = \"alpine:3.12\"\n[x]\n", [("docker.io/library/alpine:3.12", "likely", "data.plugin")]),
        ("proxy:\n  image:\n    repository: a/b\n    tag: 1.10\n", [("docker.io/a/b:1.10", "likely", "data.plugin.proxy.image.repository")]),
        ("image: quay.io/a/b:{{ .tag }}\nother: {{ x }} quay.io/a/c:1\n", [("quay.io/a/c:1", "likely", "data.plugin")]),
        ("spec:\n  containers:\n  - name: x\n    image: busybox\n---\nimage: a/b:1\n", [("docker.io/library/busybox", "likely", "data.plugin.spec.containers[x].image"), ("docker.io/a/b:1", "likely", "data.plugin.image")]),
        ('{"panels": [], "image": "a/b:1"}', []),
        ("image: [unclosed\nquay.io/a/b:1", [("quay.io/a/b:1", "likely", "data.plugin")]),
    ],
)  # fmt: skip
def test_text_in_a_config_map_is_searched(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert found(config_map(plugin=text)) == expected


def test_parts_in_fields_that_share_a_prefix_are_one_possible_image() -> None:
    assert found(config_map(**{"trivy.repository": "ghcr.io/a/trivy", "trivy.tag": "0.50.0"})) == [
        ("ghcr.io/a/trivy:0.50.0", "possible", "data[trivy.repository]")
    ]


def test_a_secret_is_searched_decoded() -> None:
    data = {"config": base64.b64encode(b"image: quay.io/a/b:1\nother: x\n").decode(), "bad": "%%", "n": 1}
    assert found(manifest("apiVersion: v1\nkind: Secret", data=data)) == [
        ("quay.io/a/b:1", "likely", "data.config.image")
    ]


def test_annotations_are_searched_by_their_names() -> None:
    metadata = {"name": "x", "annotations": {"sidecar.example.io/proxyImage": "a/proxy:1", "note": "quay.io/a/b:1"}}
    each = manifest("apiVersion: v1\nkind: Service\nspec: {}", metadata=metadata)
    assert found(each) == [("docker.io/a/proxy:1", "likely", "metadata.annotations[sidecar.example.io/proxyImage]")]


def test_the_type_of_an_artifact_is_named() -> None:
    data = config_map(**{"a.dbRepository": "mirror.gcr.io/aquasec/trivy-db", "b": "ghcr.io/a/trivy-checks:1"})
    assert [(hit.type, hit.confidence.value) for hit in images_in(data, KINDS)] == [
        ("vulnerability-database", "possible"),
        ("policy-bundle", "likely"),
    ]


def test_a_test_hook_and_a_definition_are_left_out() -> None:
    hook = {"name": "x", "annotations": {"helm.sh/hook": "test"}}
    pod = "kind: Pod\napiVersion: v1\nspec: {containers: [{image: a:1}]}"
    assert found(manifest(pod)) != []
    assert found(manifest(pod, metadata=hook)) == []
    assert found(manifest("kind: CustomResourceDefinition\nspec: {image: 'quay.io/a/b:1'}")) == []


@pytest.mark.parametrize("value", [None, [], {}, "x", 3, [[[]]], {"image": None}, {"image": {"tag": True}}])
def test_any_value_anywhere_is_taken(value: object) -> None:
    for field in ("spec", "data", "metadata"):
        for kind in ("Pod", "ConfigMap", "Secret", "Deployment"):
            each = manifest(f"apiVersion: v1\nkind: {kind}", **{field: value})
            assert list(images_in(each, KINDS)) == []
