"""Propose a new ``images.lock.yaml`` as a change request on the config repo."""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from kubeaid_ci.forge.change_request import Proposal, Published
from kubeaid_ci.git.revision import PINNED, WORK_TREE, Revision
from kubeaid_ci.images.list import images_of
from kubeaid_ci.images.lock import Resolve, lock_images
from kubeaid_ci.images.lock_file import LOCK, lock_text
from kubeaid_ci.images.model import ImageInventory
from kubeaid_ci.images.result import ImageLock, LockedImage, LockStatus
from kubeaid_ci.publishing import branches, preview
from kubeaid_ci.publishing.checkout import clone_base
from kubeaid_ci.publishing.proposal import publish_proposal
from kubeaid_ci.publishing.rules import check
from kubeaid_ci.publishing.target import Target
from kubeaid_ci.publishing.target import resolve as resolve_target
from kubeaid_ci.render.fleet import fleet_at
from kubeaid_ci.render.options import RunOptions
from kubeaid_ci.render.repositories import LocalRepositories
from kubeaid_ci.report.markdown import code, fit
from kubeaid_ci.report.text import counted
from kubeaid_ci.settings import file
from kubeaid_ci.settings.publish import PublishOptions

_TOPIC = "images-lock"
_COMMAND = "kubeaid-ci images lock --publish"
_SHORT = 19


@dataclass(frozen=True, slots=True)
class LockOptions:
    """Options of finding and looking up images: `resolve` of `lock_images`, the KubeAid revision, and the run."""

    resolve: Resolve
    kubeaid_ref: Revision = PINNED
    run: RunOptions = field(default_factory=RunOptions)


def publish_lock(
    config_repo: str | os.PathLike[str],
    kubeaid: str | os.PathLike[str],
    lookup: LockOptions,
    *,
    clusters: Sequence[str] = (),
    options: PublishOptions | None = None,
) -> tuple[ImageLock, Published]:
    """Look up the images of the base branch, and open, update or close the change request with the new lock file.

    `config_repo` is an address, or a checkout whose ``origin`` is published to; the checkout itself is only read.
    Raises as `list_images`, and `OutsideError` if the remote or the forge refuses; every run is safe to repeat.
    """
    target = resolve_target(str(config_repo), options or PublishOptions())
    with tempfile.TemporaryDirectory(prefix="kubeaid-ci-") as folder:
        if target.options.preview:
            preview.clear(Path(target.options.preview))
        checkout = clone_base(target, Path(folder) / "repository")
        inventory, lock = _look_up(checkout.folder, kubeaid, lookup, clusters)
        prefixes = (branches.prefix(checkout.base, checkout.base), branches.prefix(checkout.base, None))
        heads = checkout.repository.fetch_heads(
            checkout.base, *(f"{each}/{_TOPIC}" for each in prefixes), fetch=(checkout.base,)
        )
        branch = f"{branches.prefix(checkout.base, heads.default)}/{_TOPIC}"
        proposal = _proposal(lock, target, branch=branch, base=checkout.base)
        published = publish_proposal(
            proposal,
            replace(checkout.repository, checkout=None),
            target.forge,
            style=target.style,
            clusters=inventory.clusters,
            options=target.options,
            heads=heads,
        )
    return replace(lock, findings=(*lock.findings, *check([published]))), published


def _look_up(
    folder: Path, kubeaid: str | os.PathLike[str], lookup: LockOptions, clusters: Sequence[str]
) -> tuple[ImageInventory, ImageLock]:
    """Return the images of a checkout, and the lock with the digests that their tags have now; nothing is written."""
    repositories = LocalRepositories.of(folder, kubeaid, config_ref=WORK_TREE, kubeaid_ref=lookup.kubeaid_ref)
    run = replace(lookup.run, settings=lookup.run.settings.merge(file.read(folder)))
    with fleet_at(repositories, run, clusters=clusters) as fleet:
        inventory = images_of(fleet)
    return inventory, lock_images(folder, inventory, resolve=lookup.resolve, is_whole=not clusters, check=True)


def _proposal(lock: ImageLock, target: Target, *, branch: str, base: str) -> Proposal:
    """Return the change request with the new lock file; without files if the lock is up to date."""
    return Proposal(
        branch,
        base,
        target.options.title or "chore(images): lock the digests of image tags",
        fit(_body(lock), target.limit, size=target.size, note=_left_out),
        {LOCK: lock_text(lock.entries).encode()} if lock.is_changed else {},
        labels=("images",),
        command=_COMMAND,
    )


def _body(lock: ImageLock) -> list[str]:
    """Return the paragraphs of the description: tags that moved first, with what runs them."""
    parts = ["The digest of each image tag in use, looked up at its registry.\n"]
    titles = {
        LockStatus.MOVED: "Tags that moved",
        LockStatus.MISSING: "Missing at the registry",
        LockStatus.UNREACHABLE: "Not looked up, so their entries are as before",
        LockStatus.LOCKED: "New",
    }
    for status, title in titles.items():
        lines = [_line(each) for each in lock.images if each.status is status]
        if lines:
            parts.append("\n".join([f"**{title}**\n", *lines, ""]))
    if lock.removed:
        parts.append("\n".join(["**No longer in use**\n", *(f"- {code(name)}" for name in lock.removed)]))
    return parts


def _line(each: LockedImage) -> str:
    users = ", ".join(dict.fromkeys(code(place.subject) for place in each.found_in))
    change = f"{code(each.before[:_SHORT])} → {code(each.digest[:_SHORT])}, " if each.before and each.digest else ""
    return f"- {code(each.image)}: {change}used by {users}"


def _left_out(count: int) -> str:
    return f"_{counted(count, 'more section')} did not fit here; the file has all of it._\n"
