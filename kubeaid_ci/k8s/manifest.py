"""A Kubernetes object, its identity, and where it comes from."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from kubeaid_ci.k8s.scopes import NO_SCOPES, Scopes, is_namespaced

MASK = "(varies)"
"""The placeholder for a value that differs in every rendering."""
_IMAGES = ("image", "imageName")


@dataclass(frozen=True, slots=True, order=True)
class ObjectId:
    """The identity of a Kubernetes object: equal for the same object in two renderings.

    The API version is not part of it: `apps/v1beta1` and `apps/v1` name the same object. `namespace` is empty for
    cluster-scoped kinds. `destination` is the cluster that Argo CD deploys the object to, empty for the cluster that
    Argo CD runs in. An object that has only a `generateName` is named ``prefix*``, and only its `place` among its like
    in the Application distinguishes it, since the API server makes a new object of each: 1 for the first, 2 for the
    next. So does an object whose name varies from rendering to rendering. The `place` of any other object is 0.
    """

    group: str
    kind: str
    namespace: str
    name: str
    destination: str = ""
    place: int = 0

    @classmethod
    def of(cls, body: Mapping[str, Any], *, scopes: Scopes = NO_SCOPES, destination: str = "") -> Self:
        """Return the identity of one object; parts that are missing or not text are empty.

        `scopes` are those of the cluster's custom resources.
        """
        metadata = body.get("metadata")
        metadata = metadata if isinstance(metadata, Mapping) else {}
        group, kind = _text(body.get("apiVersion")).rpartition("/")[0], _text(body.get("kind"))
        namespace = _text(metadata.get("namespace"))
        if namespace and not is_namespaced(group, kind, scopes):
            namespace = ""
        name, prefix = _text(metadata.get("name")), _text(metadata.get("generateName"))
        place = 0 if name and MASK not in name else 1
        return cls(group, kind, namespace, name or (f"{prefix}*" if prefix else ""), destination, place)

    @property
    def full_name(self) -> str:
        """The name, with the place of an object that is not the first without a name: ``migrate-*#2``."""
        return f"{self.name}#{self.place}" if self.place > 1 else self.name

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.full_name}" if self.namespace else f"{self.kind} {self.full_name}"


def numbered(ids: Iterable[ObjectId]) -> Iterator[ObjectId]:
    """Give the objects of one Application that have no name their place among their like.

    Argo CD's `NormalizeTargetObjects` distinguishes them by their place among all objects of the Application.
    """
    counts: Counter[ObjectId] = Counter()
    for key in ids:
        if not key.place:
            yield key
            continue
        counts[key] += 1
        yield replace(key, place=counts[key])


@dataclass(frozen=True, slots=True)
class Manifest:
    """One Kubernetes object and where it came from.

    `path` is the file, relative to its repository or output folder. The other places are empty
    where they do not apply.
    """

    key: ObjectId
    body: Mapping[str, Any]
    path: str
    cluster: str = ""
    app: str = ""
    chart: str = ""


def objects(path: str, body: Any) -> list[Manifest]:
    """Return the objects of a document: empty if it is empty, the items of a list, else the document itself.

    A document with a list `items` is a list, whatever its kind. With `items: null` it has no objects (`isNullList` of
    Argo CD), unless it has a spec or a status. Items of a typed List (``RoleList``) may leave out their kind and API
    version, as in a response of the API server. An item that is no mapping becomes an object without both, so that a
    check can report it.
    """
    if body is None:
        return []
    if not isinstance(body, Mapping):
        return [Manifest(ObjectId.of({}), {"": body}, path)]
    kind, items = _text(body.get("kind")), body.get("items")
    if "items" in body and items is None and "spec" not in body and "status" not in body:
        return []
    if not isinstance(items, list):
        return [Manifest(ObjectId.of(body), body, path)]
    typed = {"apiVersion": body.get("apiVersion"), "kind": kind.removesuffix("List") if kind.endswith("List") else ""}
    return [found for item in items for found in objects(path, _typed(item, typed))]


def own_images(manifest: Manifest) -> dict[str, str]:
    """Return the images that a custom resource names for the pods of its controller, by field."""
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
