"""The report for programs: one JSON object of the schema ``kubeaid-ci/v1``, and model values as plain values."""

import json
from collections.abc import Iterator, Mapping, Set
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from pathlib import PurePath
from typing import Any, Final, Literal, TypedDict

from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.k8s.manifest import ObjectId
from kubeaid_ci.net.address import Remote
from kubeaid_ci.report.report import Report, RepositoryRevisions
from kubeaid_ci.semver.version import Version

SCHEMA: Final = "kubeaid-ci/v1"


class PlainFinding(TypedDict):
    """A finding as the JSON format shows it."""

    rule: str
    severity: Severity
    subject: str
    message: str
    help: str
    path: str | None
    line: int | None
    fingerprint: str
    suppressed_by: str | None


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
    return "".join(parts(report))


def parts(report: Report) -> Iterator[str]:
    """Yield the text of `render` in parts, the results one by one: together they may be too large for memory."""
    head = {
        "schema": SCHEMA,
        "command": report.command,
        "version": report.version,
        "revisions": plain(report.revisions),
        "summary": plain(report.summary),
    }
    yield _text(head).removesuffix("\n}") + ',\n  "results": ['
    results = map(result_text, report.results) if report.result_texts is None else report.result_texts
    end = "]"
    for number, text in enumerate(results):
        yield f"{',' if number else ''}\n    {text}"
        end = "\n  ]"
    findings = _text(plain(report.findings)).replace("\n", "\n  ")
    shard = ""
    if report.shard is not None:
        shard = ',\n  "shard": ' + _text(plain(report.shard)).replace("\n", "\n  ")
    yield f'{end},\n  "findings": {findings}{shard}\n}}\n'


def result_text(result: Any) -> str:
    """Return a result as JSON, indented as an entry of the results."""
    return _text(plain(result)).replace("\n", "\n    ")


def dump(value: Any) -> str:
    """Return JSON in pure ASCII, indented by two spaces, with a line break at its end.

    ASCII, because the text may go to a terminal (control characters beyond ASCII would pass) and may
    quote file names that are no valid UTF-8. ``##[`` never appears: GitHub's runner takes it for the
    start of a command anywhere in a line of a job's output.
    """
    return _text(value) + "\n"


def _text(value: Any) -> str:
    text = json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False)
    return text.replace("##[", r"#\u0023[")


def plain(value: Any) -> Any:
    """Return a model value as dicts, lists, text, numbers, booleans and None.

    A dataclass becomes a dict of its `printed_fields`, in their order. What has one written form (an enum, a version,
    a repository address, a path, a date) becomes that text. Raises `TypeError` for anything else.
    """
    if isinstance(value, Finding):
        return plain_finding(value)
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, Set):
        return sorted(plain(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type | Remote | Version | ObjectId):
        return {name: plain(getattr(value, name)) for name in printed_fields(value)}
    return _written(value)


def printed_fields(cls: Any) -> list[str]:
    """Return the names of the fields of a dataclass that are printed.

    Fields with ``repr=False`` are not: they hold input, such as files, or secret values.
    """
    return [field.name for field in fields(cls) if field.repr]


def _written(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case None | bool() | int() | float() | str():
            return value
        case Remote() | Version() | ObjectId():
            return str(value)
        case PurePath():
            return value.as_posix()
        case date():
            return value.isoformat()
    raise TypeError(f"no plain form for {type(value).__name__}")


def plain_finding(finding: Finding) -> PlainFinding:
    """Return a finding as the JSON format shows it: its rule by id, with the rule's help."""
    return {
        "rule": finding.rule.id,
        "severity": finding.severity,
        "subject": finding.subject,
        "message": finding.message,
        "help": finding.rule.help,
        "path": finding.path,
        "line": finding.line,
        "fingerprint": finding.fingerprint,
        "suppressed_by": finding.suppressed_by,
    }
