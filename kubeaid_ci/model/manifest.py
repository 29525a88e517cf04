"""One Kubernetes object, what names it, and where it came from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

_IMAGES = ("image", "imageName")


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What makes a Kubernetes object the same object in two renderings.

    The API version is left out on purpose: `apps/v1beta1` and `apps/v1` name one object.
    """

    group: str
    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """The key of an object; parts that are missing or not text are empty."""
        metadata = body.get("metadata")
        metadata = metadata if isinstance(metadata, Mapping) else {}
        version = _text(body.get("apiVersion"))
        return cls(
            version.rpartition("/")[0],
            _text(body.get("kind")),
            _text(metadata.get("namespace")),
            _text(metadata.get("name")),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """One Kubernetes object and where it came from.

    `path` is the file, relative to its repository or output folder. The other places are empty
    where they do not apply.
    """

    key: Key
    body: Mapping[str, Any]
    path: str
    cluster: str = ""
    app: str = ""
    chart: str = ""


def objects(path: str, body: Any) -> list[Manifest]:
    """The objects of one document: none of an empty one, each item of a List, else the one.

    Items of a typed List (``RoleList``) may leave out their kind and API version, as in an answer of
    the API server. What is no mapping becomes an object that has neither, for a check to name.
    """
    if body is None:
        return []
    if not isinstance(body, Mapping):
        return [Manifest(Key.of({}), {"": body}, path)]
    kind, items = _text(body.get("kind")), body.get("items")
    if not kind.endswith("List") or not isinstance(items, list):
        return [Manifest(Key.of(body), body, path)]
    typed = {"apiVersion": body.get("apiVersion"), "kind": kind.removesuffix("List")}
    return [found for item in items for found in objects(path, _typed(item, typed))]


def own_images(manifest: Manifest) -> dict[str, str]:
    """The images that a custom resource names for the pods that its controller makes, by field."""
    spec = manifest.body.get("spec")
    if "." not in manifest.key.group or manifest.key.group.endswith(".k8s.io") or not isinstance(spec, Mapping):
        return {}
    thanos = spec.get("thanos")
    found = {name: spec.get(name) for name in _IMAGES} | {
        "thanos": thanos.get("image") if isinstance(thanos, Mapping) else None
    }
    # That of a virtual machine has neither a path nor a tag.
    return {name: image for name, image in found.items() if isinstance(image, str) and ("/" in image or ":" in image)}


def _typed(item: Any, typed: Mapping[str, Any]) -> Any:
    if not isinstance(item, Mapping) or not typed["kind"] or "kind" in item or "apiVersion" in item:
        return item
    return {**typed, **item}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
