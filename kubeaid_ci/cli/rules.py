"""``kubeaid-ci rules``."""

from typing import Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli import completion
from kubeaid_ci.cli.help import command
from kubeaid_ci.cli.terminal import print_documents
from kubeaid_ci.errors import UserError


@command()
@click.argument("rule", required=False, metavar="[ID]", shell_complete=completion.rules)
@click.option(
    "--format",
    "fmt",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    help="Output format (default: text).",
)
@click.pass_context
def rules(ctx: click.Context, /, rule: str | None, fmt: str) -> None:
    """List the rules, or explain the rule ID: its severity, why it matters, what to do and how to suppress it.

    \b
    Example: kubeaid-ci rules change/state-removed
    """
    from kubeaid_ci.findings.registry import RULES
    from kubeaid_ci.report import rules as report

    if rule is None:
        chosen = [RULES[name] for name in sorted(RULES)]
    elif rule in RULES:
        chosen = [RULES[rule]]
    else:
        raise UserError(f"{rule}: no such rule{_advice(rule, RULES)}; list all with kubeaid-ci rules")
    listed: dict[str, Any] = {"json": report.as_json(chosen, version=__version__)}
    listed["text"] = report.table(chosen) if rule is None else report.explanation(chosen[0])
    listed["markdown"] = report.index(chosen) if rule is None else report.page(chosen[0])
    print_documents(listed[fmt])
    ctx.exit(0)


def _advice(name: str, known: Any) -> str:
    import difflib

    names = {known_name.rpartition("/")[2]: known_name for known_name in known} | {each: each for each in known}
    near = dict.fromkeys(names[found] for found in difflib.get_close_matches(name, names, 3))
    return f"; did you mean {' or '.join(near)}?" if near else ""
