import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubeaid_ci.images.reference import parse_reference, references_in
from kubeaid_ci.images.registries import is_registry, suspicion
from kubeaid_ci.k8s.image import Image

DIGEST = f"sha256:{'0123456789abcdef' * 4}"


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("busybox", "docker.io/library/busybox"),
        ("docker.io/busybox", "docker.io/library/busybox"),
        ("index.docker.io/busybox:1", "docker.io/library/busybox:1"),
        ("grafana/grafana:12.0.1", "docker.io/grafana/grafana:12.0.1"),
        ("localhost/a/b", "localhost/a/b"),
        ("localhost:5000/a", "localhost:5000/a"),
        ("registry:5000/a/b:v1", "registry:5000/a/b:v1"),
        ("Registry/a:1", "registry/a:1"),
        ("[::1]:5000/a:1", "[::1]:5000/a:1"),
        ("ecr-public.aws.com/x/y:1", "public.ecr.aws/x/y:1"),
        (f"quay.io/a/b:1@{DIGEST}", f"quay.io/a/b:1@{DIGEST}"),
        (f"a/b@{DIGEST}", f"docker.io/a/b@{DIGEST}"),
        ("quay.io/a__b/c-d.e:V1_2.3-x", "quay.io/a__b/c-d.e:V1_2.3-x"),
        ("host/a/b:1", "docker.io/host/a/b:1"),
    ],
)
def test_a_reference_has_one_full_spelling(text: str, spelled: str) -> None:
    assert str(parse_reference(text)) == spelled


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Busybox",
        "a b",
        "a:",
        "a@sha256:12",
        "https://quay.io/a",
        "a//b",
        "/a/b",
        "a/b/",
        "{{ .Values.image }}",
        "quay.io/A/b",
        "quay.io/*",
        f"a:{'x' * 129}",
        "a" * 256,
        "0123456789abcdef" * 4,
        "a:1:2",
        "ünicode:1",
        "-a",
        "local:iso/debian.iso",
    ],
)
def test_a_runtime_would_refuse_the_text(text: str) -> None:
    assert parse_reference(text) is None


_PART = st.from_regex(r"[a-z0-9]{1,4}([._-][a-z0-9]{1,4}){0,2}", fullmatch=True)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(["quay.io", "registry.example.com:5000", "localhost", "docker.io"]),
    st.lists(_PART, min_size=1, max_size=4),
    st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", fullmatch=True),
)
def test_a_full_spelling_is_its_own_spelling(host: str, parts: list[str], tag: str) -> None:
    image = parse_reference(f"{host}/{'/'.join(parts)}:{tag}")
    assert image is not None
    assert parse_reference(str(image)) == image
    assert image.tag == tag


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=80))
def test_any_text_can_be_parsed(text: str) -> None:
    image = parse_reference(text)
    assert image is None or isinstance(image, Image)
    list(references_in(text))


def test_references_in_a_script_are_found_with_their_tags() -> None:
    text = (
        "oras pull ghcr.io/acme/db:0 && docker pull quay.io/a/b@" + DIGEST + "\n"
        "curl https://quay.io/api/v1:x; echo user@ghcr.io/a/b:1 quay.io/without/tag '4.2=quay.io/a/kafka:1.1-4.2'\n"
        "kubectl taint node node-role.kubernetes.io/control-plane:NoSchedule"
    )
    assert [text for text, _ in references_in(text)] == [
        "ghcr.io/acme/db:0",
        f"quay.io/a/b@{DIGEST}",
        "quay.io/a/kafka:1.1-4.2",
    ]


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("quay.io", True),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", True),
        ("europe-docker.pkg.dev", True),
        ("registry.example.org:5000", True),
        ("harbor.example.org", True),
        ("node-role.kubernetes.io", False),
        ("prometheus.io", False),
        ("registry.io", False),
    ],
)
def test_a_registry_is_known_by_its_name(host: str, known: bool) -> None:
    assert is_registry(host) is known


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("quay.io", ""),
        ("qauy.io", "is one character off quay.io"),
        ("quayy.io", "is one character off quay.io"),
        ("quai.io", "is one character off quay.io"),
        ("uay.io", "is one character off quay.io"),
        ("dockeri.io", "is one character off docker.io"),
        ("gchr.io", "is one character off ghcr.io"),
        ("registry.example.com", "is a placeholder, from which nothing can be pulled"),
        ("registry.invalid", "is a placeholder, from which nothing can be pulled"),
        ("harbor.acme.io", ""),
        ("gcr.io", ""),
        ("index.docker.io", ""),
    ],
)
def test_a_registry_is_suspicious_by_its_name(host: str, reason: str) -> None:
    assert suspicion(host) == reason
