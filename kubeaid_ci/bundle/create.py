"""Creates a bundle: commits, wheels, images and records, in one folder or tar file."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kubeaid_ci import __version__
from kubeaid_ci.bundle import images, repositories, signing, tar_archive, wheels
from kubeaid_ci.bundle.images import ImageContent, ImageParts
from kubeaid_ci.bundle.model import MANIFEST, SIGNATURES, BundledFile, BundledRepository, Manifest, Wheels
from kubeaid_ci.bundle.pins import Pins, pins_of
from kubeaid_ci.bundle.reader import open_bundle
from kubeaid_ci.bundle.result import BundleResult, parts_of
from kubeaid_ci.bundle.staging import publish, staging
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.git.revision import PINNED, Commit
from kubeaid_ci.images.inventory import Collector
from kubeaid_ci.images.lock_file import LOCK, read_lock
from kubeaid_ci.images.model import ImageInventory
from kubeaid_ci.render.fleet import Fleet, fleet_at
from kubeaid_ci.render.options import RunOptions
from kubeaid_ci.render.renderer import Progress
from kubeaid_ci.render.repositories import LocalRepositories
from kubeaid_ci.settings import Settings

RECORDS = ("charts.ledger.yaml", LOCK)
"""Files at the top of either repository that later checks start from."""
_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class BundleOptions:
    """The content of a bundle.

    `since` is the bundle whose content is left out. `images` are copied by skopeo, only listed, or left out; `allow`,
    `plain_http` and `ca_bundle` are how registries are reached, as for `image_registries`. `wheels` is None for those
    of this program's own packages, a folder that has them, or False to leave them out. `sign` is ``ssh`` or ``gpg``,
    with Git's signing key if `signing_key` is None.
    """

    since: Path | None = None
    images: ImageContent = ImageContent.LIST
    allow: tuple[str, ...] = ()
    plain_http: tuple[str, ...] = ()
    ca_bundle: str | None = None
    wheels: Path | bool | None = None
    sign: str | None = None
    signing_key: str | None = None


def create_bundle(
    config_repo: str | os.PathLike[str],
    kubeaid: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    clusters: Sequence[str] = (),
    options: BundleOptions | None = None,
    settings: Settings | None = None,
    jobs: int | None = None,
    cache: bool = True,
    progress: Progress | None = None,
) -> BundleResult:
    """Write a bundle to `out`, a new folder or, with the suffix ``.tar``, a new file.

    It has the commits that are checked out in both repositories, and every revision that Applications of the `clusters`
    (default: all) pin. What cannot be included is a finding. Raises `UserError` if `out` exists or a repository cannot
    be bundled, and `OutsideError` if wheels cannot be fetched; then nothing is left at `out`.
    """
    chosen, target = options or BundleOptions(), Path(out)
    run = RunOptions(settings or Settings(), jobs, cache, progress=progress)
    repos = LocalRepositories.of(config_repo, kubeaid, config_ref=Commit("HEAD"), kubeaid_ref=PINNED)
    base = _base(chosen.since)
    with staging(target) as scratch:
        folder = scratch / "bundle"
        folder.mkdir()
        with fleet_at(repos, run, clusters=clusters) as fleet:
            pins = pins_of(fleet.repositories, fleet.all_clusters, run.settings.repositories.kubeaid)
            inventory = _inventory(fleet, chosen)
        included = _images(folder, inventory, pins, chosen)
        findings = [*pins.findings, *_uncommitted(pins), *fleet.findings, *included.findings]
        manifest = replace(_content(folder, pins, chosen, base), images=included.images)
        (folder / MANIFEST).write_bytes(manifest.to_bytes())
        if chosen.sign:
            signing.sign(folder, chosen.sign, chosen.signing_key)
        publish(_packed(folder, manifest) if target.suffix == ".tar" else folder, target)
    return BundleResult("bundle create", parts_of(manifest), tuple(findings), manifest.digest)


def _inventory(fleet: Fleet, options: BundleOptions) -> ImageInventory | None:
    if options.images is ImageContent.NONE:
        return None
    collector = Collector(fleet.settings.images)
    for state in fleet.clusters():
        for app in state.apps:
            collector.add(app)
    return collector.inventory()


def _images(folder: Path, inventory: ImageInventory | None, pins: Pins, options: BundleOptions) -> ImageParts:
    """Copy or list the images, with the digests of the lock that is committed."""
    if inventory is None:
        return ImageParts((), ())
    repository = Repository(pins.config.folder)
    data = repository.show("HEAD", LOCK)
    digests = read_lock(data.decode("utf-8", "replace"), where=LOCK) if data is not None else {}
    if options.images is ImageContent.LIST:
        return images.list_only(folder, inventory, digests)
    return images.copy(
        folder,
        inventory,
        digests,
        allow=options.allow,
        plain_http=options.plain_http,
        ca_bundle=options.ca_bundle,
    )


def _base(since: Path | None) -> Manifest | None:
    if since is None:
        return None
    with open_bundle(since) as bundle:
        return bundle.manifest


def _content(folder: Path, pins: Pins, options: BundleOptions, base: Manifest | None) -> Manifest:
    """Write the files of a bundle, and return the manifest that lists them."""
    sequence = base.sequence + 1 if base else 1
    described = [
        _repository(folder, name, revisions, sequence, base)
        for name, revisions in (("config", pins.config), ("kubeaid", pins.kubeaid))
    ]
    _write_records(folder, described, pins)
    manifest = Manifest(
        tool=__version__,
        repositories=tuple(described),
        files=(),
        wheels=_wheels(folder, options),
        sequence=sequence,
        since=base.digest if base else "",
    )
    return replace(manifest, files=tuple(sorted(_files(folder, manifest, base), key=lambda file: file.path)))


def _repository(
    folder: Path, name: str, revisions: repositories.Revisions, sequence: int, base: Manifest | None
) -> BundledRepository:
    before = base.repository(name) if base else None
    described = repositories.describe(name, revisions, files=before.files if before else ())
    path = f"repositories/{name}.{sequence}.bundle"
    (folder / path).parent.mkdir(exist_ok=True)
    if repositories.write(folder / path, described, revisions.folder, before):
        described = replace(described, files=(*described.files, path))
    _remove_empty((folder / path).parent, folder)
    return described


def _write_records(folder: Path, described: Sequence[BundledRepository], pins: Pins) -> None:
    """Copy the ledger and the lock, for readers that have no Git; restoring takes those of the repositories."""
    for repository, revisions in zip(described, (pins.config, pins.kubeaid), strict=True):
        for name in RECORDS:
            data = Repository(revisions.folder).show(repository.head, name)
            if data is not None:
                path = folder / "records" / repository.name / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)


def _wheels(folder: Path, options: BundleOptions) -> Wheels | None:
    if options.wheels is False:
        return None
    return wheels.copy(options.wheels, folder) if isinstance(options.wheels, Path) else wheels.fetch(folder)


def _files(folder: Path, manifest: Manifest, base: Manifest | None) -> Iterator[BundledFile]:
    """Yield every file; what the base has too is deleted from the folder."""
    known = {file.path: file for file in base.files} if base else {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        file = BundledFile(name, path.stat().st_size, _sha256(path))
        before = known.get(name)
        if before and (before.size, before.sha256) == (file.size, file.sha256):
            path.unlink()
            _remove_empty(path.parent, folder)
            file = replace(file, in_base=True)
        yield file
    for repository in manifest.repositories:
        yield from (replace(known[name], in_base=True) for name in repository.files if name in known)


def _remove_empty(folder: Path, top: Path) -> None:
    while folder != top and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _packed(folder: Path, manifest: Manifest) -> Path:
    made = folder.with_suffix(".tar")
    signatures = [name for name in SIGNATURES.values() if (folder / name).is_file()]
    names = [MANIFEST, *signatures, *(file.path for file in manifest.own_files)]
    with made.open("wb") as file:
        tar_archive.write(file, ((name, folder / name) for name in names))
    return made


def _uncommitted(pins: Pins) -> Iterator[Finding]:
    for name, revisions in (("config", pins.config), ("kubeaid", pins.kubeaid)):
        repository = Repository.at(revisions.folder)
        if repository and not repository.is_bare() and repository.is_dirty("."):
            message = f"the {name} repo has changes that are not committed, so they are not in the bundle"
            yield RULES["bundle/not-committed"].at(None, message, subject=name)
