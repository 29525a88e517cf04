"""The runner of these tests does as GitHub's does, so that what it runs means something."""

from pathlib import Path

import pytest

from tests.actions.runner import NAME, Runner

CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1"


@pytest.fixture
def runner(node: None, tmp_path: Path, path: str) -> Runner:
    github = {"repository": "acme/x", "repository_owner": "acme", "server_url": "http://127.0.0.1:9", "token": "t0ken"}
    return Runner(tmp_path, tmp_path / "nothing", path, github)


def job(steps: str) -> str:
    """A workflow of one job with these steps."""
    lines = steps.strip("\n").split("\n")
    return "\n".join(
        ["on: push", "jobs:", "  a:", "    runs-on: x", "    steps:", *(f"      {line}" for line in lines)]
    )


def test_files_of_a_step_reach_the_next(runner: Runner) -> None:
    run = runner.run(
        job(
            """
- id: one
  shell: bash
  run: |
    echo "COLOUR=green" >> "$GITHUB_ENV"
    printf 'text<<EOF\\ntwo\\nlines\\nEOF\\nplain=a=b\\n' >> "$GITHUB_OUTPUT"
    mkdir bin; printf '#!/bin/sh\\necho found\\n' > bin/mine; chmod +x bin/mine; echo "$PWD/bin" >> "$GITHUB_PATH"
    echo '# Summary' >> "$GITHUB_STEP_SUMMARY"
- run: mine; echo "$COLOUR ${{ steps.one.outputs.plain }} ${{ env.COLOUR }} $CI $GITHUB_ACTIONS"
- run: echo "$TEXT"
  env: {TEXT: '${{ steps.one.outputs.text }}', COLOUR: red}
"""
        )
    )
    (done,) = run.jobs
    assert [step.raw for step in done.steps[1:]] == ["found\ngreen a=b green true true\n", "two\nlines\n"]
    assert done.steps[0].summary == "# Summary\n"


def test_a_failure_skips_what_follows_but_what_asks_for_it(runner: Runner) -> None:
    run = runner.run(
        job(
            """
- run: 'false | true'
- {run: 'false | true', shell: bash, continue-on-error: true, id: borne}
- run: echo ${{ steps.borne.outcome }} ${{ steps.borne.conclusion }}
- run: exit 3
- run: echo never
- {run: echo failed, if: failure()}
- {run: echo always, if: '${{ !cancelled() }}'}
- {run: echo never, if: "failure() && github.repository == 'acme/y'"}
"""
        )
    )
    (done,) = run.jobs
    outcomes = [step.outcome[:4] for step in done.steps]
    assert outcomes == ["succ", "fail", "succ", "fail", "skip", "succ", "succ", "skip"]
    assert (run.result, done.steps[2].raw) == ("failure", "failure success\n")
    assert "Error: Process completed with exit code 3." in run.log


COMPOSITE = """
name: mine
description: for a test
inputs:
  given: {description: x}
  left: {description: x, default: "${{ github.repository }}"}
  empty: {description: x}
outputs:
  both: {description: x, value: "${{ steps.say.outputs.both }}"}
runs:
  using: composite
  steps:
    - id: say
      shell: bash
      run: |
        echo "both=$GIVEN $LEFT" >> "$GITHUB_OUTPUT"
        echo "[$EMPTY] [$UNSET] [$FROM_STEP] $(basename "$GITHUB_ACTION_PATH")"
      env:
        GIVEN: ${{ inputs.given }}
        LEFT: ${{ inputs.left }}
        EMPTY: ${{ inputs.empty || env.FROM_STEP }}
        UNSET: ${{ env.NOBODY_SET }}
    - {shell: bash, run: exit 1, if: "inputs.given == 'bad'"}
"""
CALLS = """
- id: mine
  uses: $/mine
  with: {given: true, unknown: 1}
  env: {FROM_STEP: here}
- run: echo "${{ steps.mine.outputs.both }},${{ steps.say.outputs.both }}"
- {uses: $/mine, with: {given: bad}}
"""


def test_a_composite_action_has_its_inputs_defaults_and_outputs(runner: Runner, tmp_path: Path) -> None:
    runner.root = tmp_path / "ours"
    (runner.root / "mine").mkdir(parents=True)
    (runner.root / "mine/action.yml").write_text(COMPOSITE)
    run = runner.run(job(CALLS))
    (done,) = run.jobs
    assert [step.raw for step in done.steps if step.raw] == [
        "[here] [] [here] mine\n",
        "true acme/x,\n",
        "[] [] [] mine\n",
    ]
    assert "Unexpected input(s) 'unknown'" in run.log
    assert run.result == "failure"


