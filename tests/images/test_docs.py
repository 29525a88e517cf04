"""The commands that the page about images shows exist, with their options."""

import re
from pathlib import Path

import click
import pytest

import kubeaid_ci
from kubeaid_ci.cli.groups import images

TEXT = (Path(kubeaid_ci.__file__).parents[1] / "docs/images.md").read_text("utf-8")
LINES = re.findall(r"^kubeaid-ci images ([^#\n]*)", TEXT, re.MULTILINE)


@pytest.mark.parametrize("line", LINES)
def test_a_command_has_the_options_that_the_page_shows(line: str) -> None:
    name, *words = line.split()
    command = images.get_command(click.Context(images), name)
    assert command is not None
    known = {option for each in command.params for option in each.opts}
    assert {word for word in words if word.startswith("--")} <= known


def test_every_command_of_the_group_is_on_the_page() -> None:
    assert {line.split()[0] for line in LINES} >= {"list", "lock", "mirror", "overrides"}
