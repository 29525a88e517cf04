"""The CI system that a run is part of: its summary, marks on source lines, outputs and folded logs.

GitHub: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands.
GitLab: https://docs.gitlab.com/ci/jobs/job_logs/#custom-collapsible-sections and
https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsdotenv.

The text of findings is not to be trusted: nothing in it may become a command to the CI system.
"""

import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.forge.forge import utf8_size
from kubeaid_ci.report.markdown import fit
from kubeaid_ci.report.outcome import speaking
from kubeaid_ci.runtime.files import append
from kubeaid_ci.visible import one_line, shortened, visible

SUMMARY_LIMIT = 1024 * 1024
"""Bytes of summary that GitHub takes of one step."""

_DOTENV_LIMIT = 5 * 1024
"""Bytes of a dotenv report from which on GitLab refuses it."""

_MARKS_A_KIND = 10
"""GitHub shows at most ten errors and ten warnings of one step."""
_LONGEST_MARK = 4000
_MARKED = (Severity.ERROR, Severity.WARNING)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_NUMBER = re.compile(r"[1-9][0-9]{0,9}")
_PULL = re.compile(rf"refs/pull/({_NUMBER.pattern})/(?:merge|head)")
_SHA = re.compile(r"[0-9a-f]{40}")
_COMMAND_START = re.compile(r"(^|[\r\n])([^\S\r\n]*)::")


def github(env: Mapping[str, str]) -> bool:
    """Return whether this is a job of GitHub Actions, or of Gitea or Forgejo, which set the same variables."""
    return env.get("GITHUB_ACTIONS") == "true"


def gitlab(env: Mapping[str, str]) -> bool:
    """Return whether this is a job of GitLab CI."""
    return env.get("GITLAB_CI") == "true"


def below_checkout(folder: str) -> str:
    """Return the path of a folder from the top of its Git checkout, where GitHub's paths start; empty for the top."""
    place = Path(folder).resolve()
    tops = (top for top in (place, *place.parents) if (top / ".git").exists())
    top = next(tops, place) if place.is_dir() else place
    return "" if top == place else place.relative_to(top).as_posix()


def change_request(env: Mapping[str, str]) -> tuple[str, int] | None:
    """Return the path of the repository and the number of the job's change request; None if it runs for none.

    GitHub, Gitea and Forgejo name it by the ref, but not in jobs that run for the base of one.
    """
    ref = _PULL.fullmatch(env.get("GITHUB_REF", ""))
    if github(env) and ref:
        return env.get("GITHUB_REPOSITORY", ""), int(ref[1])
    number = env.get("CI_MERGE_REQUEST_IID", "")
    if gitlab(env) and _NUMBER.fullmatch(number):
        return env.get("CI_MERGE_REQUEST_PROJECT_PATH", ""), int(number)
    return None


def guarded(text: str) -> str:
    """Return output without commands for GitHub's runner.

    The runner obeys ``::…`` at the start of a line (spaces before it do not count) and ``##[…`` anywhere.
    """
    return _COMMAND_START.sub(r"\1\2\\::", text).replace("##[", r"#\#[")


def change_base(env: Mapping[str, str]) -> tuple[tuple[str, ...], str] | None:
    """Return the revisions that name the base of the job's change request, best first, and the variable that has it.

    None if the job runs for no change request. The branch is the remote's, because the author of the change
    could have created a tag or a branch with its name.
    """
    if branch := env.get("GITHUB_BASE_REF") if github(env) else None:
        return (f"refs/remotes/origin/{branch}", *_merged_base(env)), f"GITHUB_BASE_REF {branch}"
    if gitlab(env) and env.get("CI_MERGE_REQUEST_IID"):
        names = ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "CI_MERGE_REQUEST_DIFF_BASE_SHA")
        target = env.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "")
        found = [env[name] for name in names if env.get(name)]
        branches = [f"refs/remotes/origin/{target}"] if target else []
        return (*found[:1], *branches, *found[1:]), f"merge request !{env['CI_MERGE_REQUEST_IID']}"
    return None


def workspace(env: Mapping[str, str]) -> Path:
    """Return the folder that the job's own repository is checked out in; elsewhere the current folder."""
    place = env.get("GITHUB_WORKSPACE") if github(env) else env.get("CI_PROJECT_DIR") if gitlab(env) else None
    return Path(place or ".").resolve()


def _merged_base(env: Mapping[str, str]) -> tuple[str, ...]:
    """Return the first parent of the merge that GitHub made, which is the base. Only that commit has such a parent."""
    sha = env.get("GITHUB_SHA", "")
    is_merge = env.get("GITHUB_REF", "").endswith("/merge") and _SHA.fullmatch(sha)
    return (f"{sha}^1",) if is_merge else ()


