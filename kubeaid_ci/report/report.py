"""The report of a command: a summary, results and findings, and the revisions that it is about."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict

from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.report.blocks import Section, Table

REPORT_FORMATS = ("text", "json", "markdown", "sarif", "junit", "codeclimate", "html")
"""The names of all formats of a report."""
Side = Literal["revision", "before", "after"]


class RevisionEntry(TypedDict):
    """A revision by the name that the user gave it, and its commit if the name has one in the repository."""

    ref: str
    commit: NotRequired[str]


class RepositoryRevisions(TypedDict, total=False):
    """The public address of a repository, and its one revision or those of both sides of a change."""

    repository: str
    revision: RevisionEntry
    before: RevisionEntry
    after: RevisionEntry


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of one command, ready for any format.

    `results` are the model values whose field names are the JSON fields. `summary` is flat: a name
    to a number or text. `table` shows the results to people. `sections` are for pages, and `details` for a terminal,
    which has less space.
    """

    command: str
    version: str
    summary: Mapping[str, Any] = field(default_factory=dict)
    results: tuple[Any, ...] = ()
    findings: tuple[Finding, ...] = ()
    sections: tuple[Section, ...] = ()
    table: Table | None = None
    opening: tuple[str, ...] = ()
    """Plain lines to begin with, such as the headline."""
    base: str | None = None
    """The revision whose findings are left out; `summary` counts them as ``known``."""
    details: tuple[Section, ...] = ()
    """Printed on a terminal if they are short, or on request."""
    is_table_first: bool = False
    """True if the table is shown before the findings on a page too; on a terminal it always is."""
    revisions: Mapping[str, RepositoryRevisions] = field(default_factory=dict)
    """The repositories by name: ``config`` and ``kubeaid``."""
    made: datetime | None = None
    """When the report was made, in UTC."""
    result_texts: Iterable[str] | None = None
    """The results as JSON, if they are too large for memory: then `results` are without their large fields."""
    shard: Mapping[str, Any] | None = None
    """The field `shard` of JSON, if the report is one part of several that are merged later."""
    run: str = ""
    """The address of the CI job's page."""
