"""The map of the code names files that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
MAP = TEXT.partition("### Where is")[2].partition("\n## ")[0]
PATHS = sorted(set(re.findall(r"`([a-z_/]+(?:\.py|/))`", MAP)))


def test_the_map_answers_twenty_questions() -> None:
    assert MAP.count("\n| ") - 2 >= 20


@pytest.mark.parametrize("path", PATHS)
def test_the_map_names_what_exists(path: str) -> None:
    assert (ROOT / "kubeaid_ci" / path).exists()
