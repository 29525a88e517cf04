"""Suppressions of findings, with their reasons."""

from dataclasses import dataclass
from datetime import date

SETTINGS_FILE = ".kubeaid-ci.yaml"
"""The settings file at the root of either repository."""
MISNAMED = (".kubeaid-ci.yml", "kubeaid-ci.yaml", "kubeaid-ci.yml")
"""Names that people give to the settings file by mistake. Files of these names are reported and not read."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """Silences the findings of one rule whose subject and path match.

    `subject` and `path` are globs, in which only ``**`` spans slashes. `until` is the last day on
    which it holds; `line` is its line in the settings file.
    """

    rule: str
    subject: str
    reason: str
    path: str | None = None
    until: date | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Removed:
    """A file that checks start from, which a change removes; `is_needed` if what it is for stays."""

    path: str
    is_needed: bool
