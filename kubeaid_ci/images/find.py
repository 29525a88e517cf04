"""Find the images in an object: in pods, fields of custom resources, arguments, variables, annotations and text."""

import base64
import binascii
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.argocd.sync import is_test
from kubeaid_ci.errors import UserError
from kubeaid_ci.images.field_paths import Path, show, values_at
from kubeaid_ci.images.image_fields import joined_references, names_image, names_repository
from kubeaid_ci.images.kinds import ImageKind, artifact_type
from kubeaid_ci.images.model import Confidence, Hit, Origin
from kubeaid_ci.images.reference import has_host, is_invalid, parse_reference, references_in
from kubeaid_ci.images.registries import is_registry
from kubeaid_ci.k8s import fields
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.k8s.pods import CONTAINER_LISTS, PodTemplate, pod_templates

_WITHOUT_IMAGES = frozenset(
    {
        "Application",
        "ApplicationSet",
        "CustomResourceDefinition",
        "GrafanaDashboard",
        "PrometheusRule",
        "SealedSecret",
        "ValidatingAdmissionPolicy",
    }
)
"""Kinds that start no pod by what they hold. The values in an Application are seen in its objects."""
_SKIPPED_FIELDS = frozenset({"labels", "matchLabels", "nodeSelector", "description", "managedFields"})
_SCHEMES = ("docker://", "oci://", "docker-image://")
_FILES = (".png", ".svg", ".jpg", ".jpeg", ".gif", ".ico", ".iso", ".img", ".qcow2", ".webp", ".html", ".yaml")
_LONGEST_VALUE = 512
_LONGEST_TEXT = 1024 * 1024
_ASSIGNMENT = re.compile(
    r"""^[ \t]*(?:- |export )?["']?([\w.-]+)["']?[ \t]*[=:][ \t]*["']?([^\s"',;]+)["']?[ \t,;]*$""", re.M
)
_DEEPEST = 60


def images_in(
    manifest: Manifest, kinds: Mapping[tuple[str, str], ImageKind], *, registries: Collection[str] = ()
) -> tuple[Hit, ...]:
    """Return the images of an object, each once per field; none of an object that only ``helm test`` uses.

    `registries` count as known, besides those that are known to everybody.
    """
    if manifest.key.kind in _WITHOUT_IMAGES or is_test(manifest.body):
        return ()
    key = manifest.key
    finder = _Finder(manifest.body, key.group, key.kind, frozenset(registries))
    return tuple(finder.find(pod_templates(manifest), kinds.get((key.group, key.kind))))


def invalid_images(manifest: Manifest) -> tuple[str, ...]:
    """Return the texts that the pods of an object have as images and that no container runtime accepts."""
    if is_test(manifest.body):
        return ()
    texts = (text.strip() for pods in pod_templates(manifest) for text in _references(pods))
    return tuple(dict.fromkeys(filter(is_invalid, texts)))


def _references(pods: PodTemplate) -> Iterator[str]:
    """Yield the texts that containers and volumes of pods have as images."""
    yield from (fields.text(container, "image") for _, container in pods.all_containers())
    yield from (fields.text(volume, "image", "reference") for volume in fields.mappings(pods.spec, "volumes"))


