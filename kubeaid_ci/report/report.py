"""The report of a command: a summary, results and findings, and the revisions that it is about."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict

from kubeaid_ci.findings.finding import Finding

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
class Table:
    """Results as people look at them: column names and rows of as many cells."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of one command, ready for any format.

    `results` are the model values whose field names are the JSON fields. `summary` is flat: a name
    to a number or text. `table` shows the results to people; `sections` hold ready Markdown by
    title, for formats that people read.
    """

    command: str
    version: str
    summary: Mapping[str, Any] = field(default_factory=dict)
    results: tuple[Any, ...] = ()
    findings: tuple[Finding, ...] = ()
    sections: Mapping[str, str] = field(default_factory=dict)
    table: Table | None = None
    opening: tuple[str, ...] = ()
    """Plain lines to begin with on a terminal: what somebody in a hurry has to know."""
    base: str | None = None
    """The revision whose findings are left out; `summary` counts them as ``known``."""
    details: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Plain lines by title, few of them, for a terminal; `sections` has the whole."""
    is_table_first: bool = False
    """True if the table is shown before the findings on a page too; on a terminal it always is."""
    revisions: Mapping[str, RepositoryRevisions] = field(default_factory=dict)
    """The repositories by name: ``config`` and ``kubeaid``."""
    made: datetime | None = None
    """When the report was made, in UTC."""
    result_texts: Iterable[str] | None = None
    """The results as JSON, if they are too large for memory: then `results` are without their large fields."""
    run: str = ""
    """The address of the CI job's page."""
