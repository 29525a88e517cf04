"""The rules about container images."""

from kubeaid_ci.findings.finding import Rule, Severity

UNPINNED = Rule(
    "image/unpinned",
    Severity.INFO,
    "A tag can be moved to other content, so the image that runs may not be the one that was tested. Write its "
    "digest into images.lock.yaml with `kubeaid-ci images lock`, or add it to the reference.",
)
MUTABLE_TAG = Rule(
    "image/mutable-tag",
    Severity.WARNING,
    "The tag is moved with every release, so two nodes may run different versions and nothing in Git shows an "
    "update. Set a tag that names a version.",
)
NO_TAG = Rule(
    "image/no-tag",
    Severity.WARNING,
    "A reference without a tag means latest, so the version that runs is not known. Set a tag or a digest.",
)
REGISTRY_NOT_ALLOWED = Rule(
    "image/registry-not-allowed",
    Severity.ERROR,
    "The image comes from a registry that is not in check.registries of the settings. Use an allowed registry, or "
    "have an owner of the settings add this one.",
)
REGISTRY_SUSPICIOUS = Rule(
    "image/registry-suspicious",
    Severity.WARNING,
    "A registry whose name is almost that of a well-known one may belong to an attacker, and a placeholder has no "
    "images. Correct the name, or add the registry to check.registries of the settings if it is right.",
)
BLIND = Rule(
    "image/blind",
    Severity.INFO,
    "Nothing in Git names the images of this object, so they cannot be scanned, locked or mirrored. Set the field "
    "that names the image, or list the images under images.declared in the settings.",
)
TAG_MOVED = Rule(
    "image/tag-moved",
    Severity.WARNING,
    "The tag names other content than when it was locked, so new pods run something that was never tested. Find out "
    "why the publisher moved it, then accept the new digest in images.lock.yaml or pin the old one.",
)
TAG_MISSING = Rule(
    "image/tag-missing",
    Severity.ERROR,
    "The registry does not have this image, so a pod that starts on a new node cannot pull it. Correct the reference, "
    "or move to a release that is still published.",
)
NOT_MIRRORED = Rule(
    "image/not-mirrored",
    Severity.WARNING,
    "The image does not come from the registry in images.mirror of the settings, so a site without internet cannot "
    "start it. Set the values that `kubeaid-ci images overrides` finds, or unset images.mirror if nodes use it.",
)
RULES = (
    UNPINNED,
    MUTABLE_TAG,
    NO_TAG,
    REGISTRY_NOT_ALLOWED,
    REGISTRY_SUSPICIOUS,
    BLIND,
    TAG_MOVED,
    TAG_MISSING,
    NOT_MIRRORED,
)
