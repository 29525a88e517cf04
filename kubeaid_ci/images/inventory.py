"""The images of rendered Applications: every image once, with every place that names it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubeaid_ci.argocd.sync import is_test
from kubeaid_ci.globs.paths import matches
from kubeaid_ci.images.field_paths import values_at
from kubeaid_ci.images.find import images_in, invalid_images
from kubeaid_ci.images.kinds import ImageKind, with_declared
from kubeaid_ci.images.model import BlindObject, Confidence, Hit, ImageInventory, ListedImage, Origin, Place
from kubeaid_ci.images.reference import LONGEST_SHOWN, parse_reference
from kubeaid_ci.k8s.image import Image
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.net.address import without_credentials
from kubeaid_ci.render.rendering import RenderedApp, RenderStatus
from kubeaid_ci.settings import DeclaredImages, ImageSettings
from kubeaid_ci.visible import shortened


@dataclass(slots=True)
class Collector:
    """Collects the images of Applications, one after another, so that not all objects need to be in memory.

    Clusters that hold the same object share it: it is searched once.
    """

    settings: ImageSettings
    _kinds: Mapping[tuple[str, str], ImageKind] = field(init=False)
    _places: dict[Image, list[tuple[Place, Hit]]] = field(default_factory=dict)
    _blind: list[BlindObject] = field(default_factory=list)
    _unknown: list[str] = field(default_factory=list)
    _searched: dict[int, tuple[Any, tuple[Hit, ...], tuple[str, ...]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kinds = (ImageKind.of(each.kind, each.paths) for each in self.settings.fields)
        self._kinds = with_declared(kinds)

    def add(self, app: RenderedApp) -> None:
        """Search the objects of an Application."""
        subject = "/".join(part for part in (app.cluster, app.app) if part)
        if app.status is not RenderStatus.RENDERED:
            self._unknown.append(subject)
        for manifest in app.manifests:
            hits, invalid = self._found(manifest)
            for hit in hits:
                self._note(hit, _place(manifest, app, hit))
            if invalid:
                names = " and ".join(shortened(without_credentials(text), LONGEST_SHOWN) for text in invalid)
                self._note_blind(manifest, app, f"not a valid image: {names}")
            if reason := blind_reason(manifest, self._kinds):
                self._note_blind(manifest, app, reason)
        for declared in self.settings.declared:
            if declared.app is not None and matches(declared.app, app.app):
                self._note_declared(declared, app, None)

    def inventory(self) -> ImageInventory:
        """Return the images found so far."""
        listed = sorted((_listed(image, found) for image, found in self._places.items()), key=lambda each: each.image)
        return ImageInventory(tuple(listed), tuple(self._blind), tuple(self._unknown))

    def _found(self, manifest: Manifest) -> tuple[tuple[Hit, ...], tuple[str, ...]]:
        """Return the images of an object, and the texts in its pods that are no images."""
        searched = self._searched.get(id(manifest.body))
        if searched is None:
            # The body is kept with its result: an id is only unique as long as the object exists.
            searched = manifest.body, images_in(manifest, self._kinds), invalid_images(manifest)
            self._searched[id(manifest.body)] = searched
        return searched[1:]

    def _note(self, hit: Hit, place: Place) -> None:
        self._places.setdefault(hit.image, []).append((place, hit))

    def _note_blind(self, manifest: Manifest, app: RenderedApp, reason: str) -> None:
        kind = f"{manifest.key.group}/{manifest.key.kind}"
        declared = [
            each
            for each in self.settings.declared
            if each.kind == kind and (each.app is None or matches(each.app, app.app))
        ]
        for each in declared:
            self._note_declared(each, app, manifest)
        key = manifest.key
        images = tuple(image for each in declared for image in each.images)
        self._blind.append(
            BlindObject(app.cluster or None, app.app, key.kind, key.namespace, key.full_name, reason, images)
        )

    def _note_declared(self, declared: DeclaredImages, app: RenderedApp, manifest: Manifest | None) -> None:
        if manifest is None and declared.kind is not None:
            return
        for text in declared.images:
            image = parse_reference(text)
            if image is None:
                continue
            hit = Hit(image, text, "images.declared", Confidence.LIKELY, Origin.DECLARED, "image")
            if manifest is not None:
                self._note(hit, _place(manifest, app, hit))
            else:
                self._note(hit, Place(app.cluster or None, app.app, "", "", "", hit.path, hit.origin, text))


def collect_images(apps: Iterable[RenderedApp], settings: ImageSettings | None = None) -> ImageInventory:
    """Return the images of Applications or charts."""
    collector = Collector(settings or ImageSettings())
    for app in apps:
        collector.add(app)
    return collector.inventory()


def blind_reason(manifest: Manifest, kinds: Mapping[tuple[str, str], ImageKind]) -> str:
    """Return who chooses the images of an object if nothing in it names them; empty if that is not so."""
    kind = kinds.get((manifest.key.group, manifest.key.kind))
    if kind is None or not kind.blind or is_test(manifest.body):
        return ""
    is_decided = any(value for path in kind.decided_by for _, value, _ in values_at(manifest.body, path))
    if is_decided:
        return ""
    unset = f"{kind.decided_by[0]} is not set: " if kind.decided_by else ""
    return f"{unset}{kind.blind}"


def _place(manifest: Manifest, app: RenderedApp, hit: Hit) -> Place:
    key = manifest.key
    return Place(app.cluster or None, app.app, key.kind, key.namespace, key.full_name, hit.path, hit.origin, hit.text)


def _listed(image: Image, found: list[tuple[Place, Hit]]) -> ListedImage:
    hits = [hit for _, hit in found]
    best = max((hit.confidence for hit in hits), key=lambda each: each.weight)
    artifact = next((hit.type for hit in hits if hit.type != "image"), "image")
    places = dict.fromkeys(place for place, _ in _ordered(found))
    return ListedImage(
        str(image), image.registry, image.repository, image.tag, image.digest, best, tuple(places), artifact
    )


def _ordered(found: list[tuple[Place, Hit]]) -> Iterator[tuple[Place, Hit]]:
    yield from sorted(
        found,
        key=lambda each: (
            each[0].cluster or "",
            each[0].app,
            each[0].kind,
            each[0].namespace,
            each[0].name,
            each[0].path,
        ),
    )
