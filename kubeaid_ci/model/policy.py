"""How far a chart may be updated."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from kubeaid_ci.model.version import Version


class Step(StrEnum):
    """The largest step an update may take."""

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"


@dataclass(frozen=True, slots=True)
class ChartPolicy:
    """How far a chart may be updated. What is nothing is not restricted.

    `ignore` are versions that are never taken; `minimum_age` is how long a release must have been
    known; charts of one `group` are updated together.
    """

    pin: Version | None = None
    ignore: tuple[str, ...] = ()
    allow: Step | None = None
    prereleases: bool | None = None
    minimum_age: timedelta | None = None
    group: str | None = None
