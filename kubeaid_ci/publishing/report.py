"""The report of publishing."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from kubeaid_ci.build import report as build
from kubeaid_ci.build.result import Builds
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.forge.change_request import Outcome, Published
from kubeaid_ci.publishing import preview
from kubeaid_ci.report.blocks import Listing, Section, Table
from kubeaid_ci.report.json import plain
from kubeaid_ci.report.report import Report

_WOULD = {
    Outcome.CREATED: "would create",
    Outcome.UPDATED: "would update",
    Outcome.CLOSED: "would close",
    Outcome.STOPPED: "would stop",
}
_OFFERED = (Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED)
_COLUMNS = ("clusters", "outcome", "change request", "branch", "base", "head")


def report(builds: Builds, results: Sequence[Published], findings: Iterable[Finding], *, version: str) -> Report:
    """Return the report of ``kubeaid-ci publish``: a row for each change request, then the findings."""
    summary = Counter(outcome_words(result).replace(" ", "_") for result in results)
    return Report(
        "publish",
        version,
        summary={"clusters": len(builds.results), **summary, "failed": len(builds.failed), **dry_run(results)},
        results=tuple(results),
        findings=(*builds.findings, *findings),
        table=Table(_COLUMNS, tuple(_row(result) for result in results)),
        details=proposed(results),
    )


def dry_run(results: Iterable[Published]) -> dict[str, object]:
    """Return the part of a summary that marks a dry run; empty for a real run."""
    return {"dry_run": True} if any(result.dry_run for result in results) else {}


def proposed(results: Iterable[Published]) -> tuple[Section, ...]:
    """Return what a reviewer would see first of the change requests of a dry run, by branch."""
    offered = (result for result in results if result.dry_run and result.title and result.outcome in _OFFERED)
    return tuple(
        Section(f"{result.branch} {outcome_words(result)}", (Listing("\n".join(preview.lines(result))),))
        for result in offered
    )


def outputs(builds: Builds, results: Sequence[Published]) -> Mapping[str, str]:
    """Return the outputs for CI: the first change request by name, all of them as JSON, and those of the build."""
    return {**request_outputs(results), **build.outputs(builds)}


def request_outputs(results: Sequence[Published]) -> dict[str, str]:
    """Return the outputs about change requests only."""
    known = {"results": json.dumps(plain(tuple(results)), separators=(",", ":"))}
    if not results:
        return known
    first = results[0]
    return {
        "outcome": first.outcome.value,
        "number": str(first.number or ""),
        "url": first.url or "",
        "branch": first.branch,
        "head": first.head or "",
        **({"dry_run": "true"} if first.dry_run else {}),
        **known,
    }


def outcome_words(result: Published) -> str:
    """Return the outcome for people: a dry run shows what a run would do."""
    return _WOULD.get(result.outcome, result.outcome.value) if result.dry_run else result.outcome.value


def _row(result: Published) -> tuple[str, ...]:
    request = result.url or (f"#{result.number}" if result.number else "")
    names = ", ".join(result.clusters[:5]) + (
        f" and {len(result.clusters) - 5} more" if len(result.clusters) > 5 else ""
    )
    return (names, outcome_words(result), request, result.branch, result.base, (result.head or "")[:12])