def test_secrets_and_masks_do_not_reach_the_log_and_no_command_hides_after_stop_commands(runner: Runner) -> None:
    runner.secrets["KEY"] = "hunter2"
    steps = """
- run: |
    echo "$KEY $(printf %s "$KEY" | base64) ${{ github.token }}"
    echo "::add-mask::other"; echo "other secret"
    echo "::error file=a.yml,line=3::broken"
    echo "::stop-commands::x1"; echo "::error::not a command"; echo "::x1::"; echo "::notice::again"
  env: {KEY: '${{ secrets.KEY }}'}
"""
    run = runner.run(job(steps))
    assert "*** *** ***" in run.log
    assert "*** secret" in run.log
    assert "hunter2" not in run.log
    said = [(one["level"], one["properties"], one["message"]) for one in run.annotations]
    assert said == [("error", "file=a.yml,line=3", "broken"), ("notice", "", "again")]


JOBS = """
on: push
jobs:
  last: {needs: [many, none], if: '${{ !cancelled() }}', runs-on: x, steps: [{run: 'echo "${{ needs.many.outputs.n }} ${{ needs.none.result }}"'}]}
  many:
    name: number ${{ matrix.n }}
    needs: first
    strategy: {matrix: '${{ fromJSON(needs.first.outputs.matrix) }}'}
    runs-on: x
    outputs: {n: '${{ matrix.n }}', secret: 'a${{ secrets.KEY }}'}
    steps: [{run: 'echo ${{ matrix.n }}'}]
  none: {needs: first, if: "needs.first.outputs.matrix == ''", runs-on: x, steps: [{run: 'true'}]}
  first:
    runs-on: x
    outputs: {matrix: '${{ steps.a.outputs.matrix }}'}
    steps: [{id: a, run: 'echo "matrix={\\"include\\":[{\\"n\\":1},{\\"n\\":2}]}" >> "$GITHUB_OUTPUT"'}]
"""


def test_jobs_run_in_the_order_of_their_needs_and_a_matrix_for_each_of_its_lines(runner: Runner) -> None:
    runner.secrets["KEY"] = "hunter2"
    run = runner.run(JOBS)
    assert [(job.id, job.name, job.result) for job in run.jobs] == [
        ("first", "", "success"),
        ("many", "number 1", "success"),
        ("many", "number 2", "success"),
        ("none", "", "skipped"),
        ("last", "", "success"),
    ]
    assert run.job("last").steps[0].raw == "2 skipped\n"
    assert run.job("many").outputs == {"n": "1"}, "an output that holds a secret is dropped"


REFUSED = {
    "a right that the caller lacks": (
        "permissions: {contents: read}\n    with: {kubeaid: a/b}",
        "is requesting 'contents: write'",
    ),
    "an input that nobody knows": ("with: {kubeaid: a/b, base-branch: x}", "base-branch is not defined"),
    "no input where one is needed": ("with: {base: x}", "Input kubeaid is required"),
    "an input of another type": ("with: {kubeaid: a/b, shards: many}", "Input shards is no number"),
    "a secret that nobody knows": ("with: {kubeaid: a/b}\n    secrets: {tokn: x}", "tokn is not defined"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_call_of_a_workflow_is_refused_before_it_starts(runner: Runner, what: str) -> None:
    text, message = REFUSED[what]
    call = f"on: push\njobs:\n  a:\n    uses: {NAME}/.github/workflows/rebuild-config-repo.yml@main\n    {text}\n"
    with pytest.raises(AssertionError, match=message):
        runner.run(call)


def test_a_right_of_a_job_that_would_be_skipped_is_asked_for_too(runner: Runner) -> None:
    call = f"uses: {NAME}/.github/workflows/verify-charts.yml@main\n    permissions: {{contents: read}}"
    with pytest.raises(AssertionError, match="'a / online' is requesting 'issues: write'"):
        runner.run(f"on: push\njobs:\n  a:\n    {call}\n    with: {{online: false}}\n")


@pytest.mark.parametrize(
    "uses", ["actions/checkout@v7", CHECKOUT.replace("checkout", "stale"), f"{NAME}/actions/build"]
)
def test_an_action_that_nobody_plays_or_pinned_stops_the_run(runner: Runner, uses: str) -> None:
    with pytest.raises(AssertionError, match=r"nothing stands in for it|without a revision|Expected format"):
        runner.run(job(f"- uses: {uses}"))
