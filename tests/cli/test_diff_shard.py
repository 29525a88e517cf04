"""``diff --shard`` and ``diff --merge``: the parts of all shards are the comparison of one run, or are refused."""

import json
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from kubeaid_ci.cli.main import cli
from kubeaid_ci.errors import UserError
from tests import repos
from tests.renders import World, application, helm


def elsewhere(name: str, host: str) -> str:
    return application(name, source={"repoURL": f"https://{host}/a/b", "path": "x", "targetRevision": "1"})


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> World:
    """Clusters that stay, change, fail, come, go, have no Applications, and cannot be read."""
    made = World(tmp_path_factory.mktemp("repos"))
    made.chart("web")
    for name in ("changed", "failing", "gone", "same"):
        made.cluster(name, {"web.yaml": application("web"), "else.yaml": elsewhere("else", "old.example.com")})
    made.cluster("removed-too", {"web.yaml": application("web")})
    repos.write(made.config, {"k8s/empty/empty-vars.jsonnet": "{}"})
    made.commit("1.0.0")
    repos.git(made.config, "rm", "-rq", "k8s/gone", "k8s/removed-too")
    made.cluster("changed", {"web.yaml": application("web", source=helm(parameters=[{"name": "name", "value": "x"}]))})
    made.cluster("failing", {"web.yaml": application("web", source=helm("missing"))})
    made.cluster(
        "new",
        {
            "web.yaml": application("web"),
            "known.yaml": elsewhere("known", "old.example.com"),
            "strange.yaml": elsewhere("strange", "new.example.com"),
        },
    )
    repos.write(made.config, {"k8s/two/a-vars.jsonnet": "{}", "k8s/two/b-vars.jsonnet": "{}"})
    return made


Run = Callable[..., click.testing.Result]


@pytest.fixture
def run(world, tmp_path_factory, monkeypatch) -> Run:
    monkeypatch.setenv("KUBEAID_CI_CACHE", str(tmp_path_factory.getbasetemp() / "shard-cache"))
    monkeypatch.chdir(world.config)

    def call(*arguments: object):
        options = ["--config-repo", world.config, "--kubeaid", world.kubeaid, "--jobs", "1"]
        return CliRunner().invoke(cli, [str(one) for one in ("diff", *arguments, *options)], standalone_mode=False)

    return call


def shards(run: Run, folder: Path, count: int, *more: str) -> list[Path]:
    """Write the parts of a comparison with the commit before the change, and return their files."""
    files = [folder / f"part{number}.json" for number in range(1, count + 1)]
    for number, file in enumerate(files, 1):
        done = run("--base", "HEAD", "--shard", f"{number}/{count}", "--report", f"json={file}", *more)
        assert file.exists(), done.exception
    return files


@pytest.mark.parametrize("count", [1, 2, 3, 12])
def test_merged_shards_are_the_comparison_of_one_run(run, tmp_path, count):
    files = shards(run, tmp_path, count)
    whole, merged = tmp_path / "whole", tmp_path / "merged"
    ends = [
        run(
            *what,
            *(f"--report={name}={folder}.{name}" for name in ("json", "sarif", "junit", "markdown")),
            "--exit-code",
            "-v",
        )
        for what, folder in ((("--base", "HEAD"), whole), (("--merge", *reversed(files)), merged))
    ]
    assert ends[0].stdout == ends[1].stdout
    assert ends[0].return_value == ends[1].return_value == 2  # a folder cannot be read
    assert json.loads(Path(f"{whole}.json").read_text()) == json.loads(Path(f"{merged}.json").read_text())
    for name in ("sarif", "junit", "markdown"):
        texts = (Path(f"{folder}.{name}").read_text() for folder in (whole, merged))
        lines = [[line for line in text.splitlines() if " UTC" not in line] for text in texts]
        assert lines[0] == lines[1]
    summary = json.loads(Path(f"{merged}.json").read_text())["summary"]
    assert (summary["clusters_added"], summary["clusters_removed"], summary["changed"]) == (1, 2, 2)
    assert "new.example.com" in ends[1].stdout
    assert "old.example.com, where" not in ends[1].stdout


def test_each_cluster_of_both_sides_is_in_one_shard(run, tmp_path):
    parts = [json.loads(file.read_text())["shard"] for file in shards(run, tmp_path, 3)]
    dealt = [cluster for part in parts for cluster in part["clusters"]]
    assert sorted(dealt) == parts[0]["fleet"]
    assert {"gone", "new", "removed-too", "same", "empty"} <= {*dealt}
    assert max(len(part["clusters"]) for part in parts) - min(len(part["clusters"]) for part in parts) <= 1


def test_a_folder_stands_for_the_parts_in_it(run, tmp_path):
    files = shards(run, tmp_path, 2)
    assert run("--merge", tmp_path).stdout == run("--merge", *files).stdout


def test_a_shard_names_itself_and_only_what_it_compared(run, tmp_path):
    file = tmp_path / "part.json"
    done = run("--base", "HEAD", "--shard", "2/4", "--report", f"json={file}")
    assert done.stdout.startswith("shard 2/4: 2 of 7 clusters\n")
    assert json.loads(file.read_text())["summary"]["shard"] == "2/4"


