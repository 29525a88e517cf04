"""The provenance of a report: repositories, revisions, time and run, in one line."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kubeaid_ci.report import markdown
from kubeaid_ci.report.blocks import Code, Inline, Link, joined
from kubeaid_ci.report.report import Report

_NAMES = {"config": "config repo", "kubeaid": "KubeAid"}
_SHORT = 12
_ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:/-]+")


def of_report(report: Report) -> tuple[Inline, ...]:
    """Return the line, with a link to the run of a CI system; empty if nothing is known."""
    return text(report.revisions, version=report.version, made=report.made, run=report.run)


def line(revisions: Mapping[str, Any], *, version: str, made: datetime | None = None, run: str = "") -> str:
    """Return the line as Markdown, with a line break at its end; empty if nothing is known."""
    parts = text(revisions, version=version, made=made, run=run)
    return f"{markdown.inline(parts)}\n" if parts else ""


def text(
    revisions: Mapping[str, Any], *, version: str, made: datetime | None = None, run: str = ""
) -> tuple[Inline, ...]:
    """Return such as ``config repo github.com/acme/config at `main` (`1a2b3c4d5e6f`) → work tree · kubeaid-ci 1``."""
    parts = [_repository(_NAMES.get(name, name), entry) for name, entry in revisions.items()]
    if not parts:
        return ()
    parts.append((f"kubeaid-ci {version}",))
    parts += [(f"{made:%Y-%m-%d %H:%M} UTC",)] if made else []
    parts += [(Link(run, "run"),)] if _ADDRESS.fullmatch(run) else []
    return joined(parts, " · ")


def _repository(name: str, entry: Mapping[str, Any]) -> tuple[Inline, ...]:
    address = f" {entry['repository']}" if entry.get("repository") else ""
    states = dict.fromkeys(_state(entry[side]) for side in ("revision", "before", "after") if entry.get(side))
    return (f"{name}{address} at ", *joined(states, " → ")) if states else (f"{name}{address}",)


def _state(entry: Mapping[str, Any]) -> tuple[Inline, ...]:
    """Return a revision by the name that the user gave it, and its commit."""
    ref, commit = str(entry.get("ref") or ""), str(entry.get("commit") or "")[:_SHORT]
    if ref == "worktree":
        return ("work tree on ", Code(commit)) if commit else ("work tree",)
    return (Code(ref),) if not commit or ref.startswith(commit) else (Code(ref), " (", Code(commit), ")")
