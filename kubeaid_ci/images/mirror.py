"""Copy images to a mirror with skopeo: every platform, with its digest, and only what the mirror lacks."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from kubeaid_ci.errors import KubeaidCiError, OutsideError, UserError
from kubeaid_ci.helm.logins import Logins
from kubeaid_ci.images.lock import Resolve
from kubeaid_ci.images.mirror_names import Mirror
from kubeaid_ci.images.mirror_plan import MirrorItem, MirrorPlan, layout_name, plan_mirror
from kubeaid_ci.images.model import ImageInventory
from kubeaid_ci.images.oci_layout import OciLayout
from kubeaid_ci.images.result import CopiedImage, CopyStatus, ImageMirror
from kubeaid_ci.k8s.image import Image
from kubeaid_ci.net.errors import Failed
from kubeaid_ci.runtime import processes

_THREADS = 4
_SECONDS = 3600.0
"""For one image: large ones have tens of gigabytes."""
_POLICIES = ("/etc/containers/policy.json", ".config/containers/policy.json")
_LONGEST_ERROR = 300
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Skopeo:
    """The options of ``skopeo copy``.

    `certificates` is a folder of certificates to trust besides the system's, `logins` a file in Docker's format, both
    only if needed.
    """

    plain_http: frozenset[str]
    certificates: Path | None
    logins: Path | None

    def copy(self, source: str, target: str, *, from_plain: bool = False, to_plain: bool = False) -> None:
        """Copy an image, each named with its transport. Raises `OutsideError` with the last line that skopeo prints.

        Logins are in a file: no argument holds a secret.
        """
        argv = [_program(), *_policy(), "copy", "--all", "--preserve-digests", "--quiet", "--retry-times", "2"]
        if self.logins:
            argv += ["--authfile", str(self.logins)]
        if from_plain:
            argv.append("--src-tls-verify=false")
        if to_plain:
            argv.append("--dest-tls-verify=false")
        if self.certificates:
            argv += ["--src-cert-dir", str(self.certificates), "--dest-cert-dir", str(self.certificates)]
        done = processes.run([*argv, source, target], timeout=_SECONDS)
        if done.code:
            lines = [line for line in done.stderr.splitlines() if line.strip()] or ["no message"]
            raise OutsideError(f"skopeo: {lines[-1].strip()[-_LONGEST_ERROR:]}")


def mirror_images(
    inventory: ImageInventory,
    to: str,
    *,
    resolve: Resolve,
    locked: dict[str, str] | None = None,
    plain_http: Collection[str] = (),
    ca_bundle: str | os.PathLike[str] | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ImageMirror:
    """Copy the images of an inventory to a registry, or to an OCI layout: ``dir:PATH``.

    An image that the mirror has with the same digest is skipped, so a run that was interrupted can be repeated.
    The digest is that of the reference or of `locked`, else it is looked up by `resolve`. `plain_http` are registries
    without TLS. With `dry_run` nothing is copied. `progress` is called with the number of finished images and of all.
    Raises `UserError` if skopeo is not installed, or `to` is not a registry.
    """
    folder = Path(to.removeprefix("dir:")) if to.startswith("dir:") else None
    mirror = None if folder else Mirror.parse(to)
    plan = plan_mirror(inventory, locked or {}, mirror)
    if not dry_run:
        _program()
    hosts = {item.reference.registry for item in plan.items} | ({mirror.registry} if mirror else set())
    with _skopeo(hosts, plain_http, ca_bundle) as skopeo:
        copier = _Copier(skopeo, resolve, OciLayout(folder) if folder else None, dry_run)
        images = tuple(copier.copy_all(plan.items, progress))
    return ImageMirror(to, images, plan, dry_run)


def restore_images(
    folder: str | os.PathLike[str],
    to: str,
    *,
    resolve: Resolve,
    plain_http: Collection[str] = (),
    ca_bundle: str | os.PathLike[str] | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ImageMirror:
    """Copy every image of an OCI layout to a registry, under the names that `mirror_images` gives them there.

    The other parameters, and what is skipped, are those of `mirror_images`. Raises `UserError` if the folder is not
    a layout.
    """
    layout, mirror = OciLayout(Path(folder)), Mirror.parse(to)
    if not dry_run:
        _program()
    names = layout.names()
    with _skopeo({mirror.registry}, plain_http, ca_bundle) as skopeo:
        restorer = _Restorer(skopeo, resolve, layout, mirror, dry_run)
        images = []
        for number, (name, digest) in enumerate(sorted(names.items()), 1):
            images.append(restorer.restored(name, digest))
            if progress:
                progress(number, len(names))
    return ImageMirror(to, tuple(images), MirrorPlan((), {}), dry_run)


@dataclass(frozen=True, slots=True)
class _Restorer:
    skopeo: Skopeo
    resolve: Resolve
    layout: OciLayout
    mirror: Mirror
    dry_run: bool

    def restored(self, name: str, digest: str) -> CopiedImage:
        """Copy one image of the layout, unless the registry has it."""
        target = f"{self.mirror}/{name}"
        found = CopiedImage(name, target, digest, "image", CopyStatus.PLANNED)
        if self.resolve(Image.parse(target)) == digest:
            return replace(found, status=CopyStatus.PRESENT)
        if self.dry_run:
            return found
        to_plain = self.mirror.registry in self.skopeo.plain_http
        try:
            # On the layout's own disk blobs are linked; a medium that cannot be written is copied.
            place = self.layout.folder if os.access(self.layout.folder, os.W_OK) else None
            with tempfile.TemporaryDirectory(dir=place, prefix=".outgoing-") as outgoing:
                self.layout.export(digest, Path(outgoing))
                self.skopeo.copy(f"dir:{outgoing}", f"docker://{target}", to_plain=to_plain)
        except (KubeaidCiError, OSError) as error:
            return replace(found, status=CopyStatus.FAILED, error=str(error))
        return replace(found, status=CopyStatus.COPIED)


@dataclass(frozen=True, slots=True)
class _Copier:
    skopeo: Skopeo
    resolve: Resolve
    layout: OciLayout | None
    dry_run: bool

    def copy_all(self, items: Collection[MirrorItem], progress: Progress | None) -> Iterator[CopiedImage]:
        """Copy several images in parallel, and yield the results in order."""
        done: dict[MirrorItem, CopiedImage] = {}
        with ThreadPoolExecutor(_THREADS) as threads:
            futures = {threads.submit(self._copied, item): item for item in items}
            for future in as_completed(futures):
                done[futures[future]] = future.result()
                if progress:
                    progress(len(done), len(items))
        yield from (done[item] for item in items)

    def _copied(self, item: MirrorItem) -> CopiedImage:
        found = CopiedImage(item.image, item.target, item.digest, item.type, CopyStatus.PLANNED)
        digest = item.digest or self.resolve(item.reference)
        if isinstance(digest, Failed):
            status = CopyStatus.FAILED if digest.may_pass else CopyStatus.MISSING
            return replace(found, status=status, error=digest.message)
        found = replace(found, digest=digest)
        if self._is_present(item, digest):
            return replace(found, status=CopyStatus.PRESENT)
        if self.dry_run:
            return found
        try:
            self._copy(item, digest)
        except (KubeaidCiError, OSError) as error:
            return replace(found, status=CopyStatus.FAILED, error=str(error))
        return replace(found, status=CopyStatus.COPIED)

    def _is_present(self, item: MirrorItem, digest: str) -> bool:
        if self.layout is not None:
            return self.layout.has(layout_name(item), digest)
        return self.resolve(Image.parse(item.target)) == digest

    def _copy(self, item: MirrorItem, digest: str) -> None:
        source = f"docker://{item.name}@{digest}"
        from_plain = item.reference.registry in self.skopeo.plain_http
        if self.layout is None:
            to_plain = Image.parse(item.target).registry in self.skopeo.plain_http
            self.skopeo.copy(source, f"docker://{item.target}", from_plain=from_plain, to_plain=to_plain)
            return
        self.layout.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.layout.folder, prefix=".incoming-") as incoming:
            self.skopeo.copy(source, f"dir:{incoming}", from_plain=from_plain)
            self.layout.add(layout_name(item), digest, Path(incoming))


@contextmanager
def _skopeo(
    hosts: Collection[str], plain_http: Collection[str], ca_bundle: str | os.PathLike[str] | None
) -> Iterator[Skopeo]:
    """Give skopeo our certificates and logins. Without a login here it uses its own files and helper programs."""
    logins = Logins(os.environ)
    found = {host: {"auth": login.basic} for host in sorted(hosts) if (login := logins.registry(host))}
    with tempfile.TemporaryDirectory() as name:  # only its owner may read it
        folder, certificates, authfile = Path(name), None, None
        if ca_bundle is not None:
            certificates = folder / "certificates"
            certificates.mkdir()
            shutil.copyfile(ca_bundle, certificates / "ca.crt")
        if found:
            authfile = folder / "auth.json"
            authfile.touch(mode=0o600)
            authfile.write_text(json.dumps({"auths": found}))
        yield Skopeo(frozenset(host.lower() for host in plain_http), certificates, authfile)


def _program() -> str:
    found = shutil.which("skopeo")
    if found is None:
        raise UserError("skopeo: not installed; install it, or write a plan for another tool with --plan DIR")
    return found


def _policy() -> list[str]:
    """Return the option that is needed on machines without a policy for signatures, which skopeo demands."""
    home = Path(os.environ.get("HOME") or "/")
    return [] if any((home / path).is_file() for path in _POLICIES) else ["--insecure-policy"]