def test_names_of_applications_are_checked_when_all_shards_are_known(run, tmp_path):
    files = shards(run, tmp_path, 3, "--app", "strange")
    assert "new.example.com" in run("--merge", *files).stdout
    with pytest.raises(UserError, match="nowhere: no such Application in any shard"):
        raise run("--merge", *shards(run, tmp_path, 2, "--app", "nowhere")).exception


def test_parts_that_do_not_fit_together_are_refused(run, world, tmp_path):
    one, two = shards(run, tmp_path, 2)
    for number in (1, 3):
        run("--base", "HEAD", "--shard", f"{number}/3", "--report", f"json={tmp_path / f'of3-{number}.json'}")
    run("--upgrade-to", "1.0.0", "--shard", "2/2", "--report", f"json={tmp_path / 'upgrade.json'}")
    run("--base", "HEAD", "--shard", "2/2", "--report", f"json={tmp_path / 'unified.json'}", "--unified")
    run("same", "--base", "HEAD", "--shard", "2/2", "--report", f"json={tmp_path / 'same.json'}")
    run("--base", "HEAD", "--report", f"json={tmp_path / 'whole.json'}")
    for files, message in (
        ((one,), "shard 2 of 2 is missing"),
        ((one, one), "shard 2 of 2 is missing"),
        ((one, two, tmp_path / "of3-1.json"), "has other number of shards"),
        ((tmp_path / "of3-1.json", tmp_path / "of3-3.json"), "shard 2 of 3 is missing"),
        ((one, tmp_path / "upgrade.json"), "has other revisions"),
        ((one, tmp_path / "unified.json"), "has other options"),
        ((one, tmp_path / "same.json"), "has other options"),
        ((tmp_path / "whole.json",), "not a report of diff --shard"),
        ((tmp_path / "nothing.json",), "does not exist"),
        ((world.kubeaid,), "name the files"),
        ((Path("/dev/null"),), "is not a regular file"),
        ((), "name the files"),
    ):
        done = run("--merge", *files)
        assert isinstance(done.exception, UserError), (files, done.output)
        assert message in str(done.exception)
        assert done.stdout == ""
    copy = tmp_path / "copy.json"
    copy.write_bytes(one.read_bytes())
    assert "is shard 1/2, as is" in str(run("--merge", one, copy, two).exception)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda part: part["shard"]["pieces"].clear(), "its pieces do not fit its results"),
        (lambda part: part["results"].pop(), "its pieces do not fit its results"),
        (lambda part: part["shard"]["contents"].clear(), "its contents do not fit its results"),
        (lambda part: part["shard"]["clusters"].pop(), "does not have the clusters of shard 1/1"),
        (lambda part: part["shard"]["inputs"].update(code="0"), "made by another version of kubeaid-ci"),
        (lambda part: part["shard"].update(number=2), "not a shard"),
        (lambda part: part["shard"].update(pieces="none"), "not a report of diff --shard"),
        (lambda part: part["shard"].update(fleet=[1]), "expected str, found int"),
        (lambda part: part["shard"]["pieces"][0]["comparison"].update(applications=-1), "expected int"),
        (lambda part: part["shard"]["pieces"][0]["comparison"].update(extra=1), "a Comparison with wrong fields"),
        (lambda part: part["shard"]["pieces"][0].update(folder="other"), "has results of other shards: other"),
        (lambda part: of_finding(part).update(rule="no/such"), "unknown rule"),
        (lambda part: of_finding(part).update(suppressed_by="me"), "a finding is suppressed"),
        (lambda part: of_finding(part).update(severity="none"), "not a valid Severity"),
        (lambda part: part["revisions"].clear(), "it names no revisions"),
        (lambda part: part["revisions"].update(config={"other": "x"}), "its revisions cannot be read"),
        (lambda part: part.pop("shard"), "no 'shard'"),
        (lambda part: part.update(command="check"), "a report of another command"),
    ],
)
def test_a_part_that_was_changed_is_refused(run, tmp_path, change, message):
    (file,) = shards(run, tmp_path, 1)
    part = json.loads(file.read_text())
    change(part)
    file.write_text(json.dumps(part))
    done = run("--merge", file)
    assert isinstance(done.exception, UserError), done.output
    assert message in str(done.exception)


def of_finding(part: dict) -> dict:
    found: list[dict] = [one for piece in part["shard"]["pieces"] for one in piece["comparison"]["findings"]]
    return found[0]


@pytest.mark.parametrize("text", ["[" * 100_000, "{}", "[]", "null", '"text"', "\x00", "1" * 10_000])
def test_a_file_that_is_no_report_is_refused(run, tmp_path, text):
    file = tmp_path / "part.json"
    file.write_text(text)
    with pytest.raises(UserError, match="not a report of diff --shard"):
        raise run("--merge", file).exception


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--shard", "1/2"), "add --report json=FILE"),
        (("--shard", "1/2", "--format", "json", "--comment"), "give it to diff --merge"),
        (("--shard", "1/2", "--format", "json", "--new-only"), "--new-only has no effect with --shard"),
        (("--merge", "part.json"), "--base has no effect with --merge"),
    ],
)
def test_options_without_an_effect_are_refused(run, options, message):
    with pytest.raises(click.UsageError, match=message):
        raise run(*options, "--base", "HEAD").exception


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "1/0", "a/b", "1/2/3", "-1/2", "1/99999"])
def test_what_is_no_shard_is_refused(run, text):
    with pytest.raises(UserError, match="not a shard; write I/N"):
        raise run("--base", "HEAD", "--format", "json", f"--shard={text}").exception
