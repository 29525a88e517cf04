import contextlib
import io
import json
import os
import pty
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from kubeaid_ci.cli.options import OutputOptions
from kubeaid_ci.cli.output import finish
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import FailOn
from kubeaid_ci.report.formats import FORMATS
from kubeaid_ci.report.report import Report
from kubeaid_ci.report.text import render
from tests.report.samples import INVALID, STALE, build_report, hostile_report

OUTPUT = {field.name for field in fields(OutputOptions)}


def finished(report: Report, *, fmt: str = "text", **options: Any) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    out, err = io.StringIO(), io.StringIO()
    of_output = {name: options.pop(name) for name in OUTPUT if name in options}
    options = {"env": {}, "stdout": out, "stderr": err, **options}
    return finish(report, OutputOptions(fmt, **of_output), **options), out.getvalue(), err.getvalue()


def on_a_terminal(report: Report, env: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """What a terminal gets."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    leader, follower = pty.openpty()
    with os.fdopen(follower, "w", encoding="utf-8") as terminal:
        finish(report, OutputOptions(fail_on=FailOn.NEVER), env=env, stdout=terminal)
    return everything(leader).decode().replace("\r\n", "\n")


def everything(leader: int) -> bytes:
    """All that was written to a terminal whose other end is closed; then reading gives an error."""
    shown = b""
    with os.fdopen(leader, "rb", buffering=0) as terminal, contextlib.suppress(OSError):
        while chunk := terminal.read(65_536):
            shown += chunk
    return shown


@pytest.mark.parametrize("fmt", FORMATS)
def test_the_chosen_format_is_shown_as_it_is(fmt: str) -> None:
    assert finished(build_report(), fmt=fmt) == (1, FORMATS[fmt](build_report()), "")


@pytest.mark.parametrize(
    ("fail_on", "failure", "code"),
    [
        (FailOn.ERROR, 0, 0),
        (FailOn.WARNING, 0, 1),
        (FailOn.NEVER, 0, 0),
        (FailOn.WARNING, 2, 2),
        (FailOn.NEVER, 3, 3),
    ],
)
def test_a_failure_wins_over_findings(fail_on: FailOn, failure: int, code: int) -> None:
    report = replace(build_report(), findings=(STALE.at("a", "x", subject="s"),))
    assert finished(report, fail_on=fail_on, failure=failure)[0] == code


def test_text_is_coloured_on_a_terminal_and_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = on_a_terminal(build_report(), {}, monkeypatch)
    assert "\x1b[31mk8s/prod/prod-vars.jsonnet:2: error" in shown
    plain = shown
    for code in ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[33m", "\x1b[36m"):
        plain = plain.replace(code, "")
    assert plain == render(build_report())


def test_text_is_plain_on_a_terminal_with_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    assert on_a_terminal(build_report(), {"NO_COLOR": "1"}, monkeypatch) == render(build_report())


def test_what_the_stream_cannot_encode_is_escaped() -> None:
    raw = io.BytesIO()
    report = replace(build_report(), results=(), findings=(INVALID.at("a", "ü→", subject="s"),))
    stream = io.TextIOWrapper(raw, encoding="latin-1", newline="")
    finish(report, OutputOptions(fail_on=FailOn.NEVER), env={}, stdout=stream)
    assert b": \xfc\\u2192 [s]\n" in raw.getvalue()


def test_reports_are_written_beside_what_is_shown(tmp_path: Path) -> None:
    reports = [(name, tmp_path / "out" / name) for name in FORMATS]
    finished(build_report(), reports=reports)
    for name, path in reports:
        assert path.read_text() == FORMATS[name](build_report())


def test_a_report_that_cannot_be_written_is_an_error_after_the_findings_were_shown(tmp_path: Path) -> None:
    out = io.StringIO()
    with pytest.raises(UserError, match="cannot be written"):
        finish(build_report(), OutputOptions(reports=(("json", tmp_path),)), env={}, stdout=out)
    assert out.getvalue() == render(build_report())


def test_under_github_there_are_summary_outputs_and_annotations_and_json_stays_json(tmp_path: Path) -> None:
    (tmp_path / "config/k8s").mkdir(parents=True)
    env = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(tmp_path),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "GITHUB_OUTPUT": str(tmp_path / "outputs"),
    }
    code, out, err = finished(build_report(), fmt="json", env=env, outputs={"changed": "1"}, folder="config")
    assert code == 1
    assert json.loads(out)["schema"] == "kubeaid-ci/v1"
    assert (tmp_path / "summary").read_text() == FORMATS["markdown"](build_report())
    assert "changed<<" in (tmp_path / "outputs").read_text()
    assert err.startswith("::error file=config/k8s/prod/prod-vars.jsonnet,line=2,title=build/vars-invalid (prod)::")
    assert len(err.splitlines()) == 4


def test_under_github_no_file_of_another_repository_is_marked(tmp_path: Path) -> None:
    """The job of the KubeAid repo reports on a config repo: its own checkout has no k8s/."""
    (tmp_path / "argocd-helm-charts").mkdir()
    env = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(tmp_path)}
    finding = STALE.at("k8s/one", "old", subject="one")
    _, _, err = finished(replace(build_report(), findings=(finding,)), env=env)
    assert err == "::warning title=build/stale (one)::k8s/one: old\n"


@pytest.mark.parametrize("fmt", FORMATS)
def test_under_github_no_finding_can_give_a_command(fmt: str) -> None:
    evil = INVALID.at("::set-output name=x::y", "::add-mask::a\n  ::error::b\n##[error]c", subject="::x::")
    report = replace(hostile_report(), findings=(evil, *hostile_report().findings))
    _, out, _ = finished(report, fmt=fmt, env={"GITHUB_ACTIONS": "true"})
    assert "##[" not in out
    assert not [line for line in out.splitlines() if line.strip().startswith("::")]


def test_under_gitlab_the_details_are_folded_before_the_findings(tmp_path: Path) -> None:
    code, out, err = finished(
        build_report(), env={"GITLAB_CI": "true"}, outputs={"pull-url": "x"}, dotenv=tmp_path / "build.env"
    )
    assert (code, err) == (1, "")
    assert "section_start:" in out
    assert "kubeaid_ci_1[collapsed=true]\r\x1b[0Kstage\nKIND        NAME\n" in out
    assert out.endswith(render(build_report()))
    assert (tmp_path / "build.env").read_text() == "KUBEAID_CI_OUTPUT_PULL_URL=x\n"


def test_elsewhere_there_are_no_annotations_and_no_folds() -> None:
    assert finished(build_report()) == (1, render(build_report()), "")
