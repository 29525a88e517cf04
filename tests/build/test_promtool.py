import os
import stat
from pathlib import Path
from typing import Any

import pytest

from kubeaid_ci.build import promtool
from kubeaid_ci.errors import OutsideError, UserError

needs_promtool = pytest.mark.skipif(promtool.find() is None, reason="promtool (Debian: prometheus) is not installed")


def group(name: str, *rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "rules": list(rules), **more}


def record(expr: Any, **more: Any) -> dict[str, Any]:
    return {"record": "a:b", "expr": expr, **more}


def test_no_rules_need_no_promtool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert promtool.find() is None
    assert promtool.check_rules({}) == ()


def test_a_machine_without_promtool_is_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="promtool: not installed"):
        promtool.check_rules({"a.yaml": [group("g", record("1"))]})


@needs_promtool
@pytest.mark.parametrize(
    "rule",
    [
        record(0),
        record("vector(1)"),
        record("1", labels={"emoji": "🚀 beyond the first plane", "breaks": "a\u2028b\u0085c\x7fd\ufeff"}),
        record('label_replace(up, "x", "$1", "y", "(.*)")\n'),
    ],
)
def test_rules_that_prometheus_takes_give_no_problem(rule: dict[str, Any]) -> None:
    assert promtool.check_rules({"a.yaml": [group("g", rule)]}) == ()


@needs_promtool
def test_fields_that_the_operator_takes_out_are_no_problem() -> None:
    own = {"partial_response_strategy": "warn", "query_offset": "1m", "labels": {"a": "b"}}
    assert promtool.check_rules({"a.yaml": [group("g", record("1"), **own)], "empty.yaml": []}) == ()


@needs_promtool
def test_a_problem_names_file_group_and_rule() -> None:
    problems = promtool.check_rules(
        {
            "good.yaml": [group("g", record("1"))],
            "folder/bad: one.yaml": [group('my "group"', {"alert": "Broken, rule 7", "expr": "up =="})],
            "worse.yaml": [group("h", record("rate(up)"), record("sum(")), group("", record("1"))],
        }
    )
    assert [(problem.file, problem.group, problem.rule) for problem in problems] == [
        ("folder/bad: one.yaml", 'my "group"', "Broken, rule 7"),
        ("worse.yaml", "h", "a:b"),
        ("worse.yaml", "h", "a:b"),
        ("worse.yaml", None, None),
    ]
    assert problems[0].message.startswith("could not parse expression: 1:6: parse error")
    assert problems[3].message == "Groupname must not be empty"


@needs_promtool
def test_a_rule_without_a_name_has_none() -> None:
    (problem,) = promtool.check_rules({"a.yaml": [group("g", {"expr": "up"})]})
    assert (problem.group, problem.rule) == ("g", None)


@needs_promtool
def test_a_message_of_several_lines_is_one_problem() -> None:
    (problem,) = promtool.check_rules({"a.yaml": [group("g", record("1", nonsense=1))]})
    assert problem.message.startswith("yaml: unmarshal errors:\n")
    assert "field nonsense not found" in problem.message


@needs_promtool
@pytest.mark.parametrize("groups", [["text"], [group("g", record("1"), interval="soon")], [7, {}]])
def test_groups_that_are_none_are_problems_of_their_file(groups: list[Any]) -> None:
    problems = promtool.check_rules({"a.yaml": groups})
    assert problems
    assert {problem.file for problem in problems} == {"a.yaml"}


@needs_promtool
def test_the_temporary_files_are_gone_afterwards(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert promtool.check_rules({"a.yaml": [group("g", record("1 +"))]}) != ()
    assert list(tmp_path.iterdir()) == []


def install(folder: Path, script: str) -> None:
    program = folder / "promtool"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def folder_on_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def test_a_promtool_that_fails_without_naming_a_file_is_an_outside_error(folder_on_path: Path) -> None:
    install(folder_on_path, "echo out of luck >&2; exit 2")
    with pytest.raises(OutsideError, match="promtool ended with code 2: out of luck"):
        promtool.check_rules({"a.yaml": [group("g", record("1"))]})


def test_a_promtool_that_does_not_end_is_stopped(folder_on_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(folder_on_path, "exec sleep 60")
    monkeypatch.setattr(promtool, "_SECONDS", 0.2)
    with pytest.raises(OutsideError, match="did not end within"):
        promtool.check_rules({"a.yaml": [group("g", record("1"))]})
