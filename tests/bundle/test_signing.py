"""Signatures by ssh-keygen and gpg, as a site checks them."""

import subprocess
from pathlib import Path

import pytest

from kubeaid_ci import UserError
from kubeaid_ci.bundle import signing
from kubeaid_ci.bundle.model import MANIFEST, SIGNATURES
from kubeaid_ci.bundle.verify import verify_bundle
from tests.bundle import made


def ssh_key(folder: Path, name: str) -> Path:
    key = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(key)], check=True)
    return key


def allowed(folder: Path, key: Path) -> Path:
    file = folder / f"{key.name}.allowed"
    file.write_text(f"{key.name}@example.com {key.with_suffix('.pub').read_text()}")
    return file


def rules(bundle: Path, **options: object) -> list[str]:
    return [finding.rule.id for finding in verify_bundle([bundle], **options).findings]  # type: ignore[arg-type]


def test_ssh(tmp_path: Path) -> None:
    key, other = ssh_key(tmp_path, "platform"), ssh_key(tmp_path, "other")
    bundle = made.folder(tmp_path / "bundle")
    signing.sign(bundle, "ssh", str(key))
    assert verify_bundle([bundle], allowed_signers=allowed(tmp_path, key)).signer == "platform@example.com"
    assert rules(bundle, allowed_signers=allowed(tmp_path, key)) == []
    assert rules(bundle, allowed_signers=allowed(tmp_path, other)) == ["bundle/signature-invalid"]
    assert rules(bundle) == ["bundle/signature-not-checked"]
    strict = verify_bundle([bundle], require_signature=True).findings
    assert [(finding.rule.id, str(finding.severity)) for finding in strict] == [
        ("bundle/signature-not-checked", "error")
    ]


def test_every_byte_of_a_signature_counts_without_a_known_key(tmp_path: Path) -> None:
    bundle = made.folder(tmp_path / "bundle")
    signing.sign(bundle, "ssh", str(ssh_key(tmp_path, "platform")))
    signature = bundle / SIGNATURES["ssh"]
    data = signature.read_bytes()
    unnoticed = []
    for at in range(0, len(data), 3):
        signature.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        if rules(bundle) == ["bundle/signature-not-checked"]:
            unnoticed.append(at)
    assert unnoticed == []


def test_an_unsigned_or_stripped_bundle_is_refused_where_a_signature_is_required(tmp_path: Path) -> None:
    key = ssh_key(tmp_path, "platform")
    bundle = made.folder(tmp_path / "bundle")
    assert rules(bundle) == []
    assert rules(bundle, require_signature=True) == ["bundle/not-signed"]
    assert "bundle/not-signed" in rules(bundle, allowed_signers=allowed(tmp_path, key))


def test_a_signature_for_something_else_does_not_count(tmp_path: Path) -> None:
    key = ssh_key(tmp_path, "platform")
    bundle = made.folder(tmp_path / "bundle")
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", key, bundle / MANIFEST], check=True)
    assert rules(bundle, allowed_signers=allowed(tmp_path, key)) == ["bundle/signature-invalid"]
    assert rules(bundle) == ["bundle/signature-invalid"]


def test_a_signature_over_another_manifest_does_not_count(tmp_path: Path) -> None:
    key = ssh_key(tmp_path, "platform")
    bundle = made.folder(tmp_path / "bundle")
    signing.sign(bundle, "ssh", str(key))
    other = made.folder(tmp_path / "other", {"wheels/x": b"x"})
    (other / SIGNATURES["ssh"]).write_bytes((bundle / SIGNATURES["ssh"]).read_bytes())
    assert rules(other, allowed_signers=allowed(tmp_path, key)) == ["bundle/signature-invalid"]
    assert rules(other) == ["bundle/signature-invalid"]


def test_a_missing_key_is_an_error_with_advice(tmp_path: Path) -> None:
    bundle = made.folder(tmp_path / "bundle")
    with pytest.raises(UserError, match="pass --signing-key FILE"):
        signing.sign(bundle, "ssh", None)
    with pytest.raises(UserError, match="no such key file"):
        signing.sign(bundle, "ssh", str(tmp_path / "none"))


def test_gits_own_key_signs(tmp_path: Path, home: Path) -> None:
    key = ssh_key(tmp_path, "platform")
    (home / ".gitconfig").write_text(f"[user]\n\tsigningKey = {key}.pub\n")
    bundle = made.folder(tmp_path / "bundle")
    signing.sign(bundle, "ssh", None)
    assert rules(bundle, allowed_signers=allowed(tmp_path, key)) == []


def test_gpg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rings = {name: tmp_path / name for name in ("signer", "stranger")}
    for ring in rings.values():
        ring.mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(rings["signer"]))
    make = ["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-gen-key", "p@example.com", "ed25519", "sign"]
    subprocess.run(make, check=True, capture_output=True)
    bundle = made.folder(tmp_path / "bundle")
    signing.sign(bundle, "gpg", "p@example.com")
    assert rules(bundle, require_signature=True) == []
    assert len(verify_bundle([bundle]).signer) == 40

    signature = bundle / SIGNATURES["gpg"]
    text = signature.read_bytes()
    signature.write_bytes(text.replace(text[100:101], b"A" if text[100:101] != b"A" else b"B", 1))
    assert rules(bundle) == ["bundle/signature-invalid"]
    signature.write_bytes(text)

    monkeypatch.setenv("GNUPGHOME", str(rings["stranger"]))
    assert rules(bundle) == ["bundle/signature-not-checked"]
    for ring in rings.values():
        subprocess.run(["gpgconf", "--kill", "all"], env={"GNUPGHOME": str(ring), "PATH": "/usr/bin"}, check=False)
