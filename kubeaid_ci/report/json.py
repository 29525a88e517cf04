"""The report for programs: one JSON object of the schema ``kubeaid-ci/v1``."""

import json
from typing import Any

from kubeaid_ci.report.report import Report
from kubeaid_ci.report.values import plain

SCHEMA = "kubeaid-ci/v1"


def render(report: Report) -> str:
    """The report as one JSON object, in a fixed order of keys, with a line break at its end."""
    return dump(
        {
            "schema": SCHEMA,
            "command": report.command,
            "version": report.version,
            "revisions": plain(report.revisions),
            "summary": plain(report.summary),
            "results": plain(report.results),
            "findings": plain(report.findings),
        }
    )


def dump(value: Any) -> str:
    """Return JSON in pure ASCII, indented by two spaces, with a line break at its end.

    ASCII, because the text may go to a terminal (control characters beyond ASCII would pass) and may
    quote file names that are no valid UTF-8. ``##[`` never appears: GitHub's runner takes it for the
    start of a command anywhere in a line of a job's output.
    """
    text = json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False)
    return text.replace("##[", r"#\u0023[") + "\n"
