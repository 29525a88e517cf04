"""Verifies bundles: every byte against the manifest, the manifest against its own digest and its signature."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from kubeaid_ci.bundle import signing
from kubeaid_ci.bundle.model import SIGNATURES, BundledFile, Manifest, is_safe
from kubeaid_ci.bundle.reader import OpenBundle, open_bundle
from kubeaid_ci.bundle.result import BundleResult, parts_of
from kubeaid_ci.bundle.signing import Verdict
from kubeaid_ci.bundle.tar_archive import DamagedError, TarMember
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.findings.registry import RULES


@dataclass(frozen=True, slots=True)
class Trust:
    """The requirements for signatures. With `required` an unsigned or unknown one is an error."""

    allowed_signers: Path | None = None
    required: bool = False

    @property
    def must_be_signed(self) -> bool:
        """Return whether an unsigned bundle is an error."""
        return self.required or self.allowed_signers is not None


@dataclass(frozen=True, slots=True)
class Inspection:
    """Bundles that belong together, oldest first, and what is wrong with them."""

    manifests: tuple[Manifest, ...]
    findings: tuple[Finding, ...]
    signer: str = ""

    @property
    def last(self) -> Manifest:
        """The manifest of the newest bundle, which lists every file of all."""
        return self.manifests[-1]


def verify_bundle(
    bundles: Sequence[str | os.PathLike[str]],
    *,
    allowed_signers: str | os.PathLike[str] | None = None,
    require_signature: bool = False,
) -> BundleResult:
    """Verify a bundle, or a bundle and its increments in order, the oldest first.

    Everything that is wrong is a finding. Raises `UserError` if a manifest cannot be read, because then nothing is
    known about the other files.
    """
    trust = Trust(Path(allowed_signers) if allowed_signers is not None else None, required=require_signature)
    found = inspect([Path(path) for path in bundles], trust)
    return BundleResult("bundle verify", parts_of(found.last), found.findings, found.last.digest, signer=found.signer)


def inspect(bundles: Sequence[Path], trust: Trust, *, into: Path | None = None) -> Inspection:
    """Verify bundles, and write their files below the folder `into` on the way if there is one.

    With `into` a missing base is an error; without, the files of the increment itself are verified.
    """
    if not bundles:
        raise UserError("no bundle; name at least one")
    if into is not None:
        _refuse_gaps(bundles)
    manifests: list[Manifest] = []
    findings: list[Finding] = []
    signer = ""
    for path in bundles:
        with open_bundle(path) as bundle:
            findings += _of_base(bundle.manifest, manifests[-1] if manifests else None)
            found, signer = _of_signature(bundle, trust)
            findings += [*found, *_of_files(bundle, into)]
            manifests.append(bundle.manifest)
    return Inspection(tuple(manifests), tuple(findings), signer)


def _refuse_gaps(bundles: Sequence[Path]) -> None:
    """Raise `UserError` before anything is written if a bundle does not follow the one before it."""
    before: Manifest | None = None
    for path in bundles:
        with open_bundle(path) as bundle:
            for finding in _of_base(bundle.manifest, before):
                raise UserError(f"{path}: {finding.message}; name the bundles in order, the oldest first")
            before = bundle.manifest


def _of_base(manifest: Manifest, before: Manifest | None) -> Iterator[Finding]:
    rule, subject = RULES["bundle/base-missing"], f"bundle {manifest.sequence}"
    if manifest.since != (before.digest if before else ""):
        what = f"needs the bundle {manifest.since[:12]} before it" if manifest.since else "is a whole bundle"
        comes = f", and comes after {before.digest[:12]}" if before else ""
        yield rule.at(None, f"{what}{comes}", subject=subject)
        return
    if before is None:
        return
    listed = {file.path: (file.size, file.sha256) for file in before.files}
    for file in manifest.files:
        if file.in_base and listed.get(file.path) != (file.size, file.sha256):
            yield rule.at(file.path, f"{file.path}: the base has no such file", subject=subject, key=file.path)


def _of_signature(bundle: OpenBundle, trust: Trust) -> tuple[list[Finding], str]:
    """Return the findings about the signatures, and who signed."""
    if not bundle.signatures:
        unsigned = RULES["bundle/not-signed"].at(None, "the bundle is not signed", subject="signature")
        return ([unsigned] if trust.must_be_signed else []), ""
    findings, signer = [], ""
    for kind, name in SIGNATURES.items():
        if name not in bundle.signatures:
            continue
        found = signing.check(bundle.data, kind, bundle.signatures[name], trust.allowed_signers)
        match found.verdict:
            case Verdict.GOOD:
                signer = found.about
            case Verdict.UNKNOWN_KEY:
                severity = Severity.ERROR if trust.must_be_signed else None
                rule = RULES["bundle/signature-not-checked"]
                findings.append(rule.at(name, found.about, subject="signature", severity=severity))
            case Verdict.BAD:
                findings.append(RULES["bundle/signature-invalid"].at(name, found.about, subject="signature"))
    if trust.allowed_signers is not None and SIGNATURES["ssh"] not in bundle.signatures:
        message = "has no SSH signature, which --allowed-signers asks for"
        findings.append(RULES["bundle/not-signed"].at(None, message, subject="signature"))
    return findings, signer


def _of_files(bundle: OpenBundle, into: Path | None) -> Iterator[Finding]:
    missing = {file.path: file for file in bundle.manifest.own_files}
    try:
        for member in bundle.members():
            yield from _of_member(member, missing, into)
    except DamagedError as error:
        yield RULES["bundle/damaged"].at(None, str(error), subject="bundle")
    for path in missing:
        yield RULES["bundle/file-missing"].at(path, f"{path}: missing", subject=path)


def _of_member(member: TarMember, missing: dict[str, BundledFile], into: Path | None) -> Iterator[Finding]:
    if not member.path:
        yield RULES["bundle/damaged"].at(None, member.problem, subject="bundle")
        return
    name = ascii(member.path[:200])[1:-1]
    if member.problem or not is_safe(member.path):
        missing.pop(member.path, None)
        reason = member.problem or "no plain name below the bundle"
        yield RULES["bundle/unsafe-member"].at(name, f"{name}: {reason}", subject=name)
        return
    file = missing.pop(member.path, None)
    if file is None:
        yield RULES["bundle/file-added"].at(name, f"{name}: not in the manifest", subject=name)
        return
    with _target(into, file) as target:
        found = _checksum(member.chunks, file.size, target)
    if found != file.sha256:
        message = f"{name}: SHA-256 is {found[:12]}…, the manifest has {file.sha256[:12]}…"
        yield RULES["bundle/file-modified"].at(name, message, subject=name, content=found)


def _target(into: Path | None, file: BundledFile) -> AbstractContextManager[BinaryIO | None]:
    if into is None:
        return nullcontext()
    path = into / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("wb")


def _checksum(chunks: Iterable[bytes], size: int, target: BinaryIO | None) -> str:
    """Return the SHA-256 of a file. Of one that is longer than expected, only one byte too many counts."""
    found, left = hashlib.sha256(), size
    for chunk in chunks:
        part = chunk[: left + 1]
        found.update(part)
        if target is not None:
            target.write(part)
        left -= len(part)
        if left < 0:
            break
    return found.hexdigest()
