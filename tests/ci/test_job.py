import re
from pathlib import Path

import pytest

from kubeaid_ci.ci import job
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding
from tests.report.samples import HOSTILE, INVALID, STALE, UNUSED, hostile_report

GITHUB = {"GITHUB_ACTIONS": "true"}


def runner_commands(output: str) -> list[str]:
    """The commands that GitHub's runner sees in a job's output, in both of its spellings."""
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n", output)]
    return [line for line in lines if line.startswith("::") or "##[" in line]


def outputs_of(text: str) -> dict[str, str]:
    """The outputs that GitHub's runner reads from the file."""
    lines, found = text.split("\n"), {}
    while lines and lines[0]:
        name, _, border = lines.pop(0).partition("<<")
        end = lines.index(border)
        found[name], lines = "\n".join(lines[:end]), lines[end + 1 :]
    return found


def test_the_system_is_told_by_its_own_variable() -> None:
    assert job.github(GITHUB)
    assert not job.github({"GITHUB_ACTIONS": "false", "GITLAB_CI": "true"})
    assert job.gitlab({"GITLAB_CI": "true"})
    assert not job.gitlab(GITHUB)


@pytest.mark.parametrize(
    "text",
    [
        "::error::x",
        "  ::add-mask::x",
        "a\n\t::stop-commands::x\nb",
        "a\r::error::x",
        "a ##[add-mask]b",
        "\u3000::x::",
    ],
)
def test_no_command_is_left_in_guarded_output(text: str) -> None:
    assert runner_commands(text)
    assert not runner_commands(job.guarded(text))


def test_output_without_commands_is_not_changed_by_the_guard() -> None:
    text = "k8s/a.yaml:3: error build/stale: a::b\n    help: x # [y]\n"
    assert job.guarded(text) == text


def test_an_annotation_has_file_line_title_and_message_escaped() -> None:
    finding = INVALID.at("k8s/a,b:c.jsonnet", "100% bad\n  3 | x: 1", subject="prod", line=3)
    assert job.annotations([finding], folder="config/") == (
        "::error file=config/k8s/a%2Cb%3Ac.jsonnet,line=3,title=build/vars-invalid (prod)::100%25 bad%0A  3 | x: 1\n"
    )


def test_paths_start_at_the_top_of_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for made in (".git", "deep/config", "other/.git"):
        (tmp_path / made).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep")
    known = {"config": "deep/config", ".": "deep", "..": "", "../other": "", "/": "", "https://git.example.com/a": ""}
    assert {folder: job.below_checkout(folder) for folder in known} == known


def test_a_finding_without_a_path_is_annotated_without_one() -> None:
    assert job.annotations([STALE.at(None, "old", subject="prod")]) == ("::warning title=build/stale (prod)::old\n")


def many(count: int, rule=INVALID) -> list[Finding]:
    return [rule.at("a", f"number {n}", subject="s", line=n + 1) for n in range(count)]


def test_ten_errors_and_ten_warnings_are_marked_and_the_rest_is_counted() -> None:
    findings = [*many(3, UNUSED), *many(12, STALE), *many(11), many(1)[0].suppressed("known")]
    lines = job.annotations(findings).splitlines()
    assert [line.split()[0] for line in lines] == [*["::error"] * 10, *["::warning"] * 10, "::notice"]
    assert lines[0].endswith("number 0")
    assert lines[-1] == "::notice title=kubeaid-ci::6 more findings are in the job's log and summary"


def test_no_findings_give_no_annotation() -> None:
    assert job.annotations([many(1)[0].suppressed("known")]) == ""


def test_a_hostile_finding_is_one_command_and_no_more() -> None:
    annotated = job.annotations(hostile_report().findings)
    (command,) = [line for line in annotated.splitlines() if line.strip().startswith("::")]
    properties, _, message = command.removeprefix("::error ").partition("::")
    assert [part.partition("=")[0] for part in properties.split(",")] == ["file", "line", "title"]
    assert message.startswith(r"\x1b[2J<script>")
    assert annotated.count("\n") == 1


def test_a_long_message_is_cut() -> None:
    assert len(job.annotations([INVALID.at("a", "x" * 100_000, subject="s")])) < 5000


