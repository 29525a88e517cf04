"""docs/diff.md lists what the code knows: noise rules and dangers, by id and severity."""

import re
from pathlib import Path

import kubeaid_ci
from kubeaid_ci.checks import change_rules
from kubeaid_ci.compare.noise import NOISE

TEXT = (Path(kubeaid_ci.__file__).parents[1] / "docs/diff.md").read_text(encoding="utf-8")


def rows(title: str) -> list[list[str]]:
    section = TEXT.partition(f"## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_every_noise_rule_is_documented_as_it_is():
    assert rows("Noise") == [[f"`{rule.id}`", rule.what, rule.why] for rule in NOISE.values()]


def test_every_danger_is_documented_with_its_severity():
    assert [row[:2] for row in rows("Dangers")] == [
        [f"`{rule.id}`", rule.severity.value] for rule in change_rules.RULES
    ]
    assert all(re.fullmatch(r"[a-zA-Z].*[^.]", row[2]) for row in rows("Dangers"))


def test_the_example_runs():
    (block,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    exec(block, {"before": [], "after": []})
