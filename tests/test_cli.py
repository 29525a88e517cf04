import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

import kubeaid_ci
from kubeaid_ci.cli import main as cli
from kubeaid_ci.cli.groups import COMMANDS
from kubeaid_ci.report.formats import FORMATS
from kubeaid_ci.report.report import REPORT_FORMATS
from tests import repos
from tests.repos import Repos, vars_file

ROOT = str(Path(kubeaid_ci.__file__).parents[1])


@pytest.fixture
def two(tmp_path: Path) -> Repos:
    texts = {"one": vars_file(), "two.example.com:two": vars_file(platform="'aks'")}
    return Repos(repos.kubeaid(tmp_path / "kubeaid"), repos.config(tmp_path / "config", texts))


@pytest.fixture
def run(tmp_path, two):
    """Runs the command line as a program, in an environment of its own."""

    def call(*arguments, env=None, cwd=None):
        clean = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        clean |= {"PYTHONPATH": ROOT, "HOME": str(tmp_path / "home"), "COLUMNS": "200", **(env or {})}
        return subprocess.run(
            [sys.executable, "-m", "kubeaid_ci", *map(str, arguments)],
            capture_output=True,
            text=True,
            env=clean,
            cwd=cwd or tmp_path,
        )

    return call


@pytest.fixture
def repos_options(two):
    return ["--config-repo", two.config, "--kubeaid", two.kubeaid]


def test_version(run):
    assert run("--version").stdout == f"kubeaid-ci {kubeaid_ci.__version__}\n"


def test_help_lists_every_command_with_the_line_it_gives_itself(run):
    text = run("--help").stdout
    for name, (_, line) in COMMANDS.items():
        assert line in text
        command = cli.cli.get_command(click.Context(cli.cli), name)
        assert command is not None
        assert "Example:" in (command.help or ""), f"{name} --help shows no example"


def test_options_before_and_after_the_command_are_the_same(run, repos_options):
    before = run(*repos_options, "--format", "json", "clusters")
    after = run("clusters", *repos_options, "--format", "json")
    assert before.returncode == after.returncode == 0, before.stderr
    assert json.loads(before.stdout) == json.loads(after.stdout)


