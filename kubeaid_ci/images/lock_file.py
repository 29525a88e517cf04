"""The lock file of images: its text, and what another look at the registries changes in it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from kubeaid_ci import documents
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.images import rules
from kubeaid_ci.images.model import Confidence, ImageInventory, ListedImage
from kubeaid_ci.images.reference import parse_reference
from kubeaid_ci.images.result import ImageLock, LockedImage, LockStatus
from kubeaid_ci.k8s.image import Image
from kubeaid_ci.net.errors import Failed, FailedKind

LOCK = "images.lock.yaml"
_HEADER = "# The digest of each image tag in use; written by kubeaid-ci images lock.\n"
_MISSING = frozenset({FailedKind.GONE, FailedKind.NO_SUCH_CHART, FailedKind.NO_SUCH_VERSION})


def read_lock(text: str, *, where: str) -> dict[str, str]:
    """Return the digests by image in its full spelling. Raises `UserError` for anything else than such a file."""
    loaded = documents.load(text, where=where, unique=True)
    if loaded is None:
        return {}
    images = loaded.get("images", {}) if isinstance(loaded, dict) else []
    if not isinstance(images, dict) or set(loaded) - {"images"}:
        raise UserError(f"{where}: expected the key images with a block for each image; write it with images lock")
    found = {}
    for name, entry in images.items():
        digest = entry.get("digest") if isinstance(entry, dict) else None
        image = parse_reference(f"{name}@{digest}") if isinstance(digest, str) else None
        if image is None or str(replace(image, digest="")) != name or set(entry) != {"digest"}:
            line = documents.locate(text, ("images", name))
            raise UserError(f"{where}:{line}: {name}: expected an image with its digest; write it with images lock")
        found[name] = str(digest)
    return found


def lock_text(entries: Mapping[str, str]) -> str:
    """Return the text of a lock file: a block of two lines an image, sorted, so that changes merge."""
    if not entries:
        return f"{_HEADER}images: {{}}\n"
    blocks = (f"  {documents.dump(name).strip()}:\n    digest: {entries[name]}\n" for name in sorted(entries))
    return f"{_HEADER}images:\n{''.join(blocks)}"


def to_resolve(inventory: ImageInventory) -> dict[str, Image]:
    """Return the images whose tag must be looked up, by their full spelling. No tag means ``latest``.

    A repository without a tag that is only possible is left out: its tag is elsewhere.
    """
    return {
        listed.image: replace(listed.reference, tag=listed.tag or "latest")
        for listed in inventory.images
        if not listed.digest and (listed.tag or listed.confidence is not Confidence.POSSIBLE)
    }


def update_lock(
    before: Mapping[str, str], inventory: ImageInventory, digests: Mapping[str, str | Failed], *, is_whole: bool
) -> ImageLock:
    """Return the new lock. An image whose registry did not answer keeps its entry.

    Entries of images that are no longer in use are removed if the inventory `is_whole`: all clusters, each
    Application rendered.
    """
    results = tuple(_locked(listed, before, digests) for listed in inventory.images)
    entries = {each.image: each.digest or each.before for each in results if each.status is not LockStatus.PINNED}
    unused = sorted(before.keys() - {each.image for each in results})
    retained = () if is_whole else tuple(unused)
    entries = {name: digest for name, digest in entries.items() if digest} | {name: before[name] for name in retained}
    removed = tuple(sorted(before.keys() - entries.keys()))
    findings = tuple(_findings(results))
    return ImageLock(results, dict(sorted(entries.items())), retained, removed, findings, dict(before) != entries)


def _locked(listed: ListedImage, before: Mapping[str, str], digests: Mapping[str, str | Failed]) -> LockedImage:
    old = before.get(listed.image, "")
    status, digest, error = _status(listed, old, digests.get(listed.image))
    return LockedImage(listed.image, status, digest, old, error, listed.found_in)


def _status(listed: ListedImage, old: str, found: str | Failed | None) -> tuple[LockStatus, str, str]:
    if listed.digest:
        return LockStatus.PINNED, listed.digest, ""
    match found:
        case None:
            return LockStatus.NO_TAG, "", ""
        case Failed() if found.kind in _MISSING:
            return LockStatus.MISSING, "", found.message
        case Failed():
            return LockStatus.UNREACHABLE, "", found.message
        case _ if not old:
            return LockStatus.LOCKED, found, ""
    return (LockStatus.UNCHANGED if found == old else LockStatus.MOVED), found, ""


def _findings(results: Collection[LockedImage]) -> Iterator[Finding]:
    for each in results:
        users = ", ".join(dict.fromkeys(place.subject for place in each.found_in))
        if each.status is LockStatus.MOVED:
            message = f"moved from {each.before} to {each.digest}; used by {users}"
            yield rules.TAG_MOVED.at(LOCK, message, subject=each.image, key=each.image, content=each.digest)
        elif each.status is LockStatus.MISSING:
            yield rules.TAG_MISSING.at(None, f"{each.error}; used by {users}", subject=each.image, key=each.image)
