"""The rules as a list, and each as a page."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from kubeaid_ci.findings.finding import Rule, Severity
from kubeaid_ci.report import json
from kubeaid_ci.report.markdown import escape
from kubeaid_ci.report.report import Report

HOME = "https://github.com/Obmondo/kubeaid-ci/blob/main/docs/rules"
"""URL of the published pages of the rules."""
_WIDTH = 100


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """A rule as the JSON format lists it. `page` is the address of its page."""

    rule: str
    severity: Severity
    help: str
    page: str


def page_path(rule: Rule) -> str:
    """Return the path of a rule's page below docs/rules, such as ``change/state-removed.md``."""
    return f"{rule.id}.md"


def page_address(rule: Rule) -> str:
    """Return the address of a rule's page."""
    return f"{HOME}/{page_path(rule)}"


def table(rules: Sequence[Rule]) -> str:
    """Return one line for each rule: id, severity and the reason for the rule."""
    width = max(len(rule.id) for rule in rules)
    lines = [f"{rule.id:<{width}}  {rule.severity:<7}  {_why(rule)}" for rule in rules]
    return "".join(f"{line}\n" for line in lines)


def explanation(rule: Rule) -> str:
    """Return the page of one rule for a terminal."""
    help_text = textwrap.fill(rule.help, _WIDTH)
    return f"{rule.id} ({rule.severity})\n\n{help_text}\n\nTo suppress it, in .kubeaid-ci.yaml:\n\n{_suppression(rule)}"


def page(rule: Rule) -> str:
    """Return the page of one rule as Markdown."""
    help_text = textwrap.fill(escape(rule.help), 120, break_long_words=False, break_on_hyphens=False)
    return (
        f"# {rule.id}\n\nSeverity: {rule.severity}\n\n{help_text}\n\n"
        f"To suppress it, in `.kubeaid-ci.yaml`:\n\n```yaml\n{_suppression(rule)}```\n"
    )


def index(rules: Sequence[Rule]) -> str:
    """Return the list of rules as Markdown, with links to their pages."""
    rows = [f"| [{rule.id}]({page_path(rule)}) | {rule.severity} | {escape(_why(rule))} |" for rule in rules]
    head = "# Rules\n\n`kubeaid-ci rules` prints this list, `kubeaid-ci rules ID` the page of one rule.\n"
    return "\n".join([head, "| rule | severity | why it matters |", "| --- | --- | --- |", *rows, ""])


def as_json(rules: Sequence[Rule], *, version: str) -> str:
    """Return the rules as one JSON object."""
    entries = tuple(RuleEntry(rule.id, rule.severity, rule.help, page_address(rule)) for rule in rules)
    return json.render(Report("rules", version, summary={"rules": len(entries)}, results=entries))


def _why(rule: Rule) -> str:
    return rule.help.split(". ")[0].removesuffix(".")


def _suppression(rule: Rule) -> str:
    subject = "subject: ...   # what the finding is about; * and ** match"
    return f"suppress:\n  - rule: {rule.id}\n    {subject}\n    reason: ...\n"
