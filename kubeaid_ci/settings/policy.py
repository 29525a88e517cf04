"""The update policy of a chart."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from enum import StrEnum
from typing import Self

from kubeaid_ci.globs.paths import matches
from kubeaid_ci.semver.range import VersionRange
from kubeaid_ci.semver.version import Version


class Step(StrEnum):
    """The largest step an update may take."""

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"

    @property
    def weight(self) -> int:
        """3 for major, 2 for minor, 1 for patch: larger asks for more care."""
        return {"major": 3, "minor": 2, "patch": 1}[self.value]

    @classmethod
    def between(cls, before: Version, after: Version) -> Self:
        """Return the step between two versions, in either direction; to a pre-release of the same numbers a patch."""
        if before.release[0] != after.release[0]:
            return cls("major")
        return cls("minor" if before.release[1] != after.release[1] else "patch")


@dataclass(frozen=True, slots=True)
class ChartPolicy:
    """The update policy of a chart. None means not restricted.

    `ignore` are versions that are never taken; `minimum_age` is how long a release must have been
    known; charts of one `group` are updated together.
    """

    pin: Version | None = None
    ignore: tuple[VersionRange, ...] = ()
    allow: Step | None = None
    prereleases: bool | None = None
    minimum_age: timedelta | None = None
    group: str | None = None


def completed(policy: ChartPolicy, other: ChartPolicy) -> ChartPolicy:
    """Return a policy, completed by another where it restricts nothing."""
    unset = [each.name for each in fields(policy) if getattr(policy, each.name) in (None, ())]
    return replace(policy, **{name: getattr(other, name) for name in unset})


def policy_of(policies: Mapping[str, ChartPolicy], name: str) -> ChartPolicy:
    """Return the policy in force for a name of `policies`, which is a chart, ``umbrella/dependency`` or a glob.

    What the policy of the name leaves open is that of its umbrella chart, then that of the globs around it.
    """
    umbrella = name.partition("/")[0]
    globs = [glob for glob in policies if glob not in (name, umbrella) and _is_below(glob, name, umbrella)]
    found = ChartPolicy()
    for each in (name, umbrella, *sorted(globs, key=len, reverse=True)):
        found = completed(found, policies.get(each, ChartPolicy()))
    return found


def _is_below(glob: str, *names: str) -> bool:
    return any(matches(glob, name) for name in names)
