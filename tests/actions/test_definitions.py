"""The actions and workflows as they are written: wiring only, complete, pinned, and told about truly."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from kubeaid_ci.cli import main as cli
from tests.actions.runner import ROOT

ACTIONS = {path.parent.name: yaml.safe_load(path.read_text()) for path in sorted(ROOT.glob("actions/*/action.yml"))}
WORKFLOWS = {path.stem: path.read_text() for path in sorted((ROOT / ".github/workflows").glob("*.yml"))}
REUSABLE = {name: yaml.safe_load(text) for name, text in WORKFLOWS.items() if "workflow_call:" in text}
DOCS = ROOT / "docs/actions.md"
COMMANDS = {name: name for name in ACTIONS if name != "setup"} | {
    "update-charts": "charts update --publish",
    "verify-charts": "charts verify",
    "lint-charts": "charts lint",
    "bundle": "bundle create",
    "upgrade": "upgrade --publish",
    "images": "images lock --publish",
    "scan-images": "images scan",
}

# Options that an action does not offer, and why.
LEFT_OUT = {
    "format": "the log is for people; programs read the outputs and reports",
    "dotenv": "that is how GitLab takes outputs",
    "debug": "the job's variable KUBEAID_CI_DEBUG does it",
    "quiet": "the log is all there is to look at",
    "verbose": "the job's variable KUBEAID_CI_VERBOSE does it",
}
LEFT_OUT_OF = {
    # It has every revision that clusters pin.
    "bundle": {"kubeaid-ref"},
    # It publishes what it finds.
    "images": {"publish", "check"},
    # That is what GitLab shows in merge requests.
    "scan-images": {"gitlab-report"},
    # It builds nothing, and makes no pipeline for GitLab.
    "clusters": {"kubeaid", "kubeaid-ref", "no-cache", "runner-image", "runner-tags"},
    # It publishes; charts belong to no cluster, and updates start from the base branch.
    "update-charts": {"publish", "per-cluster", "kubeaid-ref"},
    # It publishes, to one revision for all; a shadow cluster is written and not published.
    "upgrade": {"publish", "kubeaid-ref", "shadow"},
    # Charts belong to no cluster; and what is recorded is recorded by a person, whose commit is reviewed.
    "lint-charts": {"config-repo", "kubeaid-ref"},
    "verify-charts": {"config-repo", "kubeaid-ref", "update-ledger", "accept", "reason"},
}
TOKENS = {
    "check": {"token"},
    "diff": {"token"},
    "images": {"token", "git-token"},
    "publish": {"token", "git-token"},
    "update-charts": {"token", "git-token"},
    "upgrade": {"token", "git-token"},
    "verify-charts": {"token"},
}


def options(name: str) -> set[str]:
    """The options of a command by their long names, and what its list of names is called."""
    command: click.Command | None = cli.cli
    for word in COMMANDS[name].removesuffix(" --publish").split():
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), word)
    assert command is not None
    return {
        str(one.envvar).removeprefix("KUBEAID_CI_").lower().replace("_", "-") for one in command.params if one.envvar
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_an_action_offers_the_options_of_its_command(name: str) -> None:
    expected = options(name) - set(LEFT_OUT) - LEFT_OUT_OF.get(name, set()) | TOKENS.get(name, set())
    assert set(ACTIONS[name]["inputs"]) == expected


@pytest.mark.parametrize("name", COMMANDS)
def test_an_input_becomes_the_variable_of_its_name_and_leaves_the_jobs_alone(name: str) -> None:
    *_, step = ACTIONS[name]["runs"]["steps"]
    variables = {input_: f"KUBEAID_CI_{input_.replace('-', '_').upper()}" for input_ in ACTIONS[name]["inputs"]}
    assert step["env"] == {
        variable: f"${{{{ inputs.{input_} || env.{variable} }}}}" for input_, variable in variables.items()
    }


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_installs_itself_and_runs_one_command(name: str) -> None:
    steps = ACTIONS[name]["runs"]["steps"]
    install = 'python3 -I "$GITHUB_ACTION_PATH/../install.py"'
    assert [step["run"] for step in steps] == [install, *([f"kubeaid-ci {COMMANDS[name]}"] if name in COMMANDS else [])]
    assert {step["shell"] for step in steps} == {"bash"}


@pytest.mark.parametrize("name", ACTIONS)
def test_an_output_is_the_steps_of_its_name(name: str) -> None:
    step = ACTIONS[name]["runs"]["steps"][-1]["id"]
    for output, definition in ACTIONS[name].get("outputs", {}).items():
        assert definition["value"] == f"${{{{ steps.{step}.outputs.{output} }}}}"


def uses(text: str) -> list[tuple[str, str]]:
    """Every action that a text uses, with the comment beside it."""
    return re.findall(r"^\s*(?:- )?uses: (\S+)(?: # (\S+))?$", text, re.MULTILINE)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_actions_of_others_are_pinned_by_commit_with_the_version_beside_it(name: str) -> None:
    pins = [(action, version) for action, version in uses(WORKFLOWS[name]) if not action.startswith("$/")]
    assert pins
    for action, version in pins:
        assert re.fullmatch(r"(actions|github/codeql-action)/[\w-]+@[0-9a-f]{40}", action), action
        assert re.fullmatch(r"v\d+\.\d+\.\d+", version), f"{action}: {version}"


def test_one_version_of_each_action_is_used_everywhere() -> None:
    pins = {pin for text in (*WORKFLOWS.values(), DOCS.read_text()) for pin in uses(text) if len(pin[0]) > 40}
    assert len(pins) == len({action.partition("@")[0] for action, _ in pins}) > 5


@pytest.mark.parametrize("name", WORKFLOWS)
def test_rights_are_given_by_the_job_and_no_checkout_keeps_a_token(name: str) -> None:
    workflow = yaml.safe_load(WORKFLOWS[name])
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert job["permissions"]
        assert job["timeout-minutes"]
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_only_these_jobs_may_write_and_no_more_than_this() -> None:
    rights = {
        (name, id_): {right for right, level in job["permissions"].items() if level == "write"}
        for name, text in WORKFLOWS.items()
        for id_, job in yaml.safe_load(text)["jobs"].items()
    }
    assert {place: writes for place, writes in rights.items() if writes} == {
        ("check", "nightly"): {"issues"},
        ("diff", "diff"): {"pull-requests"},
        ("release", "image"): {"packages"},
        ("release", "provenance"): {"attestations", "id-token"},
        ("release", "publish"): {"contents"},
        ("rebuild-config-repo", "publish"): {"contents", "pull-requests"},
        ("update-charts", "update"): {"contents", "pull-requests"},
        ("upgrade-clusters", "upgrade"): {"contents", "pull-requests"},
        ("verify-charts", "online"): {"issues"},
        ("verify-charts", "code-scanning"): {"security-events"},
    }


def definition_table(title: str, entries: dict[str, Any] | None) -> str:
    if not entries:
        return ""
    rows = [f"| `{name}` | {said(entry)} |" for name, entry in entries.items()]
    return "\n".join([f"| {title} | |", "| --- | --- |", *rows]) + "\n\n"


def said(entry: dict[str, Any]) -> str:
    """What a definition says of itself, what it must have, and what it is by default."""
    required = " Required." if entry.get("required") else ""
    value = "true" if entry.get("default") is True else entry.get("default")
    default = f" Default: `{value}`." if value else ""
    return f"{entry['description']}{required}{default}"


def action_section(name: str) -> str:
    action = ACTIONS[name]
    tables = definition_table("input", action.get("inputs")) + definition_table("output", action.get("outputs"))
    return f"### `actions/{name}`\n\n{action['description']}.\n\n{tables}"


def workflow_section(name: str) -> str:
    call = REUSABLE[name][True]["workflow_call"]  # YAML 1.1 reads `on` as true
    tables = [definition_table(kind.removesuffix("s"), call.get(kind)) for kind in ("inputs", "secrets", "outputs")]
    return f"### `{name}.yml`\n\n{''.join(tables)}"


SECTIONS = {
    **{f"action: {name}": lambda name=name: action_section(name) for name in ACTIONS},
    **{f"workflow: {name}": lambda name=name: workflow_section(name) for name in REUSABLE},
}


@pytest.mark.parametrize("marker", SECTIONS)
def test_the_docs_say_what_the_definitions_say(marker: str, golden: Callable[[Path, str], None]) -> None:
    text = DOCS.read_text()
    begin, end = f"<!-- {marker} -->\n", "<!-- end -->"
    before, found, rest = text.partition(begin)
    assert found, f"docs/actions.md has no {begin}"
    golden(DOCS, f"{before}{begin}\n{SECTIONS[marker]()}{end}{rest.partition(end)[2]}")
