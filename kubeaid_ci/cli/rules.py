"""``kubeaid-ci rules``."""

from typing import Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli import completion
from kubeaid_ci.cli.help import command
from kubeaid_ci.cli.options import chosen_format
from kubeaid_ci.cli.terminal import print_documents
from kubeaid_ci.errors import UserError


@command()
@click.argument("rule", required=False, metavar="[ID|FAMILY]", shell_complete=completion.rules)
@click.option(
    "--format",
    "fmt",
    type=click.Choice(["text", "json", "markdown"]),
    help="Output format (default: text).",
)
@click.pass_context
def rules(ctx: click.Context, /, rule: str | None, **values: Any) -> None:
    """List the rules, all or those of a family, or explain the rule ID.

    The explanation has the severity of the rule, why it matters, what to do and how to suppress it.

    \b
    Example: kubeaid-ci rules change/state-removed
             kubeaid-ci rules network
    """
    from kubeaid_ci.check.families import by_family
    from kubeaid_ci.findings.registry import RULES
    from kubeaid_ci.report import rules as report

    families = by_family(RULES)
    is_list = rule is None or rule in families
    if rule is None:
        chosen = [RULES[name] for name in sorted(RULES)]
    elif rule in families:
        chosen = [RULES[name] for name in sorted(families[rule])]
    elif rule in RULES:
        chosen = [RULES[rule]]
    else:
        advice = _advice(rule, [*families, *RULES])
        raise UserError(f"{rule}: neither a rule nor a family{advice}; list all with kubeaid-ci rules")
    listed: dict[str, Any] = {"json": report.as_json(chosen, version=__version__)}
    listed["text"] = report.table(chosen) if is_list else report.explanation(chosen[0])
    listed["markdown"] = report.index(chosen) if is_list else report.page(chosen[0])
    print_documents(listed[chosen_format(ctx, values) or "text"])
    ctx.exit(0)


def _advice(name: str, known: Any) -> str:
    import difflib

    names = {known_name.rpartition("/")[2]: known_name for known_name in known} | {each: each for each in known}
    near = dict.fromkeys(names[found] for found in difflib.get_close_matches(name, names, 3))
    return f"; did you mean {' or '.join(near)}?" if near else ""
