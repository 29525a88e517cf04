import pytest

from kubeaid_ci.k8s.image import Image


@pytest.mark.parametrize(
    ("text", "image"),
    [
        ("nginx", Image("docker.io", "library/nginx")),
        ("nginx:1.2", Image("docker.io", "library/nginx", "1.2")),
        ("docker.io/library/nginx:1.2", Image("docker.io", "library/nginx", "1.2")),
        ("index.docker.io/nginx", Image("docker.io", "library/nginx")),
        ("acme/web:1", Image("docker.io", "acme/web", "1")),
        ("Registry.example.com:5000/a/b/c:1@sha256:ab", Image("registry.example.com:5000", "a/b/c", "1", "sha256:ab")),
        ("localhost/web", Image("localhost", "web")),
        ("quay.io/web@sha256:ab", Image("quay.io", "web", "", "sha256:ab")),
        ("", Image("docker.io", "library/")),
    ],
)
def test_a_reference_is_read_as_a_container_runtime_reads_it(text: str, image: Image) -> None:
    assert Image.parse(text) == image


@pytest.mark.parametrize(
    ("text", "fixed"),
    [("a:1", True), ("a@sha256:ab", True), ("a:latest@sha256:ab", True), ("a", False), ("a:latest", False)],
)
def test_a_version_or_a_digest_fixes_an_image(text: str, fixed: bool) -> None:
    assert Image.parse(text).is_fixed is fixed
