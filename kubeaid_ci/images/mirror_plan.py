"""The images to copy to a mirror, and the same as input for the tools that copy images."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.images.mirror_names import Mirror, folder_of
from kubeaid_ci.images.model import ImageInventory, ListedImage
from kubeaid_ci.k8s.image import Image

_SCRIPT = """\
#!/bin/sh
# Copies every platform of each image, with its digest. Log in first: skopeo login {registry}
set -eu
copy() {{ skopeo copy --all --preserve-digests --retry-times 3 "docker://$1" "docker://$2"; }}
"""
_REGSYNC = "# regctl registry login; regsync once -c regsync.yaml\n"
_SYNC = "# skopeo sync --all --scoped --src yaml --dest docker skopeo-sync.yaml {mirror}\n"
_HAULER = "# hauler store sync --filename hauler.yaml\n"


@dataclass(frozen=True, slots=True)
class MirrorItem:
    """An image to copy.

    `digest` is empty if neither the reference nor the lock has one. `tag` is that in the mirror.
    """

    image: str
    name: str
    tag: str
    digest: str
    type: str
    target: str

    @property
    def source(self) -> str:
        """The reference to copy from: by digest if it is known, so that a tag that moves is not followed."""
        return f"{self.name}@{self.digest}" if self.digest else f"{self.name}:{self.tag}"

    @property
    def reference(self) -> Image:
        """The image by its tag, to look up its digest."""
        return Image.parse(f"{self.name}:{self.tag}")


@dataclass(frozen=True, slots=True)
class MirrorPlan:
    """The images to copy, and those that cannot be copied with the reason."""

    items: tuple[MirrorItem, ...]
    skipped: Mapping[str, str]


def plan_mirror(inventory: ImageInventory, locked: Mapping[str, str], mirror: Mirror | None) -> MirrorPlan:
    """Return the plan for an inventory. Without a mirror, the target is the full spelling: the name in a layout.

    An image that is already in the mirror is left out.
    """
    items: list[MirrorItem] = []
    skipped: dict[str, str] = {}
    for listed in inventory.images:
        if mirror is not None and mirror.has(listed.reference):
            continue
        tag = listed.tag or _tag_without(listed)
        if tag:
            items.append(_item(listed, tag, locked.get(listed.image, ""), mirror))
        else:
            skipped[listed.image] = "no tag is known"
    for blind in inventory.blind:
        if not blind.declared:
            name = f"{blind.subject}: {blind.kind} {blind.name}"
            skipped[name] = blind.reason
    for subject in inventory.unknown:
        skipped[subject] = "not rendered in full, so its images are unknown"
    return MirrorPlan(tuple(items), skipped)


def plan_files(plan: MirrorPlan, mirror: Mirror) -> dict[str, bytes]:
    """Return the plan as files for skopeo, regsync and hauler, and as plain lists."""
    makers: Mapping[str, Callable[[MirrorPlan, Mirror], str]] = {
        "copy.sh": _script,
        "skopeo-sync.yaml": _skopeo_sync,
        "regsync.yaml": _regsync,
        "hauler.yaml": _hauler,
        "images.txt": _images,
        "mapping.txt": _mapping,
        "not-copied.txt": _not_copied,
    }
    return {name: make(plan, mirror).encode() for name, make in makers.items()}


def _tag_without(listed: ListedImage) -> str:
    """Return a tag for an image without one: of its digest, or ``latest`` if pods run it so."""
    if listed.digest:
        return listed.digest.replace(":", "-")
    return "latest" if listed.confidence == "certain" else ""


def _item(listed: ListedImage, tag: str, locked: str, mirror: Mirror | None) -> MirrorItem:
    image = replace(listed.reference, tag=tag, digest="")
    target = mirror.image(image) if mirror else image
    return MirrorItem(listed.image, image.name, tag, listed.digest or locked, listed.type, str(target))


def _script(plan: MirrorPlan, mirror: Mirror) -> str:
    lines = (f"copy {item.source} {item.target}\n" for item in plan.items)
    return _SCRIPT.format(registry=mirror.registry) + "".join(lines)


def _skopeo_sync(plan: MirrorPlan, mirror: Mirror) -> str:
    """Return the input of ``skopeo sync``, which cannot write the name of a registry with a port."""
    hosts: dict[str, dict[str, Any]] = {}
    for item in plan.items:
        image = item.reference
        if ":" not in image.registry:
            images = hosts.setdefault(image.registry, {"images": {}})["images"]
            images.setdefault(image.repository, []).append(item.tag)
    left = [item.source for item in plan.items if ":" in item.reference.registry]
    note = "".join(f"# not here, because the registry has a port: {source}\n" for source in left)
    return f"{_SYNC.format(mirror=mirror)}{note}{documents.dump(hosts)}"


def _regsync(plan: MirrorPlan, _: Mirror) -> str:
    sync = [{"source": item.source, "target": item.target, "type": "image"} for item in plan.items]
    return f"{_REGSYNC}{documents.dump({'version': 1, 'sync': sync})}"


def _hauler(plan: MirrorPlan, _: Mirror) -> str:
    images = [{"name": f"{item.name}:{item.tag}"} for item in plan.items if not item.tag.startswith("sha256-")]
    images += [{"name": item.source} for item in plan.items if item.tag.startswith("sha256-")]
    body = {
        "apiVersion": "content.hauler.cattle.io/v1",
        "kind": "Images",
        "metadata": {"name": "images"},
        "spec": {"images": images},
    }
    return f"{_HAULER}{documents.dump(body)}"


def _images(plan: MirrorPlan, _: Mirror) -> str:
    return "".join(f"{item.image}\n" for item in plan.items)


def _mapping(plan: MirrorPlan, _: Mirror) -> str:
    return "".join(f"{item.source} {item.target}\n" for item in plan.items)


def _not_copied(plan: MirrorPlan, _: Mirror) -> str:
    return "".join(f"{name}: {reason}\n" for name, reason in plan.skipped.items())


def layout_name(item: MirrorItem) -> str:
    """Return the name of an image in an OCI layout."""
    return f"{folder_of(item.reference.registry)}/{item.reference.repository}:{item.tag}"
