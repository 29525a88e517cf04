"""Progress of long jobs: live on a terminal, now and then in a log."""

from pathlib import Path

import pytest

from kubeaid_ci.charts.verify.verdict import ChartResult, ChartStatus
from kubeaid_ci.cli import progress
from kubeaid_ci.cli.progress import Progress
from kubeaid_ci.git.access import GitAccess
from kubeaid_ci.git.remote import clone
from tests.servers.git import BareRepo


def result(number: int) -> ChartResult:
    return ChartResult(f"chart{number}", f"chart{number}", "1.0.0", "", ChartStatus.UNVERIFIABLE)


def work(shown: Progress) -> None:
    with shown as running:
        for number in range(100):
            running.rendered(number, 100)
            running.counted("releases", number, 100)
            running.verified(result(number))


def test_a_log_gets_no_line_from_a_short_job(capsys: pytest.CaptureFixture[str]) -> None:
    work(Progress(quiet=False))
    assert capsys.readouterr().err == ""


def test_a_log_gets_a_line_now_and_then_from_a_long_job(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 100_000, 1))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    work(Progress(quiet=False))
    lines = capsys.readouterr().err.splitlines()
    assert 5 < len(lines) < 30
    assert all(line.startswith(("rendered ", "releases: ", "charts verified: ")) for line in lines)


def test_a_quiet_run_prints_nothing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_QUIET_SECONDS", 0)
    work(Progress(quiet=True))
    assert capsys.readouterr().err == ""


def test_a_log_gets_a_line_from_a_long_transfer(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bare = BareRepo.make(tmp_path / "x.git", {"file.txt": "text\n"})
    monkeypatch.setattr(progress, "_QUIET_SECONDS", 0)
    with Progress(quiet=False):
        clone(GitAccess(f"file://{bare.folder}"), tmp_path / "shown")
    assert "receiving objects: 3 of 3\n" in capsys.readouterr().err
    with Progress(quiet=True):
        clone(GitAccess(f"file://{bare.folder}"), tmp_path / "quiet")
    clone(GitAccess(f"file://{bare.folder}"), tmp_path / "after")
    assert capsys.readouterr().err == ""
