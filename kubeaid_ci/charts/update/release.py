"""Finds the release of a version that a person names."""

import difflib
from collections.abc import Sequence

from kubeaid_ci.charts.update import select_release
from kubeaid_ci.errors import UserError
from kubeaid_ci.helm.chart import Dependency
from kubeaid_ci.helm.published import Release
from kubeaid_ci.helm.upstreams import Upstreams
from kubeaid_ci.net.errors import Failed
from kubeaid_ci.semver.version import Version

_MOST_NEAR = 5


def published(upstreams: Upstreams, dependency: Dependency, version: str, *, option: str) -> Release | Failed:
    """Return the release with exactly this version, as its publisher writes it.

    Raises `UserError` with near versions if it does not exist, if it is a range, and if several builds fit. `option` is
    what named the version, for messages.
    """
    where = f"{option} {version}"
    try:
        Version.parse(version)
    except UserError:
        raise UserError(f"{where}: not a version; name one release, such as 1.2.3") from None
    releases = upstreams.versions(dependency.name, dependency.repository)
    if isinstance(releases, Failed):
        return releases
    found = select_release.find(releases, version)
    if found is None:
        near = ", ".join(_near(version, releases)) or "none"
        raise UserError(f"{where}: {dependency.name} has no such version; near versions: {near}")
    builds = [one.version for one in releases if select_release.is_same_release(version, one.version)]
    if found.version != version and len(builds) > 1:
        raise UserError(f"{where}: {dependency.name} has several builds of it; name one: {', '.join(builds)}")
    return found


def _near(version: str, releases: Sequence[Release]) -> list[str]:
    """The versions that look most like it, else the newest ones; newest first."""
    texts = [release.version for release in releases]
    near = difflib.get_close_matches(version, texts, _MOST_NEAR, 0.6)
    return [text for text in texts if text in near] or texts[:_MOST_NEAR]
