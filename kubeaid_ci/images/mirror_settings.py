"""The layers below Helm values that make images come from a mirror: containerd on the nodes, and a Kyverno policy.

containerd: https://github.com/containerd/containerd/blob/main/docs/hosts.md.
Kyverno: https://kyverno.io/docs/policy-types/cluster-policy/mutate/.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.images.mirror_names import Mirror, folder_of
from kubeaid_ci.k8s.image import DOCKER_HUB

_LISTS = ("containers", "initContainers", "ephemeralContainers")
_HOSTS = """\
# /etc/containerd/certs.d/{registry}/hosts.toml
# If the mirror does not have an image, containerd pulls it from {registry} itself. To forbid that, add
# server = "https://{address}" as the first line, with override_path = true below it.
[host."https://{address}"]
  capabilities = ["pull", "resolve"]
  override_path = true
"""
_POLICY = """\
# Pods take their images from {mirror}. Only Pods are changed, so Argo CD reports no drift on Deployments.
"""


def containerd_hosts(registries: Iterable[str], mirror: Mirror) -> dict[str, str]:
    """Return the text of ``hosts.toml`` by its path below ``certs.d`` for each registry, as references write it."""
    path = "/".join(part for part in ("v2", mirror.path) if part)
    return {
        f"{registry}/hosts.toml": _HOSTS.format(
            registry=registry, address=f"{mirror.registry}/{path}/{folder_of(registry)}"
        )
        for registry in sorted(set(registries) - {mirror.registry})
    }


def rewrites(registries: Iterable[str], mirror: Mirror) -> Iterator[tuple[str, str]]:
    """Yield the steps that turn a reference into that of the mirror: a regular expression, and what replaces a match.

    The first three give the full spelling: ``busybox`` is ``docker.io/library/busybox``.
    """
    yield "^([^/]+)$", "docker.io/library/${1}"
    yield "^([^/.:]+/.+)$", "docker.io/${1}"
    yield "^(?:index[.])?docker[.]io/([^/]+)$", "docker.io/library/${1}"
    for registry in sorted(set(registries) | {DOCKER_HUB}):
        if registry not in (mirror.registry, "localhost"):
            # Kyverno reads the expressions within quotes, where a backslash would need another one.
            yield f"^{re.sub(r'([.])', '[.]', registry)}/", f"{mirror.prefix(registry)}/"


def kyverno_policy(registries: Iterable[str], mirror: Mirror) -> str:
    """Return a Kyverno ClusterPolicy that sets the mirrored image in each container of a new Pod."""
    steps = list(rewrites(registries, mirror))
    body = {
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": {
            "name": "image-mirror",
            "annotations": {"pod-policies.kyverno.io/autogen-controllers": "none"},
        },
        "spec": {"background": False, "rules": [_rule(field, steps) for field in _LISTS]},
    }
    return f"{_POLICY.format(mirror=mirror)}{documents.dump(body)}"


def _rule(field: str, steps: list[tuple[str, str]]) -> dict[str, Any]:
    context = [{"name": "image0", "variable": {"value": "{{ element.image }}"}}]
    for number, (pattern, replacement) in enumerate(steps, 1):
        call = f"regex_replace_all('{pattern}', '{{{{ image{number - 1} }}}}', '{replacement}')"
        context.append({"name": f"image{number}", "variable": {"jmesPath": call}})
    container = {"name": "{{ element.name }}", "image": f"{{{{ image{len(steps)} }}}}"}
    return {
        "name": re.sub(r"([A-Z])", r"-\1", field).lower(),
        "match": {"any": [{"resources": {"kinds": ["Pod"], "operations": ["CREATE"]}}]},
        "mutate": {
            "foreach": [
                {
                    "list": f"request.object.spec.{field}",
                    "context": context,
                    "patchStrategicMerge": {"spec": {field: [container]}},
                }
            ]
        },
    }
