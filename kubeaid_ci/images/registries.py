"""Registries: those that are known, and names that look like a typing error or a placeholder."""

from functools import lru_cache

from kubeaid_ci.globs.paths import matches
from kubeaid_ci.k8s.image import Image

KNOWN_REGISTRIES = frozenset(
    {
        "cr.fluentbit.io",
        "cr.l5d.io",
        "docker.elastic.co",
        "docker.io",
        "docker.n8n.io",
        "gcr.io",
        "ghcr.io",
        "icr.io",
        "k8s.gcr.io",
        "lscr.io",
        "mcr.microsoft.com",
        "mirror.gcr.io",
        "nvcr.io",
        "oci.external-secrets.io",
        "public.ecr.aws",
        "quay.io",
        "reg.kyverno.io",
        "registry.access.redhat.com",
        "registry.cloud.google.com",
        "registry.gitlab.com",
        "registry.k8s.io",
        "registry.opensource.zalan.do",
        "registry.redhat.io",
        "registry.suse.com",
        "us-docker.pkg.dev",
        "xpkg.crossplane.io",
        "xpkg.upbound.io",
    }
)
"""Registries that many projects publish in."""

_OTHER_NAMES = frozenset({"ecr-public.aws.com", "index.docker.io", "registry-1.docker.io"})
_REGISTRY_DOMAINS = (
    ".amazonaws.com",
    ".azurecr.cn",
    ".azurecr.io",
    ".gcr.io",
    ".icr.io",
    ".jfrog.io",
    ".ocir.io",
    ".pkg.dev",
    ".quay.io",
    ".scw.cloud",
)
_FIRST_LABELS = ("registry", "docker", "cr", "container", "containers", "harbor", "images", "oci", "reg", "xpkg")
_PLACEHOLDERS = (".example", ".invalid", ".test", ".example.com", ".example.net", ".example.org")
"""Top-level names and domains that RFC 2606 reserves."""
_PLACEHOLDER_LABELS = frozenset({"changeme", "placeholder", "your-registry", "my-registry", "myregistry"})


@lru_cache(maxsize=1024)
def is_registry(host: str, registries: frozenset[str] = frozenset()) -> bool:
    """Return whether a host is a known registry, or named like one: ``registry.example.com``, ``x.azurecr.io``.

    `registries` are known besides those of the table.
    """
    name = host.lower().partition(":")[0]
    if (
        host.lower() in registries
        or name in KNOWN_REGISTRIES
        or name in _OTHER_NAMES
        or name.endswith(_REGISTRY_DOMAINS)
    ):
        return True
    first = name.partition(".")[0]
    return name.count(".") > 1 and any(first == label or first.startswith(f"{label}-") for label in _FIRST_LABELS)


def is_below(image: Image, allowed: str) -> bool:
    """Return whether an image is in an allowed registry, whose host may be a glob, or below a path of it."""
    host, _, path = allowed.rstrip("/").partition("/")
    return matches(host, image.registry) and f"{image.repository}/".startswith(f"{path}/" if path else "")


def suspicion(host: str) -> str:
    """Return why a registry is suspicious, as the end of a sentence about it; empty if it is not."""
    name = host.lower().partition(":")[0]
    if f".{name}".endswith(_PLACEHOLDERS) or not _PLACEHOLDER_LABELS.isdisjoint(name.split(".")):
        return "is a placeholder, from which nothing can be pulled"
    if name in KNOWN_REGISTRIES or name in _OTHER_NAMES:
        return ""
    # A name of the same length first: two swapped characters are likelier than one that is missing.
    by_length = sorted(KNOWN_REGISTRIES, key=lambda known: (len(known) != len(name), known))
    near = next((known for known in by_length if _is_one_edit_away(name, known)), None)
    return f"is one character off {near}" if near else ""


def _is_one_edit_away(name: str, known: str) -> bool:
    """Return whether one character is missing, added, replaced, or two neighbours are swapped."""
    if name == known or abs(len(name) - len(known)) > 1:
        return False
    start = next((at for at, pair in enumerate(zip(name, known, strict=False)) if pair[0] != pair[1]), None)
    if start is None:  # one name is the beginning of the other
        return True
    left, right = name[start:], known[start:]
    is_swap = left[:2] == right[1::-1] and left[2:] == right[2:] and len(left) > 1
    return left[1:] == right[1:] or left[1:] == right or left == right[1:] or is_swap