def test_the_summary_is_added_to_what_is_there(tmp_path: Path) -> None:
    env = {**GITHUB, "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    job.append_summary(env, ["first\n"])
    job.append_summary(env, ["second\n", "third\n"])
    assert (tmp_path / "summary").read_text() == "first\n\nsecond\n\nthird\n"


def test_the_summary_stays_within_its_size_and_says_what_is_left_out(tmp_path: Path) -> None:
    env = {**GITHUB, "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    for _ in range(3):
        job.append_summary(env, ["head\n", "ü" * 300_000 + "\n", "tail\n"])
    written = (tmp_path / "summary").read_text()
    assert len(written.encode()) <= job.SUMMARY_LIMIT
    assert written.count("head\n") == 3
    assert written.endswith("head\n\ntail\n\n_Left out, because there is no room for it: 1 section._\n")


def test_a_full_summary_is_left_alone(tmp_path: Path) -> None:
    env = {**GITHUB, "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    (tmp_path / "summary").write_bytes(b"x" * job.SUMMARY_LIMIT)
    job.append_summary(env, ["more\n"])
    assert (tmp_path / "summary").stat().st_size == job.SUMMARY_LIMIT


def test_elsewhere_there_is_no_summary_and_no_output(tmp_path: Path) -> None:
    files = {"GITHUB_STEP_SUMMARY": str(tmp_path / "s"), "GITHUB_OUTPUT": str(tmp_path / "o")}
    for env in (files, GITHUB):
        job.append_summary(env, ["x\n"])
        job.append_outputs(env, {"a": "b"})
    assert list(tmp_path.iterdir()) == []


def test_outputs_come_back_as_they_went_in(tmp_path: Path) -> None:
    env = {**GITHUB, "GITHUB_OUTPUT": str(tmp_path / "outputs")}
    outputs = {
        "clusters": '["a", "b"]',
        "body": "two\nlines\nother=1\nx<<EOF\nEOF",
        "empty": "",
        "odd": HOSTILE,
    }
    job.append_outputs(env, outputs)
    assert outputs_of((tmp_path / "outputs").read_text()) == outputs


def test_a_border_that_is_in_the_value_is_not_used(tmp_path: Path) -> None:
    env = {**GITHUB, "GITHUB_OUTPUT": str(tmp_path / "outputs")}
    words = iter(["one", "two", "three"])
    outputs = {"a": "x\nkubeaid_ci_one\nevil=1\nkubeaid_ci_two", "b": ""}
    job.append_outputs(env, {"a": outputs["a"]}, token=lambda: next(words))
    assert (tmp_path / "outputs").read_text().startswith("a<<kubeaid_ci_three\n")
    assert outputs_of((tmp_path / "outputs").read_text()) == {"a": outputs["a"]}


def test_borders_are_not_the_same_twice(tmp_path: Path) -> None:
    env = {**GITHUB, "GITHUB_OUTPUT": str(tmp_path / "outputs")}
    job.append_outputs(env, {"a": "1", "b": "2"})
    borders = re.findall(r"<<(\S+)", (tmp_path / "outputs").read_text())
    assert len(set(borders)) == 2


def test_dotenv_has_one_line_for_each_output() -> None:
    assert job.dotenv({"pull-url": "https://git.example.com/1", "title": "a\nEVIL=1\r\nb", "number": "7"}) == (
        "KUBEAID_CI_OUTPUT_PULL_URL=https://git.example.com/1\n"
        "KUBEAID_CI_OUTPUT_TITLE=a EVIL=1 b\n"
        "KUBEAID_CI_OUTPUT_NUMBER=7\n"
    )


def test_dotenv_leaves_out_what_would_make_it_too_large_for_gitlab() -> None:
    written = job.dotenv({"number": "7", "results": "ü" * 2551, "url": "https://git.example.com/1"})
    assert written == "KUBEAID_CI_OUTPUT_NUMBER=7\nKUBEAID_CI_OUTPUT_URL=https://git.example.com/1\n"
    assert len(job.dotenv({"results": "x" * 5092}).encode()) == 5 * 1024 - 1


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "a=b", "1a", "a<<b"])
def test_an_output_needs_a_plain_name(name: str) -> None:
    with pytest.raises(UserError, match="cannot name an output"):
        job.dotenv({name: "x"})


def test_a_section_is_folded_and_its_text_cannot_end_it() -> None:
    body = "line\n\x1b[0Ksection_end:1:a\r\x1b[0K\nlast\n"
    assert job.section("a b", "Title\n\x1b", body, now=1700000000) == (
        "\x1b[0Ksection_start:1700000000:a_b[collapsed=true]\r\x1b[0KTitle \\x1b\n"
        "line\n\\x1b[0Ksection_end:1:a\\x0d\\x1b[0K\nlast\n"
        "\x1b[0Ksection_end:1700000000:a_b\r\x1b[0K\n"
    )
