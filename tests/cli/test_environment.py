"""Options from the environment, asked of the command line as a program."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import kubeaid_ci
from kubeaid_ci.cli import main as cli
from tests import repos

ROOT = str(Path(kubeaid_ci.__file__).parents[1])
# The platform's container image and what else has these names already.
TAKEN = {"IMAGE", "TAG", "TOKEN", "GIT_TOKEN", "CACHE"}


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "HOME": str(folder / "home"), "PYTHONPATH": ROOT, "COLUMNS": "200"}
    env |= {f"KUBEAID_CI_{name}": value for name, value in variables.items()}
    command = [sys.executable, "-m", "kubeaid_ci", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=env, cwd=folder)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    repos.kubeaid(tmp_path / "kubeaid")
    repos.config(tmp_path / "config", {"one": repos.vars_file(), "two": repos.vars_file()})
    return tmp_path


def results(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [result["name"] for result in json.loads(done.stdout)["results"]]


def all_commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from all_commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


@pytest.mark.parametrize(("name", "command"), list(all_commands(cli.cli)))
def test_every_option_has_its_variable_and_none_takes_a_name_that_means_something_else(
    name: str, command: click.Command
) -> None:
    for option in command.params:
        if isinstance(option, click.Option):
            variable = "KUBEAID_CI_" + max(option.opts, key=len).lstrip("-").replace("-", "_").upper()
            if not option.allow_from_autoenv:  # the variable of that name is another command's list
                variable = None
            assert option.envvar == variable, f"{name} {option.opts}: not read from the environment"
        taken = str(option.envvar).removeprefix("KUBEAID_CI_") in TAKEN
        assert not taken, f"{name} {option.opts}: {option.envvar} has a meaning of its own"


def test_options_and_names_come_from_variables(here: Path) -> None:
    done = run(here, "clusters", CONFIG_REPO="config", FORMAT="json", CLUSTERS="two\n")
    assert results(done) == ["two"]
    assert results(run(here, "clusters", CONFIG_REPO="config", FORMAT="json", CLUSTERS="one two")) == ["one", "two"]


def test_an_empty_variable_counts_as_not_set(here: Path) -> None:
    repos.write(here / "config", {".kubeaid-ci.yaml": "fail-on: never\n"})
    empty = {"FAIL_ON": "", "CLUSTERS": "", "KUBEAID_REF": "", "ENGINE": "", "JOBS": "", "REPORT": "", "TIMEOUT": ""}
    done = run(here, "build", CONFIG_REPO="config", KUBEAID="kubeaid", CHECK="true", **empty)
    assert (done.returncode, done.stdout.count("would change")) == (0, 2), done.stderr


@pytest.mark.parametrize(
    "arguments", [("--format", "json", "clusters", "one"), ("clusters", "one", "--format", "json")]
)
def test_the_command_line_wins_on_either_side_of_the_command(here: Path, arguments: tuple[str, ...]) -> None:
    done = run(here, *arguments, CONFIG_REPO="config", FORMAT="markdown", CLUSTERS="two")
    assert results(done) == ["one"]


def test_a_variable_wins_over_the_settings_file(here: Path) -> None:
    repos.write(here / "config", {".kubeaid-ci.yaml": "fail-on: never\n"})
    check = {"CONFIG_REPO": "config", "KUBEAID": "kubeaid", "CHECK": "1"}
    assert run(here, "build", **check).returncode == 0
    assert run(here, "build", **check, FAIL_ON="error").returncode == 1


def test_a_wrong_value_is_answered_with_the_name_of_its_variable(here: Path) -> None:
    done = run(here, "build", CHECK="perhaps")
    assert done.returncode == 2
    assert "Invalid value for KUBEAID_CI_CHECK: 'perhaps' is not a valid boolean" in done.stderr
    assert "Invalid value for KUBEAID_CI_CLUSTERS: '[': not a JSON list" in run(here, "build", CLUSTERS="[").stderr
    assert "Invalid value for '--jobs': " in run(here, "build", "--jobs", "x", JOBS="y").stderr


def test_a_flag_that_a_variable_denies_is_denied_whatever_the_settings_say(here: Path) -> None:
    repos.commit(here / "config")
    repos.git(here / "config", "clone", "--bare", "-q", ".", str(here / "remote.git"))
    repos.git(here / "config", "remote", "add", "origin", str(here / "remote.git"))
    repos.write(here / "config", {".kubeaid-ci.yaml": "publish:\n  per-cluster: true\n"})
    preview = {"CONFIG_REPO": "config", "KUBEAID": "kubeaid", "DRY_RUN": "true", "FORMAT": "json"}
    assert len(json.loads(run(here, "publish", **preview).stdout)["results"]) == 2
    assert len(json.loads(run(here, "publish", **preview, PER_CLUSTER="false").stdout)["results"]) == 1


def test_debug_may_be_said_by_its_variable(here: Path) -> None:
    assert "Traceback" in run(here, "build", DEBUG="true").stderr
    assert "Traceback" not in run(here, "build", DEBUG="false").stderr


@pytest.mark.parametrize(("name", "command"), list(all_commands(cli.cli)))
def test_the_values_of_a_repeatable_option_are_space_separated_in_its_variable(
    name: str, command: click.Command
) -> None:
    for option in command.params:
        if isinstance(option, click.Option) and option.multiple:
            assert list(option.type.split_envvar_value("a:b  c")) == ["a:b", "c"], f"{name} {option.opts}"
