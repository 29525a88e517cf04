"""Signatures over the manifest of a bundle, made and checked by ssh-keygen or gpg."""

import base64
import tempfile
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from kubeaid_ci.bundle.model import MANIFEST, SIGNATURES
from kubeaid_ci.errors import UserError
from kubeaid_ci.git.process import git
from kubeaid_ci.runtime.processes import Finished, run

NAMESPACE = "kubeaid-ci-bundle"
"""Keeps a signature of something else from counting for a bundle (ssh-keygen(1), -n)."""
_TIMEOUT = 120.0
_WIDTH = 70  # of a line, PROTOCOL.sshsig of OpenSSH


class Verdict(StrEnum):
    """The result of a check: the key is allowed, the key is not known, or the signature is wrong."""

    GOOD = "good"
    UNKNOWN_KEY = "unknown-key"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class SignatureCheck:
    """A verdict and the reason or the name of the key."""

    verdict: Verdict
    about: str


def sign(folder: Path, kind: str, key: str | None) -> None:
    """Sign the manifest in a folder, with Git's own signing key if none is named.

    Raises `UserError` if that fails. ``ssh`` keys are files or literal public keys of an agent.
    """
    key = key or git(["config", "--get", "user.signingKey"], signing=True).text
    manifest, signature = folder / MANIFEST, folder / SIGNATURES[kind]
    if kind == "ssh":
        if not key:
            raise UserError("no key to sign with; pass --signing-key FILE, or set user.signingKey in Git")
        with tempfile.TemporaryDirectory(prefix="kubeaid-ci-") as scratch:
            key_file = _key_file(key, Path(scratch))
            done = run(["ssh-keygen", "-Y", "sign", "-n", NAMESPACE, "-f", key_file, str(manifest)], timeout=_TIMEOUT)
    else:
        user = ["--local-user", key] if key else []
        arguments = [*user, "--armor", "--output", str(signature), "--detach-sign", str(manifest)]
        done = run(["gpg", "--batch", "--no-tty", *arguments], timeout=_TIMEOUT)
    if done.code or not signature.is_file():
        raise UserError(f"cannot sign the bundle with {kind}: {_reason(done)}")


def check(data: bytes, kind: str, signature: bytes, allowed_signers: Path | None) -> SignatureCheck:
    """Check a signature over a manifest.

    `allowed_signers` is a file of the format of ssh-keygen(1), or None if no SSH key is known.
    """
    with tempfile.TemporaryDirectory(prefix="kubeaid-ci-") as scratch:
        file = Path(scratch, SIGNATURES[kind])
        file.write_bytes(signature)
        if kind == "gpg":
            return _check_gpg(data, file)
        return _check_ssh(data, file, allowed_signers)


def _check_ssh(data: bytes, signature: Path, allowed_signers: Path | None) -> SignatureCheck:
    if not _is_as_written(signature.read_bytes()):
        return SignatureCheck(Verdict.BAD, "is not as ssh-keygen writes a signature")
    common = ["-n", NAMESPACE, "-s", str(signature)]
    if allowed_signers is None:
        done = run(["ssh-keygen", "-Y", "check-novalidate", *common], stdin=data, timeout=_TIMEOUT)
        verdict = Verdict.BAD if done.code else Verdict.UNKNOWN_KEY
        return SignatureCheck(verdict, _reason(done) if done.code else done.text)
    if not allowed_signers.is_file():
        raise UserError(f"{allowed_signers}: no such file; correct --allowed-signers")
    listed = ["-f", str(allowed_signers.absolute())]
    found = run(["ssh-keygen", "-Y", "find-principals", "-s", str(signature), *listed], timeout=_TIMEOUT)
    principal = found.text.splitlines()[0] if found.code == 0 and found.text else None
    if principal is None:
        return SignatureCheck(Verdict.BAD, f"signed with none of the keys in {allowed_signers}")
    done = run(["ssh-keygen", "-Y", "verify", *listed, "-I", principal, *common], stdin=data, timeout=_TIMEOUT)
    return SignatureCheck(Verdict.BAD if done.code else Verdict.GOOD, _reason(done) if done.code else principal)


def _is_as_written(signature: bytes) -> bool:
    """Return whether a signature is armoured as ssh-keygen does it, which reads other spellings too."""
    begin, end = b"-----BEGIN SSH SIGNATURE-----\n", b"-----END SSH SIGNATURE-----\n"
    body = signature.removeprefix(begin).removesuffix(end)
    try:
        encoded = base64.b64encode(base64.b64decode(body.replace(b"\n", b""), validate=True))
    except ValueError:
        return False
    lines = [encoded[at : at + _WIDTH] + b"\n" for at in range(0, len(encoded), _WIDTH)]
    return signature == begin + b"".join(lines) + end


def _check_gpg(data: bytes, signature: Path) -> SignatureCheck:
    arguments = ["--batch", "--no-tty", "--status-fd", "1", "--verify", str(signature), "-"]
    done = run(["gpg", *arguments], stdin=data, timeout=_TIMEOUT)
    status = [line.split()[1:] for line in done.text.splitlines() if line.startswith("[GNUPG:] ")]
    by_word = {words[0]: words[1:] for words in status if words}
    if done.code == 0 and "VALIDSIG" in by_word:
        return SignatureCheck(Verdict.GOOD, by_word["VALIDSIG"][0])
    if "NO_PUBKEY" in by_word and "BADSIG" not in by_word:
        return SignatureCheck(Verdict.UNKNOWN_KEY, by_word["NO_PUBKEY"][0])
    return SignatureCheck(Verdict.BAD, _reason(done))


def _key_file(key: str, scratch: Path) -> str:
    """Return a file with the key; Git also takes a public key itself (git-config(1), user.signingKey)."""
    literal = key.removeprefix("key::")
    if literal != key or key.startswith("ssh-"):
        file = scratch / "key.pub"
        file.write_text(f"{literal}\n")
        return str(file)
    path = Path(key).expanduser()
    if not path.is_file():
        raise UserError(f"{key}: no such key file; correct --signing-key, or user.signingKey of Git")
    return str(path.absolute())


def _reason(done: Finished) -> str:
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    return "; ".join(lines[-3:]) or f"{done.argv[0]} ended with code {done.code}"