class _Finder:
    """The search in one object. `_done` are the fields that need no further look."""

    def __init__(self, body: Any, group: str, kind: str, registries: frozenset[str]) -> None:
        self._registries = registries
        self._body = body
        self._group = group
        self._object_kind = kind
        self._done: set[Path] = set()

    def find(self, pods: Iterable[PodTemplate], kind: ImageKind | None) -> Iterator[Hit]:
        """Search the pods that the object makes, the fields of its kind, and then everything else."""
        for template in pods:
            yield from self._pods(template)
        if kind:
            yield from self._table(kind)
        for field, value in self._body.items():
            if field == "metadata":
                annotations = value.get("annotations") if isinstance(value, dict) else None
                yield from self._annotations(annotations)
            elif field in ("data", "stringData") and self._object_kind in ("ConfigMap", "Secret"):
                yield from self._data(field, value)
            elif field not in ("status", "apiVersion", "kind"):
                yield from self.walk(value, (field,), Origin.FIELD)

    def _hit(self, text: str, path: Path | str, confidence: Confidence, origin: Origin) -> Iterator[Hit]:
        image = parse_reference(text)
        if image is not None:
            field_path = path if isinstance(path, str) else show(self._body, path)
            kind = artifact_type(image.repository, self._group, self._object_kind)
            yield Hit(image, text, field_path, confidence, origin, kind)

    def _pods(self, pods: PodTemplate) -> Iterator[Hit]:
        confidence = Confidence.CERTAIN if pods.is_complete else Confidence.LIKELY
        for names in CONTAINER_LISTS:
            for place, container in enumerate(_list(pods.spec.get(names))):
                path = (*_indexed(pods.path), names, place, "image")
                if isinstance(container, dict) and isinstance(image := container.get("image"), str):
                    self._done.add(path)
                    yield from self._hit(image.strip(), path, confidence, Origin.POD)
        for place, volume in enumerate(_list(pods.spec.get("volumes"))):
            image = volume.get("image") if isinstance(volume, dict) else None
            if isinstance(image, dict) and isinstance(reference := image.get("reference"), str):
                path = (*_indexed(pods.path), "volumes", place, "image", "reference")
                self._done.add(path)
                yield from self._hit(reference.strip(), path, confidence, Origin.POD)

    def _table(self, kind: ImageKind) -> Iterator[Hit]:
        for field in kind.paths:
            for path, value, used in values_at(self._body, field):
                if path in self._done:
                    continue
                if isinstance(value, dict):
                    yield from self._parts(value, path, Origin.CUSTOM_RESOURCE, in_image=True)
                elif isinstance(value, str) and value.strip():
                    self._done |= used
                    yield from self._named(_plain(value), path, Origin.CUSTOM_RESOURCE)

    def _annotations(self, annotations: Any) -> Iterator[Hit]:
        if isinstance(annotations, dict):
            for name, value in annotations.items():
                if isinstance(value, str) and names_image(name.rpartition("/")[2]):
                    yield from self._leaf(name, value, ("metadata", "annotations", name), Origin.FIELD)

    def _data(self, field: str, data: Any) -> Iterator[Hit]:
        if not isinstance(data, dict):
            return
        is_encoded = field == "data" and self._object_kind == "Secret"
        texts = {name: _decoded(value) if is_encoded else value for name, value in data.items()}
        yield from self._fields(texts, (field,), Origin.TEXT, in_image=False)

    def walk(self, value: Any, path: Path, origin: Origin) -> Iterator[Hit]:
        """Search a value at a path, and everything below it."""
        if len(path) > _DEEPEST:
            return
        if isinstance(value, dict):
            in_image = any(isinstance(part, str) and names_image(part) for part in path[-2:])
            yield from self._fields(value, path, origin, in_image=in_image)
        elif isinstance(value, list):
            yield from self._list(value, path, origin)
        elif isinstance(value, str) and path not in self._done:
            name = next((part for part in reversed(path) if isinstance(part, str)), "")
            yield from self._leaf(name, value, path, origin)

    def _fields(self, fields: Mapping[str, Any], path: Path, origin: Origin, *, in_image: bool) -> Iterator[Hit]:
        yield from self._parts(fields, path, origin, in_image=in_image)
        for name, value in fields.items():
            if name not in _SKIPPED_FIELDS and (*path, name) not in self._done:
                yield from self.walk(value, (*path, name), origin)

    def _parts(self, fields: Mapping[str, Any], path: Path, origin: Origin, *, in_image: bool) -> Iterator[Hit]:
        for joined in joined_references(fields, self._registries, in_image=in_image):
            own = (*path, joined.key)
            if own in self._done:
                continue
            self._done |= {(*path, key) for key in joined.keys}
            image = parse_reference(joined.text)
            is_sure = image is not None and (image.tag or image.digest) and not joined.is_flat
            yield from self._hit(joined.text, own, Confidence.LIKELY if is_sure else Confidence.POSSIBLE, origin)

    def _list(self, items: list[Any], path: Path, origin: Origin) -> Iterator[Hit]:
        if path[-1] in ("args", "command") and all(isinstance(item, str) for item in items):
            yield from self._arguments(items, path)
        elif path[-1] in ("env", "extraEnv") and all(isinstance(item, dict) for item in items):
            yield from self._environment(items, path)
        else:
            for place, item in enumerate(items):
                if path[-1] in CONTAINER_LISTS and isinstance(item, dict) and isinstance(item.get("image"), str):
                    own = (*path, place, "image")
                    if own not in self._done:
                        self._done.add(own)
                        yield from self._hit(item["image"].strip(), own, Confidence.LIKELY, origin)
                yield from self.walk(item, (*path, place), origin)

    def _environment(self, variables: list[dict[str, Any]], path: Path) -> Iterator[Hit]:
        """Search variables by their names, as if they were the fields of a mapping."""
        by_name = {each["name"]: each.get("value") for each in variables if isinstance(each.get("name"), str)}
        place = show(self._body, path)
        joined_keys: set[str] = set()
        for joined in joined_references(by_name, self._registries, in_image=False):
            joined_keys |= joined.keys
            yield from self._hit(joined.text, f"{place}[{joined.key}].value", Confidence.POSSIBLE, Origin.ENVIRONMENT)
        for name, value in by_name.items():
            if isinstance(value, str) and name not in joined_keys:
                yield from self._leaf(name, value, f"{place}[{name}].value", Origin.ENVIRONMENT)

    def _arguments(self, arguments: list[str], path: Path) -> Iterator[Hit]:
        """Search ``--flag=value``, ``--flag value`` and text such as a script."""
        before = ""
        for place, argument in enumerate(arguments):
            own = (*path, place)
            if argument.startswith("-") and not any(sign in argument for sign in " \n"):
                name, equals, value = argument.partition("=")
                before = "" if equals else name
                if equals:
                    yield from self._leaf(name.lstrip("-"), value.strip("\"'"), own, Origin.ARGUMENT)
            else:
                yield from self._leaf(before.lstrip("-"), argument, own, Origin.ARGUMENT)
                before = ""

    def _leaf(self, name: str, value: str, path: Path | str, origin: Origin) -> Iterator[Hit]:
        """Search one text below its name."""
        text = value.strip()
        if len(text) > _LONGEST_VALUE or any(sign in text for sign in " \n,=;{"):
            yield from self._text(text, path, origin)
            return
        text = _plain(text)
        if ("/" not in text and ":" not in text) or text.lower().endswith(_FILES):
            return
        if names_image(name):
            yield from self._named(text, path, origin)
        elif has_host(text) and is_registry(text.partition("/")[0], self._registries):
            image = parse_reference(text)
            if image and (image.tag or image.digest):
                yield from self._hit(text, path, Confidence.LIKELY, origin)
            elif image and (names_repository(name) or artifact_type(image.repository) != "image"):
                yield from self._hit(text, path, Confidence.POSSIBLE, origin)

    def _named(self, text: str, path: Path | str, origin: Origin) -> Iterator[Hit]:
        image = parse_reference(text)
        if image is not None:
            is_versioned = bool(image.tag or image.digest)
            yield from self._hit(text, path, Confidence.LIKELY if is_versioned else Confidence.POSSIBLE, origin)

    def _text(self, text: str, path: Path | str, origin: Origin) -> Iterator[Hit]:
        """Search a text that may be a file, a script or a list: as YAML if it is YAML, else line by line."""
        if len(text) > _LONGEST_TEXT or _is_dashboard(text):
            return
        has_name = "image" in text.lower()
        place = path if isinstance(path, str) else show(self._body, path)
        if has_name and origin is not Origin.ARGUMENT and "{{" not in text and "\n" in text:
            loaded = _yaml(text)
            if loaded:
                for document in loaded:
                    yield from self._document(document, place)
                return
        found: dict[str, Hit] = {}
        for match in _ASSIGNMENT.finditer(text) if has_name else ():
            if names_image(match[1]):
                found |= {hit.text: hit for hit in self._leaf(match[1], match[2], place, Origin.TEXT)}
        for reference, _ in references_in(text, self._registries):
            found |= {hit.text: hit for hit in self._hit(reference, place, Confidence.LIKELY, Origin.TEXT)}
        yield from found.values()

    def _document(self, document: Any, place: str) -> Iterator[Hit]:
        """Search a document within a text. Its fields are named below the field of the text."""
        inner = _Finder({place: document}, self._group, self._object_kind, self._registries)
        yield from inner.walk(document, (place,), Origin.TEXT)


def _plain(text: str) -> str:
    text = text.strip()
    return next((text.removeprefix(scheme) for scheme in _SCHEMES if text.startswith(scheme)), text)


def _yaml(text: str) -> list[Any]:
    """Return the documents of a text that has fields; empty if it is no such YAML. Tags stay as they are written."""
    try:
        loaded = [documents.load_texts(piece, where="text") for piece in documents.split(text)]
    except UserError:
        return []
    return [each for each in loaded if isinstance(each, dict | list)]


def _is_dashboard(text: str) -> bool:
    return text.startswith("{") and '"panels"' in text


def _decoded(value: Any) -> Any:
    try:
        return base64.b64decode(value, validate=True).decode() if isinstance(value, str) else value
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return value


def _indexed(path: tuple[str, ...]) -> Path:
    return tuple(int(part) if part.isdigit() else part for part in path)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
