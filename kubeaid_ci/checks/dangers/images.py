"""Images that a cluster has not run until now."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from kubeaid_ci.checks import change_rules as rules
from kubeaid_ci.checks.dangers.podspecs import containers, pods
from kubeaid_ci.checks.dangers.reading import Said, body, mapping, text
from kubeaid_ci.model.difference import Difference
from kubeaid_ci.model.image import Image


@dataclass(frozen=True, slots=True)
class Known:
    """Registries and images (without their versions) that a cluster ran before."""

    registries: frozenset[str]
    names: frozenset[str]

    @classmethod
    def of(cls, references: Iterable[str]) -> Self:
        """What the references of images name."""
        found = [Image.parse(reference) for reference in references]
        return cls(frozenset(image.registry for image in found), frozenset(image.name for image in found))


def check(difference: Difference, known: Known) -> Iterator[Said]:
    """Registries and repositories that no object of the cluster named before, and tags that move."""
    for was, now in _changed(difference):
        old, new = Image.parse(was), Image.parse(now)
        if new.registry not in known.registries:
            yield Said(rules.IMAGE_REGISTRY_NEW, f"{now} comes from {new.registry}, from where nothing came before")
        elif new.name not in known.names:
            instead = f" instead of {was}" if was and old.name != new.name else ""
            yield Said(rules.IMAGE_NEW, f"{now} runs{instead}: the cluster did not run this image")
        if not new.is_fixed and (not was or old.is_fixed):
            yield Said(rules.IMAGE_TAG_MUTABLE, f"{now} names no version that stays as it is")
        elif was and old.digest and not new.digest:
            yield Said(rules.IMAGE_TAG_MUTABLE, f"{now} is no longer held to a digest")


def _changed(difference: Difference) -> Iterator[tuple[str, str]]:
    """Images that an object names and did not, with what stood in their place."""
    for pod in pods(difference):
        were = {text(container, "image") for container in containers(pod.old).values()}
        for _, old, new in pod.containers():
            was, now = text(old or {}, "image"), text(new, "image")
            if now and now != was and now not in were:
                yield was, now
    if difference.after is not None and difference.after.key.group == "monitoring.coreos.com":
        was, now = (text(mapping(body(side), "spec"), "image") for side in (difference.before, difference.after))
        if now and now != was:
            yield was, now