def test_build_exits_with_0_and_its_json_has_the_contracts_fields(run, repos_options):
    done = run("build", *repos_options, "--format", "json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert list(told) == ["schema", "command", "version", "revisions", "summary", "results", "findings"]
    assert (told["schema"], told["command"]) == ("kubeaid-ci/v1", "build")
    assert list(told["results"][0]) == [
        "cluster",
        "dir",
        "release",
        "kubeaid_revision",
        "status",
        "written",
        "removed",
        "error",
        "changes",
        "seconds",
        "cached",
    ]
    assert list(told["results"][0]["changes"][0]) == ["kind", "namespace", "name", "file", "action", "fields"]


def test_clusters_json_has_the_contracts_fields(run, repos_options):
    told = json.loads(run("clusters", *repos_options, "--format", "json").stdout)
    assert told["results"][1] == {
        "name": "two",
        "dir": "two.example.com",
        "vars_file": "k8s/two.example.com/two-vars.jsonnet",
        "platform": "aks",
        "kubernetes_version": "1.34.0",
        "release": "v0.17.0",
        "kubeaid_revision": None,
        "applications": [],
        "kubernetes_version_from": "default",
        "provider": None,
        "general_file": None,
    }


def test_matrix_is_one_line_for_a_ci_engine(run, repos_options):
    done = run("clusters", *repos_options, "--format", "matrix")
    assert done.stdout.count("\n") == 1
    assert json.loads(done.stdout) == {
        "include": [{"cluster": "one", "dir": "one"}, {"cluster": "two", "dir": "two.example.com"}]
    }


def test_check_exits_with_1_where_manifests_are_stale(run, repos_options):
    done = run("build", "--check", *repos_options)
    assert done.returncode == 1
    assert "build/stale" in done.stdout
    assert run("build", "--check", "--fail-on", "never", *repos_options).returncode == 0


def test_failed_cluster_exits_with_2_and_the_others_are_built(run, two, repos_options):
    repos.write(two.config, {"k8s/one/one-vars.jsonnet": "{"})
    done = run("build", *repos_options)
    assert done.returncode == 2
    assert "k8s/one/one-vars.jsonnet:1: error build/vars-invalid:" in done.stdout
    assert (two.config / "k8s/two.example.com/kube-prometheus").is_dir()
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["build", "nope"], "nope: no such cluster; there are: "),
        (["build", "--engine", "zork"], "'zork' is not one of"),
        (["build", "--kubeaid-ref", "9.9.9"], "not a Git repository, so it has no revision 9.9.9"),
        (["zork"], "No such command 'zork'"),
        (["build", "--jobs", "0"], "0 is not in the range"),
        (["build", "--report", "zork=x"], "is not FORMAT=FILE"),
    ],
)
def test_wrong_usage_exits_with_2_and_one_message(run, repos_options, arguments, message):
    done = run(*repos_options, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_no_repositories_say_which_option_names_them(run):
    assert "--kubeaid PATH" in run("build").stderr
    done = run("clusters")
    assert done.returncode == 2
    assert "--config-repo" in done.stderr


def test_environment_names_the_repositories(run, two):
    env = {"KUBEAID_CI_CONFIG_REPO": str(two.config), "KUBEAID_CI_KUBEAID": str(two.kubeaid)}
    assert run("build", env=env).returncode == 0


def test_settings_file_is_read_and_the_command_line_wins(run, two):
    repos.write(two.config, {".kubeaid-ci.yaml": f"kubeaid: {two.kubeaid}\nfail-on: never\n"})
    assert run("build", "--check", "--config-repo", two.config).returncode == 0
    assert run("build", "--check", "--config-repo", two.config, "--fail-on", "error").returncode == 1


def test_unknown_setting_names_the_nearest_right_one(run, two, repos_options):
    repos.write(two.config, {".kubeaid-ci.yaml": "fail_on: never\n"})
    done = run("build", *repos_options)
    assert done.returncode == 2
    assert ".kubeaid-ci.yaml:1" in done.stderr
    assert "fail-on" in done.stderr


def test_a_suppressed_finding_does_not_fail_the_run(run, two, repos_options):
    text = "suppress:\n  - rule: build/stale\n    subject: '*'\n    reason: built by a later job\n"
    repos.write(two.config, {".kubeaid-ci.yaml": text})
    done = run("build", "--check", *repos_options, "--format", "json")
    assert done.returncode == 0
    assert {finding["suppressed_by"] for finding in json.loads(done.stdout)["findings"]} == {"built by a later job"}


def test_reports_are_written_beside_the_output(run, tmp_path, repos_options):
    wanted = ["json", "markdown", "sarif", "junit", "codeclimate", "html"]
    options = [option for name in wanted for option in ("--report", f"{name}={tmp_path / name}")]
    assert run("build", "--check", *repos_options, *options).returncode == 1
    assert all((tmp_path / name).stat().st_size for name in wanted)
    assert json.loads((tmp_path / "sarif").read_text())["version"] == "2.1.0"


def test_each_cluster_of_a_build_is_printed_once(run, repos_options):
    built = run("build", *repos_options)
    assert built.stderr == ""
    assert [line.split()[0] for line in built.stdout.splitlines() if "v0.17.0" in line] == ["one", "two"]


def test_check_says_what_a_build_would_do(run, repos_options):
    checked = run("build", "--check", *repos_options)
    assert checked.stdout.count("would change") == 2
    assert "written 0, would write 7" in checked.stdout
    summary = json.loads(run("build", "--check", "--format", "json", *repos_options).stdout)["summary"]
    assert (summary["changed"], summary["written"], summary["would_write"]) == (2, 0, 7)


@pytest.mark.parametrize("file", ["k8s/README.md", "k8s/edge/README.md", None])
def test_build_of_no_cluster_is_a_warning(run, two, file):
    (two.config / "empty/k8s").mkdir(parents=True)
    repos.write(two.config, {f"empty/{file}": ""} if file else {})
    done = run("build", "--config-repo", two.config / "empty", "--kubeaid", two.kubeaid)
    assert done.returncode == 0
    assert "k8s: warning build/nothing-built: nothing was built: k8s/ has no cluster" in done.stdout


def test_verbose_says_what_is_no_cluster(run, two, repos_options):
    repos.write(two.config, {"k8s/docs/README.md": "x"})
    assert (
        "k8s/docs: no argocd-apps/ and no *-vars.jsonnet, so not a cluster"
        in run("clusters", "-v", *repos_options).stderr
    )


def test_nothing_is_left_in_the_home_but_the_cache(run, tmp_path, repos_options):
    (tmp_path / "home").mkdir()
    run("build", *repos_options)
    assert [path.name for path in (tmp_path / "home").iterdir()] == [".cache"]
    assert [path.name for path in (tmp_path / "home/.cache").iterdir()] == ["kubeaid-ci"]
    run("build", "--no-cache", *repos_options, env={"HOME": str(tmp_path / "home2")})
    assert not (tmp_path / "home2").exists()


def test_a_bug_of_ours_exits_with_4_and_is_no_finding(monkeypatch, capsys):
    def broken(*_, **__):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(cli, "_invoke", broken)
    with pytest.raises(SystemExit) as exit_:
        cli.main()
    assert exit_.value.code == 4
    assert (
        "internal error: ZeroDivisionError: oops; please report it with the output of --debug"
        in capsys.readouterr().err
    )


def test_interrupted_exits_with_130(monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_invoke", interrupted)
    with pytest.raises(SystemExit) as exit_:
        cli.main()
    assert exit_.value.code == 130


def test_demo_runs_offline_and_ends_well(run, tmp_path):
    done = run("demo", tmp_path / "demo")
    assert done.returncode == 0, done.stderr
    assert "$ kubeaid-ci build" in done.stdout
    assert "spec.retention" in done.stdout
    remote = tmp_path / "demo/remote.git"
    assert repos.git(remote, "branch", "--list").split() == ["kubeaid-ci/kube-prometheus", "*", "main"]
    assert "retention: 14d" in repos.git(remote, "show", "kubeaid-ci/kube-prometheus")
    assert "<!-- kubeaid-ci:start -->" in done.stdout
    assert "identical 1, different 0" in done.stdout
    assert "error chart/file-modified: templates/deployment.yaml differs from the published hello 1.2.0" in done.stdout
    assert "change/image-registry-new" in done.stdout
    assert "0 errors, 3 warnings" in done.stdout
    assert "kind: NetworkPolicy" in done.stdout
    again = run("demo", tmp_path / "demo")
    assert again.returncode == 2
    assert "not empty" in again.stderr


def test_start_up_loads_nothing_heavy():
    code = (
        "import sys; from kubeaid_ci.cli.main import cli\n"
        "try: cli(['--version'], standalone_mode=False)\n"
        "finally: print(sorted({'rich', 'yaml', 'rjsonnet', 'requests', 'github', 'gitlab', 'git'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": ROOT},
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_build_from_the_cache_does_not_load_gitpython(repos_options, tmp_path):
    code = (
        "import sys; from kubeaid_ci.cli.main import cli\n"
        f"try: cli(['build', *{[str(option) for option in repos_options]!r}], standalone_mode=False)\n"
        "finally: print(sorted({'git', 'gitdb', 'requests'} & set(sys.modules)))"
    )
    env = os.environ | {"PYTHONPATH": ROOT, "KUBEAID_CI_CACHE": str(tmp_path / "cache")}
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True)
    assert "cached 2" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_build_does_not_load_what_renders_charts(tmp_path):
    code = (
        "import sys; from kubeaid_ci.cli.main import cli\n"
        f"try: cli(['build', '--config-repo', {str(tmp_path / 'missing')!r}], standalone_mode=False)\n"
        "except Exception: print(*(f'kubeaid_ci.{name}' in sys.modules for name in ('build.build', 'render.render')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": ROOT},
        check=True,
    )
    assert done.stdout == "True False\n"