def harmless(text: str, env: Mapping[str, str]) -> str:
    """Return visible text without commands to the CI system that shows it.

    GitLab's commands need a carriage return, which `visible` has escaped.
    """
    return guarded(text) if github(env) else text


def without_commands() -> tuple[str, str]:
    """Return the lines between which GitHub's runner obeys no command; the second cannot be guessed."""
    token = secrets.token_hex(16)
    return f"::stop-commands::{token}\n", f"::{token}::\n"


def append_summary(env: Mapping[str, str], parts: Sequence[str]) -> None:
    """Add Markdown to the step's summary, where there is one; what does not fit is left out and counted."""
    path = _file(env, "GITHUB_STEP_SUMMARY")
    if path is None:
        return
    used = path.stat().st_size if path.exists() else 0
    start = "\n" if used else ""
    fitting = fit(parts, SUMMARY_LIMIT - used - len(start), size=utf8_size)
    if fitting:
        append(path, start + fitting)


def annotations(findings: Iterable[Finding], *, folder: str = "") -> str:
    """Return the commands that mark findings on their lines, the worst first; one notice counts the rest.

    `folder` leads from the top of the checkout to the repository that the findings' paths are relative to.
    """
    spoken = speaking(findings)
    groups = ([finding for finding in spoken if finding.severity is severity] for severity in _MARKED)
    marked = [finding for group in groups for finding in group[:_MARKS_A_KIND]]
    lines = [_mark(finding, folder) for finding in marked]
    left = len(spoken) - len(marked)
    if left:
        noun = "finding is" if left == 1 else "findings are"
        lines.append(f"::notice title=kubeaid-ci::{left} more {noun} in the job's log and summary\n")
    return "".join(lines)


def append_outputs(
    env: Mapping[str, str],
    outputs: Mapping[str, str],
    *,
    token: Callable[[], str] = lambda: secrets.token_hex(16),
) -> None:
    """Set the step's outputs, where it has any; `token` returns a new unguessable text at each call."""
    path = _file(env, "GITHUB_OUTPUT")
    if path is not None:
        append(path, "".join(_output(_named(name), value, token) for name, value in outputs.items()))


def dotenv(outputs: Mapping[str, str]) -> str:
    """Return the outputs as GitLab's dotenv report: ``pull-url`` becomes ``KUBEAID_CI_OUTPUT_PULL_URL``.

    Later jobs have these as variables, which win over their own: hence the prefix. Line breaks become
    spaces. GitLab refuses a report that is too large, so a value for which there is no room is left out.
    """
    room = _DOTENV_LIMIT - 1
    lines = []
    for name, value in outputs.items():
        key = _named(name).replace("-", "_").upper()
        line = f"KUBEAID_CI_OUTPUT_{key}={' '.join(value.splitlines())}\n"
        size = utf8_size(line)
        if size <= room:
            lines.append(line)
            room -= size
    return "".join(lines)


def section(name: str, title: str, body: str, *, now: int) -> str:
    """Return text that GitLab's job log folds under a title; `now` is in Unix seconds."""
    key = re.sub(r"[^A-Za-z0-9_.-]", "_", name)
    start = f"\x1b[0Ksection_start:{now}:{key}[collapsed=true]\r\x1b[0K{one_line(title)}\n"
    text = visible(body).rstrip()
    return f"{start}{text}\n\x1b[0Ksection_end:{now}:{key}\r\x1b[0K\n"


def _mark(finding: Finding, folder: str) -> str:
    message = _escaped(visible(shortened(finding.message, _LONGEST_MARK)))
    properties = ",".join(f"{name}={_escaped_property(value)}" for name, value in _place(finding, folder))
    return f"::{finding.severity} {properties}::{message}\n"


def _place(finding: Finding, folder: str) -> Iterator[tuple[str, str]]:
    if finding.path is not None:
        yield "file", f"{folder.rstrip('/')}/{finding.path}" if folder else finding.path
        if finding.line is not None:
            yield "line", str(finding.line)
    yield "title", f"{finding.rule.id} ({one_line(finding.subject)})"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_property(text: str) -> str:
    return _escaped(visible(text)).replace(":", "%3A").replace(",", "%2C")


def _output(name: str, value: str, token: Callable[[], str]) -> str:
    """Return a value between two lines with a word that is not in it."""
    border = f"kubeaid_ci_{token()}"
    while border in value:
        border = f"kubeaid_ci_{token()}"
    return f"{name}<<{border}\n{value}\n{border}\n"


def _named(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise UserError(f"{name!r} cannot name an output: letters, digits, - and _ can")
    return name


def _file(env: Mapping[str, str], variable: str) -> Path | None:
    """Return the file that a variable of GitHub names; None if the variable is not set."""
    return Path(env[variable]) if github(env) and env.get(variable) else None
