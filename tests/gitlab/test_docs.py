"""The page about the templates says what is in their files."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubeaid_ci.report.markdown import table
from tests.gitlab.interpolation import load
from tests.gitlab.site import ROOT, TEMPLATES

PAGE = ROOT / "docs" / "gitlab-templates.md"
TEXT = PAGE.read_text("utf-8")
_TABLE = re.compile(r"(<!-- inputs: start -->\n).*?(<!-- inputs: end -->)", re.DOTALL)


def test_the_table_of_inputs_is_that_of_the_files(golden) -> None:
    golden(PAGE, _TABLE.sub(lambda found: f"{found[1]}\n{inputs()}\n{found[2]}", TEXT))


def inputs() -> str:
    """A row for each input; for each way of describing it where templates differ."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for template in TEMPLATES:
        for name, known in load(ROOT / f"gitlab-ci-templates/{template}.yml")[0].items():
            rows.setdefault((name, default(known), known["description"] + options(known)), []).append(template)
    cells = [(f"`{name}`", says, given, where(rows[name, given, says])) for name, given, says in sorted(rows)]
    return table(("input", "description", "default", "templates"), cells)


def default(known: dict[str, Any]) -> str:
    if "default" not in known:
        return "none: has to be given"
    value = known["default"]
    if isinstance(value, list):
        return ", ".join(f"`{one}`" for one in value) or "empty"
    return f"`{value}`" if value else "empty"


def options(known: dict[str, Any]) -> str:
    named = [f"`{one}`" for one in known.get("options", ()) if one]
    return f" One of {', '.join(named)}." if named else ""


def where(templates: list[str]) -> str:
    others = [f"`{name}`" for name in TEMPLATES if name not in templates]
    if len(others) < len(templates):
        return "all" + (f" but {', '.join(others)}" if others else "")
    return ", ".join(f"`{name}`" for name in templates)


@pytest.mark.parametrize("block", re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL))
def test_examples_name_a_template_and_inputs_that_it_has(block: str) -> None:
    (included,) = yaml.safe_load(block)["include"]
    place = included.get("remote") or included.get("file") or included["component"]
    name = Path(place.partition("@")[0]).stem
    known, _ = load(ROOT / f"gitlab-ci-templates/{name}.yml")
    assert set(included["inputs"]) <= set(known)
    assert {name for name, one in known.items() if "default" not in one} <= set(included["inputs"])


def test_every_template_has_its_row() -> None:
    assert re.findall(r"^\| `([a-z-]+)` \| .* \| .* \|$", TEXT.partition("## Include")[0], re.MULTILINE) == [
        "build",
        "publish-from-kubeaid",
        "rebuild-config-repo",
        "publish-fleet",
        "diff",
        "check",
        "verify-charts",
        "update-charts",
        "bundle",
        "upgrade-clusters",
        "images",
        "scan-images",
    ]
