"""The rules of the family ``bundle``."""

from kubeaid_ci.findings.finding import Rule, Severity

_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO

RULES = (
    Rule(
        "bundle/file-modified",
        _ERROR,
        "A file differs from the checksum in the manifest, so it was damaged or replaced after the bundle was made. "
        "Copy the bundle again, and compare it with its source before you use it.",
    ),
    Rule(
        "bundle/file-missing",
        _ERROR,
        "The manifest lists a file that the bundle does not have, so it cannot be restored. Copy the bundle again.",
    ),
    Rule(
        "bundle/file-added",
        _ERROR,
        "The bundle has a file that its manifest does not list, so no checksum covers it. Remove the file, or create "
        "the bundle again.",
    ),
    Rule(
        "bundle/unsafe-member",
        _ERROR,
        "A bundle has only regular files with plain names, and a link or a path that leaves it could overwrite files "
        "of the machine that restores it. Do not use this bundle; find out who changed it.",
    ),
    Rule(
        "bundle/damaged",
        _ERROR,
        "A part of the archive cannot be read, so its files are not verified. Copy the bundle again.",
    ),
    Rule(
        "bundle/base-missing",
        _ERROR,
        "An increment has only what its base lacks, so its other files are not verified and it cannot be restored "
        "without the base. Name the bundles in order, the oldest first.",
    ),
    Rule(
        "bundle/not-signed",
        _ERROR,
        "Checksums find damage, but anyone who changes a file can also change its checksum. Create the bundle with "
        "--sign, or leave out --require-signature.",
    ),
    Rule(
        "bundle/signature-invalid",
        _ERROR,
        "The signature does not belong to this manifest or to none of the allowed keys, so the bundle is not from its "
        "claimed author. Do not use it; fetch it again from its source.",
    ),
    Rule(
        "bundle/signature-not-checked",
        _WARNING,
        "The bundle is signed, but no key was named to check the signature with, so its author is unknown. Pass "
        "--allowed-signers FILE, or import the public key into gpg.",
    ),
    Rule(
        "bundle/revision-missing",
        _ERROR,
        "An Application pins a revision that the repository does not have, so the bundle cannot rebuild it. Fetch the "
        "repository's tags and branches, or correct targetRevision.",
    ),
    Rule(
        "bundle/not-committed",
        _WARNING,
        "The bundle has commits only, so changes of the work tree are not in it. Commit them and create it again, or "
        "discard them.",
    ),
    Rule(
        "bundle/not-included",
        _WARNING,
        "A rebuild without internet needs what this bundle does not have. Follow the message, and create the bundle "
        "again or bring the missing part by another way.",
    ),
)
