"""The provenance of a report: repositories, revisions, time and run, in one line."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kubeaid_ci.report.markdown import code, escape
from kubeaid_ci.report.report import Report

_NAMES = {"config": "config repo", "kubeaid": "KubeAid"}
_SHORT = 12
_ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:/-]+")


def markdown(report: Report) -> str:
    """Return the line as Markdown, with a link to the run of a CI system; empty if nothing is known."""
    return line(report.revisions, version=report.version, made=report.made, run=report.run)


def line(revisions: Mapping[str, Any], *, version: str, made: datetime | None = None, run: str = "") -> str:
    """Return such as ``config repo github.com/acme/config at `main` (`1a2b3c4d5e6f`) → work tree · kubeaid-ci 1``."""
    parts = [_repository(_NAMES.get(name, name), said) for name, said in revisions.items()]
    if not parts:
        return ""
    parts.append(f"kubeaid-ci {escape(version)}")
    parts += [f"{made:%Y-%m-%d %H:%M} UTC"] if made else []
    parts += [f"[run]({run})"] if _ADDRESS.fullmatch(run) else []
    return f"{' · '.join(parts)}\n"


def _repository(name: str, said: Mapping[str, Any]) -> str:
    address = f" {escape(said['repository'])}" if said.get("repository") else ""
    states = dict.fromkeys(_state(said[side]) for side in ("revision", "before", "after") if said.get(side))
    return f"{name}{address} at {' → '.join(states)}" if states else f"{name}{address}"


def _state(said: Mapping[str, Any]) -> str:
    """Return a revision by the name that the user gave it, and its commit."""
    ref, commit = str(said.get("ref") or ""), str(said.get("commit") or "")[:_SHORT]
    if ref == "worktree":
        return f"work tree on {code(commit)}" if commit else "work tree"
    return code(ref) if not commit or ref.startswith(commit) else f"{code(ref)} ({code(commit)})"