@pytest.mark.parametrize(("command", "default"), [("build", "worktree"), ("render", "worktree"), ("diff", "pinned")])
def test_help_names_the_default_of_the_command(run, command, default):
    assert f"KubeAid revision to use (default: {default})." in run(command, "--help").stdout


@pytest.mark.parametrize(
    ("env", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "0"}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_colours_follow_the_usual_variables(run, repos_options, env, coloured):
    done = run("build", "--check", *repos_options, env=env)
    assert ("\x1b[" in done.stdout) is coloured


TYPOS = [
    (["bild"], "No such command 'bild'; did you mean build?"),
    (["dif"], "No such command 'dif'; did you mean diff?"),
    (["zzz"], "No such command 'zzz'; there are: build, bundle, charts, "),
    (["charts", "verfy"], "No such command 'verfy'; did you mean verify?"),
    (["charts", "zzz"], "No such command 'zzz'; there are: add, diff, "),
]


@pytest.mark.parametrize(("arguments", "message"), TYPOS)
def test_unknown_command_suggests_a_similar_one(run, arguments, message):
    done = run(*arguments)
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr


CONTRADICTIONS = [
    (["build", "-q", "-v"], "-q and -v contradict each other"),
    (["-q", "build", "-v"], "-q and -v contradict each other"),
    (["demo", "--format", "json"], "--format has no effect in the demo"),
    (["demo", "--jobs", "2", "--report", "json=x"], "--jobs, --report have no effect in the demo"),
    (["--fail-on", "never", "demo"], "--fail-on has no effect in the demo"),
    (["publish", "--forge", "none", "--auto-merge"], "--auto-merge has no effect with --forge none"),
    (["publish", "--forge", "none", "--labels", "a", "--draft"], "--draft, --labels have no effect with --forge none"),
]


@pytest.mark.parametrize(("arguments", "message"), CONTRADICTIONS)
def test_options_without_effect_are_usage_errors(run, repos_options, arguments, message):
    options = [] if "demo" in arguments else repos_options
    done = run(*arguments, *options)
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr


def test_options_of_the_environment_may_be_for_other_commands(run, tmp_path):
    assert run("demo", tmp_path / "demo", env={"KUBEAID_CI_FORMAT": "json", "KUBEAID_CI_JOBS": "1"}).returncode == 0


def test_demo_works_in_a_folder_named_from_here_and_prints_no_progress_if_quiet(run, tmp_path):
    done = run("demo", "-q", "demo", cwd=tmp_path)
    assert (done.returncode, "changed (" in done.stderr) == (0, False), done.stderr
    first = done.stdout.partition("Prometheus keeps data longer")[0]
    assert ("changed" in first, "cached)" in first) == (True, False)


@pytest.mark.parametrize("is_git", [True, False])
@pytest.mark.parametrize("below", ["k8s", "k8s/one", "k8s/one/deep/er"])
def test_config_repo_around_the_current_folder_is_used(run, two, below, is_git):
    if is_git:
        repos.commit(two.config)
    (two.config / below).mkdir(parents=True, exist_ok=True)
    done = run("build", "--kubeaid", two.kubeaid, cwd=two.config / below)
    assert done.returncode == 0, done.stderr
    assert (two.config / "k8s/one/kube-prometheus").is_dir()


def test_repository_in_a_config_repo_is_not_part_of_it(run, two):
    repos.write(two.config, {"vendored/README.md": ""})
    repos.commit(two.config)
    repos.git(two.config / "vendored", "init", "--quiet")
    done = run("build", "--kubeaid", two.kubeaid, cwd=two.config / "vendored")
    assert (done.returncode, "not a config repo: it has no folder k8s/" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--config-repo", "nowhere", "--kubeaid", "kubeaid"], "nowhere: no such folder; correct --config-repo"),
        (["--config-repo", "file", "--kubeaid", "kubeaid"], "file: is a file; name the folder of the repository"),
        (["--config-repo", "config", "--kubeaid", "nowhere"], "nowhere: no such folder; correct --kubeaid"),
        (["--config-repo", "config", "--kubeaid", "file"], "file: is a file; name the folder of the repository"),
        (["--config-repo", "config", "--kubeaid", "config"], "not a KubeAid checkout: it is a config repo; name"),
        (["--config-repo", "kubeaid", "--kubeaid", "kubeaid"], "not a config repo: it is a KubeAid repo; name"),
        (["--config-repo", "empty", "--kubeaid", "kubeaid"], "not a config repo: it has no folder k8s/"),
    ],
)
def test_each_wrong_repository_has_its_own_message(run, two, options, message):
    repos.write(two.config.parent, {"file": "", "empty/README.md": ""})
    done = run("build", *options, cwd=two.config.parent)
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("build/stael", "no such rule: build/stael; did you mean build/stale?"),
        ("chart/file-modifed", "did you mean chart/file-modified"),
        ("zzz", "no such rule: zzz"),
    ],
)
def test_suppression_of_an_unknown_rule_is_an_error(run, two, repos_options, rule, message):
    text = f"suppress:\n  - {{rule: build/stale, subject: one, reason: x}}\n  - {{rule: {rule}, subject: one, reason: x}}\n"
    repos.write(two.config, {".kubeaid-ci.yaml": text})
    done = run("build", *repos_options)
    assert (done.returncode, ".kubeaid-ci.yaml:3: suppress: " in done.stderr, message in done.stderr) == (2, True, True)


