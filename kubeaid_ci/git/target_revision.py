"""The tag that a ``targetRevision`` means (util/versions/tags.go of Argo CD 3.5)."""

from collections.abc import Iterable

from kubeaid_ci.errors import UserError
from kubeaid_ci.semver.range import VersionRange
from kubeaid_ci.semver.version import Version, is_like_version


def range_of(revision: str) -> VersionRange | None:
    """Return the range of versions that a revision is; None if it is one version, or the name of a branch or tag."""
    try:
        Version.parse(revision)
    except UserError:
        try:
            return VersionRange.parse(revision)
        except UserError:
            return None
    return None


def newest_tag(wanted: VersionRange, tags: Iterable[str], prefix: str = "") -> str | None:
    """Return the newest tag in a range, None if no tag matches. Only tags with the prefix count.

    Argo CD skips tags that are no versions. It fails on those that look like one but are invalid, such as ``1.0.0-01``:
    None too.
    """
    found: list[tuple[Version, str]] = []
    for tag in sorted(tags):
        if not tag.startswith(prefix):
            continue
        text = tag.removeprefix(prefix)
        try:
            version = Version.parse(text)
        except UserError:
            if is_like_version(text):
                return None
            continue
        if wanted.allows(version):
            found.append((version, tag))
    return max(found, key=lambda pair: pair[0])[1] if found else None
