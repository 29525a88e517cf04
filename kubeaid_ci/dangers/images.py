"""Images that a cluster has not run until now."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from kubeaid_ci.compare.difference import Difference
from kubeaid_ci.dangers import rules
from kubeaid_ci.dangers.podspecs import containers, pods
from kubeaid_ci.dangers.reading import Draft, mappings, text
from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.image import Image
from kubeaid_ci.k8s.manifest import own_images
from kubeaid_ci.semver.version import Version


@dataclass(frozen=True, slots=True)
class Known:
    """Registries and images (without their versions) that a cluster ran before."""

    registries: frozenset[str]
    names: frozenset[str]

    @classmethod
    def of(cls, references: Iterable[str]) -> Self:
        """Return the images that references name."""
        found = [Image.parse(reference) for reference in references]
        return cls(frozenset(image.registry for image in found), frozenset(image.name for image in found))


def check(difference: Difference, known: Known) -> Iterator[Draft]:
    """Yield drafts about registries and repositories that no object of the cluster named before, and tags that move."""
    for was, now in _changed(difference):
        old, new = Image.parse(was), Image.parse(now)
        if new.registry not in known.registries:
            yield Draft(rules.IMAGE_REGISTRY_NEW, f"first image from registry {new.registry}: {now}")
        elif new.name not in known.names:
            instead = f" instead of {was}" if was and old.name != new.name else ""
            yield Draft(rules.IMAGE_NEW, f"{now} runs{instead}: the cluster did not run this image")
        if was and old.name == new.name and _older(new.tag, old.tag):
            yield Draft(rules.IMAGE_DOWNGRADED, f"{now} runs instead of the newer {was}")
        if not new.is_fixed and (not was or old.is_fixed):
            yield Draft(rules.IMAGE_TAG_MUTABLE, f"{now} names no version that stays as it is")
        elif was and old.digest and not new.digest:
            yield Draft(rules.IMAGE_TAG_MUTABLE, f"{now} is no longer held to a digest")


def _older(tag: str, other: str) -> bool:
    """Return whether a tag is of an older release; a suffix after the numbers has no order."""
    try:
        return Version.parse(tag).release < Version.parse(other).release
    except UserError:  # no version, such as a date with characters
        return False


def _changed(difference: Difference) -> Iterator[tuple[str, str]]:
    """Yield images that an object names and did not, with what stood in their place."""
    for pod in pods(difference):
        were = {text(container, "image") for container in containers(pod.old).values()}
        mounted = _volumes(pod.old)
        steps = [(text(old or {}, "image"), text(new, "image")) for _, old, new in pod.containers()]
        steps += [(mounted.get(name, ""), image) for name, image in _volumes(pod.new).items()]
        yield from ((was, now) for was, now in steps if now and now != was and now not in were)
    if difference.after is not None:
        old, new = (own_images(side) if side else {} for side in (difference.before, difference.after))
        yield from ((old.get(field, ""), now) for field, now in new.items() if now != old.get(field))


def _volumes(spec: Mapping[str, Any]) -> dict[str, str]:
    """Return the images that a pod mounts, by volume."""
    named_images = ((text(volume, "name"), text(volume, "image", "reference")) for volume in mappings(spec, "volumes"))
    return {name: image for name, image in named_images if image}
