"""The report for programs: one JSON object of the schema ``kubeaid-ci/v1``."""

import json
from collections.abc import Mapping
from typing import Any, Final, Literal, TypedDict

from kubeaid_ci.report.report import Report
from kubeaid_ci.report.revisions import RepositoryRevisions
from kubeaid_ci.report.values import PlainFinding, plain

SCHEMA: Final = "kubeaid-ci/v1"


class Envelope(TypedDict):
    """The object that every command prints. The class of the results is in `kubeaid_ci.schemas`."""

    schema: Literal["kubeaid-ci/v1"]
    command: str
    version: str
    revisions: Mapping[str, RepositoryRevisions]
    summary: Mapping[str, str | int | float | bool | None]
    results: list[Any]
    findings: list[PlainFinding]


def render(report: Report) -> str:
    """Return the report as one JSON object, in a fixed order of keys, with a line break at its end."""
    envelope: Envelope = {
        "schema": SCHEMA,
        "command": report.command,
        "version": report.version,
        "revisions": plain(report.revisions),
        "summary": plain(report.summary),
        "results": plain(report.results),
        "findings": plain(report.findings),
    }
    return dump(envelope)


def dump(value: Any) -> str:
    """Return JSON in pure ASCII, indented by two spaces, with a line break at its end.

    ASCII, because the text may go to a terminal (control characters beyond ASCII would pass) and may
    quote file names that are no valid UTF-8. ``##[`` never appears: GitHub's runner takes it for the
    start of a command anywhere in a line of a job's output.
    """
    text = json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False)
    return text.replace("##[", r"#\u0023[") + "\n"
