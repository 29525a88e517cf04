"""The result of the commands about bundles."""

from dataclasses import dataclass

from kubeaid_ci.bundle.model import Manifest
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.report.json_result import JsonResult
from kubeaid_ci.report.text import counted


@dataclass(frozen=True, slots=True)
class BundlePart:
    """A part of a bundle: ``config``, ``kubeaid``, ``wheels``, ``images`` or ``records``.

    `files` and `bytes` count what is in the bundle, `in_base` the files that only its base has. `about` is a short
    description for people.
    """

    part: str
    files: int
    bytes: int
    in_base: int
    about: str


@dataclass(frozen=True, slots=True)
class BundleResult(JsonResult):
    """The content of a bundle, and what is wrong with it. `digest` is that of its manifest."""

    command: str
    parts: tuple[BundlePart, ...]
    findings: tuple[Finding, ...]
    digest: str
    signer: str = ""


def parts_of(manifest: Manifest) -> tuple[BundlePart, ...]:
    """Return the parts of a bundle in a fixed order; a part that it does not have has no files."""
    return tuple(_part(manifest, name, about) for name, about in _described(manifest))


def _described(manifest: Manifest) -> list[tuple[str, str]]:
    described = [
        (repository.name, f"{repository.head[:12]} and {counted(len(repository.pinned), 'pinned revision')}")
        for repository in manifest.repositories
    ]
    wheels, images = manifest.wheels, manifest.images
    copied = sum(1 for image in images if image.layout)
    described.append(("wheels", f"Python {wheels.python}, {wheels.platform}" if wheels else "left out"))
    described.append(("images", f"{copied} of {len(images)} copied" if images else "none"))
    return [*described, ("records", "ledger and locks")]


def _part(manifest: Manifest, name: str, about: str) -> BundlePart:
    start = f"repositories/{name}." if name in ("config", "kubeaid") else f"{name}/"
    files = [file for file in manifest.files if file.path.startswith(start)]
    own = [file for file in files if not file.in_base]
    return BundlePart(name, len(own), sum(file.size for file in own), len(files) - len(own), about)
