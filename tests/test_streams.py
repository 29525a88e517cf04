"""What is printed, where, and how a run ends when nobody can read it."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

import kubeaid_ci
from kubeaid_ci.visible import visible
from tests import repos
from tests.repos import Repos, vars_file

SOURCE = Path(kubeaid_ci.__file__).parent
GITHUB = {"GITHUB_ACTIONS": "true"}
GITLAB = {"GITLAB_CI": "true"}
Shell = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def two(tmp_path: Path) -> Repos:
    texts = {"one": vars_file(), "two": vars_file()}
    return Repos(repos.kubeaid(tmp_path / "kubeaid"), repos.config(tmp_path / "config", texts))


@pytest.fixture
def shell(tmp_path: Path, two: Repos) -> Shell:
    """Runs `kubeaid-ci ARGUMENTS` as part of a shell command, as people redirect it."""

    def run(command: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        program = f"{sys.executable} -m kubeaid_ci"
        options = f"--config-repo {two.config} --kubeaid {two.kubeaid}"
        clean = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE.parent), "HOME": str(tmp_path), **(env or {})}
        text = command.replace("KUBEAID-CI", program).replace("OPTIONS", options)
        done = subprocess.run(["bash", "-c", text], capture_output=True, env=clean, cwd=tmp_path)
        # Not in text mode, which would lose carriage returns.
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


ENDS = {
    "closed standard output": ("KUBEAID-CI clusters OPTIONS >&-", 2, "standard output is closed"),
    "closed standard error": ("KUBEAID-CI clusters OPTIONS 2>&-", 0, ""),
    "closed standard error and findings": ("KUBEAID-CI build --check OPTIONS 2>&-", 1, ""),
    "closed standard input": ("KUBEAID-CI clusters OPTIONS <&-", 0, ""),
    "all closed": ("KUBEAID-CI clusters OPTIONS <&- >&- 2>&-", 2, ""),
    "standard output for reading only": ("KUBEAID-CI clusters OPTIONS 1< /dev/null", 2, "standard output: Bad file"),
    "full disk": ("KUBEAID-CI clusters OPTIONS > /dev/full", 2, "standard output: No space left on device"),
    "full disk, JSON": ("KUBEAID-CI clusters OPTIONS --format json > /dev/full", 2, "No space left on device"),
    "full disk behind standard error": ("KUBEAID-CI nope 2> /dev/full", 2, ""),
    "help on a full disk": ("KUBEAID-CI --help > /dev/full", 2, "No space left on device"),
    "reader closes the pipe": ("KUBEAID-CI clusters OPTIONS | true; exit ${PIPESTATUS[0]}", 141, ""),
    "reader closes the pipe, YAML": (
        "KUBEAID-CI clusters OPTIONS --format json | true; exit ${PIPESTATUS[0]}",
        141,
        "",
    ),
}


@pytest.mark.parametrize(("command", "code", "message"), ENDS.values(), ids=ENDS)
def test_run_without_a_reader_ends_with_its_documented_code(
    command: str, code: int, message: str, shell: Shell
) -> None:
    done = shell(command)
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize("redirection", ["> /dev/full", ">&-", "2>&-", "2> /dev/full", "1< /dev/null", "<&- >&- 2>&-"])
def test_report_files_are_written_whatever_happens_to_the_streams(
    redirection: str, shell: Shell, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    shell(f"KUBEAID-CI build --check OPTIONS --report json={report} {redirection}")
    assert {finding["rule"] for finding in json.loads(report.read_text())["findings"]} >= {"build/stale"}


def test_report_that_cannot_be_written_leaves_the_others(shell: Shell, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = shell(f"KUBEAID-CI build --check OPTIONS --report sarif=/dev/full/x --report json={report}")
    assert done.returncode == 2
    assert "/dev/full/x: cannot be written" in done.stderr
    assert report.exists()
    assert "build/stale" in done.stdout


HOSTILE = {
    "workflow command": "x\n::error title=forged::forged",
    "masked value": "\n::add-mask::canary\n::error ::x",
    "old command": "##[error]forged",
    "section": "\x1b[0Ksection_start:1:forged\r\x1b[0K",
    "bare section": "section_end:1:forged",
    "clipboard": "\x1b]52;c;Y2FuYXJ5\x07",
    "link": "\x1b]8;;http://127.0.0.1\x1b\\x\x1b]8;;\x1b\\",
    "clear": "\x1b[2J",
    "direction": "\u202eevil",
    "filler": "a\u3164b\u115fc\uffa0d\u2800e\u00a0f\u00ad",
}


def obeyed(text: str, env: dict[str, str]) -> list[str]:
    """The lines that the CI system takes for a command, or that show something else than they hold."""
    lines = text.split("\n")
    found = [line for line in lines if visible(line) != line]
    if env == GITHUB:
        found += [line for line in lines if line.lstrip().startswith("::") or "##[" in line]
    return found + [line for line in lines if env == GITLAB and re.search("section_(start|end):.*\r", line)]


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("env", [GITHUB, GITLAB, {}], ids=["github", "gitlab", "elsewhere"])
def test_names_in_settings_reach_no_log_raw(name: str, env: dict[str, str], shell: Shell, two: Repos) -> None:
    (two.config / ".kubeaid-ci.yaml").write_text(json.dumps({name: 1}))
    done = shell("KUBEAID-CI clusters OPTIONS", env=env)
    assert done.returncode == 2
    assert obeyed(done.stderr + done.stdout, env) == []
    assert done.stderr.count("\n") == 1


_OURS = ("::error file=", "::warning file=", "::error title=build/", "::warning title=build/")


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("env", [GITHUB, GITLAB, {}], ids=["github", "gitlab", "elsewhere"])
def test_names_of_clusters_reach_no_log_raw(name: str, env: dict[str, str], shell: Shell, two: Repos) -> None:
    vars_path = two.config / "k8s" / "x" / f"{name}y-vars.jsonnet"
    vars_path.parent.mkdir(parents=True)
    vars_path.write_text(vars_file())
    done = shell("KUBEAID-CI build --check OPTIONS", env=env)
    notes = done.stderr.split("\n")
    # Our own annotations: everything in them is escaped as GitHub asks for.
    log = "\n".join(line for line in notes if not line.startswith(_OURS))
    assert obeyed(log, env) == []
    # Our own folded sections of GitLab's log.
    shown = re.sub("\x1b\\[0Ksection_(start|end):\\d+:kubeaid_ci_\\d+[^\r]*\r\x1b\\[0K", "", done.stdout)
    assert obeyed(shown, env) == []


@pytest.mark.parametrize("fmt", ["text", "markdown", "json", "sarif", "junit", "codeclimate", "html"])
def test_reports_to_a_log_hold_no_command(fmt: str, shell: Shell, two: Repos) -> None:
    for name in ("::error title=forged::y", "##[error]z"):
        repos.write(two.config, {f"k8s/{name}/{name}-vars.jsonnet": "{"})
    done = shell(f"KUBEAID-CI build --check -q OPTIONS --report {fmt}=/dev/stdout | cat", env=GITHUB)
    lines = done.stdout.split("\n")
    assert [line for line in lines if line.lstrip().startswith("::") or "##[" in line] == []


def test_nothing_else_prints() -> None:
    """Output goes through one module, which makes text from outside harmless."""
    printing = sorted(
        f"{path.relative_to(SOURCE).as_posix()}: {name}"
        for path in SOURCE.rglob("*.py")
        for name in _printers(ast.walk(ast.parse(path.read_text())))
    )
    assert printing == [
        # Coloured text and progress of rich, made visible before.
        "cli/output.py: console.print",
        "cli/progress.py: console.print",
        "cli/terminal.py: sys.stdout.write",
    ]


def _printers(nodes: Iterable[ast.AST]) -> list[str]:
    calls = [node.func for node in nodes if isinstance(node, ast.Call)]
    named = [ast.unparse(function) for function in calls]
    ends = ("click.echo", "click.secho", "console.print", "sys.stdout.write", "sys.stderr.write")
    return [
        "console.print" if name.endswith("console.print") else name
        for name in named
        if name == "print" or name.endswith(ends)
    ]
