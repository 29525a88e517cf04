"""Findings: what a check reports, and the rule that it reports."""

import hashlib
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from kubeaid_ci.errors import UserError

# A position in a file, such as ``values.yaml:12:4`` or ``line 12``. It moves when a line above it is added.
_POSITION = re.compile(r"(?<=\.)(yaml|yml|tpl|json|jsonnet|libsonnet|txt|go):[\d:()-]+|\b(line|column) \d+")
# The source around an error: ``>   12 | the line``, and its neighbours without the mark.
_NEIGHBOUR, _MARKED = re.compile(r"^ +\d+ \| .*\n?", re.MULTILINE), re.compile(r"^> +\d+ \| ", re.MULTILINE)


class Severity(StrEnum):
    """The severity of a finding."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def weight(self) -> int:
        """Return 3 for an error, 2 for a warning, 1 for info: larger is worse."""
        return {"error": 3, "warning": 2, "info": 1}[self.value]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a severity; raises `UserError` naming the text if it is not one."""
        try:
            return cls(text)
        except ValueError:
            raise UserError(f"not a severity: {text!r}; it is one of error, warning, info") from None


class FailOn(StrEnum):
    """From which severity on findings make a run fail."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    NEVER = "never"

    def reached_by(self, severity: Severity) -> bool:
        """Return whether a finding of this severity makes the run fail."""
        return self is not FailOn.NEVER and severity.weight >= Severity(self.value).weight


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing a check looks for. The id is ``family/name`` and stable for ever."""

    id: str
    severity: Severity
    help: str
    """Two sentences: why it matters, what to do."""
    is_posture: bool = False
    """True if nothing is broken: ``check`` reports the rule only with the profile ``strict``, or if it is named."""

    @property
    def family(self) -> str:
        """Return the part of the id before the slash; the whole id if it has no slash."""
        return self.id.partition("/")[0]

    def at(
        self,
        path: str | None,
        message: str,
        *,
        subject: str,
        line: int | None = None,
        severity: Severity | None = None,
        key: str | None = None,
        content: str | None = None,
    ) -> "Finding":
        """Return a finding of this rule.

        `path` is relative to its repository, `line` counts from 1. `key` distinguishes findings of the same rule,
        subject and path. `content` is what the finding judges, such as the digest of an edited file: other content
        is another finding. It defaults to the message without positions, so give it if the message holds something
        that differs between two runs or machines.
        """
        content = without_positions(message) if content is None else content
        return Finding(self, severity or self.severity, subject, message, path, line, key or content, content=content)


@dataclass(frozen=True, slots=True)
class Finding:
    """A result of a check, with its subject and position."""

    rule: Rule
    severity: Severity
    subject: str
    message: str
    path: str | None = None
    line: int | None = None
    key: str = ""
    suppressed_by: str | None = None
    content: str = ""

    @property
    def fingerprint(self) -> str:
        """Return 32 hex digits: the same in every run, on every machine, and when lines move."""
        parts = (self.rule.id, self.subject, self.path or "", self.key, self.content)
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]

    def suppressed(self, reason: str) -> "Finding":
        """Return the same finding, suppressed for a reason."""
        return replace(self, suppressed_by=reason)


def without_positions(text: str) -> str:
    """Return a message without line and column numbers, and of quoted source only the marked lines."""
    return _POSITION.sub(r"\1\2", _MARKED.sub("> ", _NEIGHBOUR.sub("", text)))
