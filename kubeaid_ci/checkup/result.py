"""The result of checking this machine, the two repositories and the forge."""

from dataclasses import dataclass
from enum import StrEnum

from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.report.json_result import JsonResult


class Area(StrEnum):
    """The area of a check."""

    MACHINE = "machine"
    CONFIG_REPO = "config repo"
    KUBEAID_REPO = "KubeAid repo"
    FORGE = "forge"


class State(StrEnum):
    """The result of a check. Only `WRONG` and `NOT_REACHED` keep anything from working."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    MISSING = "missing"
    """Not there, and not needed for everything."""
    WRONG = "wrong"
    NOT_REACHED = "not reached"
    NOT_CHECKED = "not checked"
    """Nothing is known, because something that was needed could not be read. That has a check of its own."""


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check, with advice if there is a problem.

    `rule` is the id of the rule that failed; empty if the check passed.
    """

    area: Area
    name: str
    state: State
    detail: str
    advice: str = ""
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Checkup(JsonResult):
    """Every check in the order of its area, and a finding for each that is not well."""

    results: tuple[Check, ...]
    findings: tuple[Finding, ...]

    @property
    def failure(self) -> int:
        """The exit code: 3 where something was not reached, else 2 where something is wrong, else 0."""
        states = {check.state for check in self.results}
        return 3 if State.NOT_REACHED in states else 2 if State.WRONG in states else 0


@dataclass(frozen=True, slots=True)
class Tool:
    """A program or package. `version` is None if it is not installed.

    `use` describes what it is for, `install` how to get it; without a `needed` one nothing works.
    """

    name: str
    version: str | None
    use: str
    install: str
    needed: bool = False
    at_least: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A remote or forge answered and denied access, with the error text."""

    detail: str


@dataclass(frozen=True, slots=True)
class NotReached:
    """No usable answer arrived; a later retry may help."""

    detail: str
