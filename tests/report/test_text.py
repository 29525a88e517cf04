from dataclasses import replace

from kubeaid_ci.report.text import Kind, lines, render
from tests.report.samples import build_report, hostile_report

EXPECTED = """\
CLUSTER  DIR   RELEASE  KUBEAID REVISION  STATUS     ERROR          SECONDS  WRITTEN  CHANGES  CACHED
prod     prod  v0.17.0  26.1.0            failed     line 3 is bad  0.00
stage    st    v0.16.0                    changed                   0.00     2        1
edge     edge  v0.16.0                    unchanged                 0.02                       yes
k8s/prod/prod-vars.jsonnet:2: error build/vars-invalid: no such variable: w
    help: It will not build. Correct the line.
k8s/prod/prod-vars.jsonnet:3: error build/vars-invalid: no such variable: x
      2 | {
    > 3 | x
k8s/st/kube-prometheus/p.yaml: warning build/stale: replicas differ [stage]
    help: ArgoCD applies something else. Build and commit.
.kubeaid-ci.yaml:8: info suppression-unused: matches nothing [build/stale]
    help: It silences nothing. Remove it.
build: 2 errors, 1 warning, 1 info (1 suppressed); clusters 3, changed 1
"""


def test_the_worst_comes_first_help_once_and_the_summary_last() -> None:
    assert render(build_report()) == EXPECTED


def test_silence_is_said() -> None:
    assert render(replace(build_report(), results=(), findings=(), summary={})) == "build: no findings\n"


def test_hostile_text_cannot_reach_the_terminal_or_start_a_line() -> None:
    text = render(hostile_report())
    assert all(letter == "\n" or letter.isprintable() for letter in text)
    assert text.count("error build/vars-invalid") == 1
    assert not any(line.startswith("::") for line in text.splitlines())
    assert [line.kind for line in lines(hostile_report())] == [
        Kind.HEADING,
        Kind.ROW,
        Kind.ERROR,
        Kind.ERROR,
        Kind.HELP,
        Kind.SUMMARY,
    ]