@pytest.mark.parametrize("name", [".kubeaid-ci.yml", "kubeaid-ci.yaml", "kubeaid-ci.yml"])
@pytest.mark.parametrize("of", ["config", "kubeaid"])
def test_settings_file_of_another_name_is_reported(run, two, repos_options, name, of):
    repos.write(getattr(two, of), {name: "fail-on: never\n"})
    done = run("build", *repos_options)
    assert done.returncode == 0
    assert f"{name} is not read; rename it to .kubeaid-ci.yaml" in done.stdout


def test_formats_in_the_help_are_those_there_are():
    assert tuple(FORMATS) == REPORT_FORMATS


@pytest.mark.parametrize("command", [["demo"], ["bundle", "verify"], ["upgrade"]])
def test_help_does_not_show_options_without_effect(run, command):
    assert "--kubeaid-ref" not in run(*command, "--help").stdout
    done = run(*command, "--kubeaid-ref", "HEAD", *(["--to", "latest"] if command == ["upgrade"] else ["none"]))
    assert done.returncode == 2
    assert "no effect" in done.stderr


@pytest.mark.parametrize("command", [["publish"], ["charts", "update"], ["charts", "add"]])
def test_help_of_commands_with_many_options_has_groups_and_every_option_once(run, command):
    text = run(*command, "--help").stdout
    titles = [line for line in text.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert titles == ["Options:", "Change request:", "Commits:", "Forge:", "Network:", "Common options:"]
    found = cli.cli
    for word in command:
        found = found.get_command(click.Context(found), word)
    options = [one for one in found.params if isinstance(one, click.Option) and not one.hidden]
    flags = [max(option.opts, key=len) for option in options]
    assert [flag for flag in flags if len(re.findall(rf"^  (?:-\w, )?{flag}\b(?!-)", text, re.MULTILINE)) != 1] == []
