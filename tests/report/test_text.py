from dataclasses import replace

import pytest

from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.report.blocks import Section, Table, item_list
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
    help: Argo CD applies something else. Build and commit.
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


def finding(subject: str, message: str = "no such key", path: str | None = None) -> Finding:
    rule = Rule("chart/x", Severity.WARNING, "It does nothing. Remove it.")
    return rule.at(path, message, subject=subject)


def test_equal_findings_are_one_line_with_every_subject() -> None:
    found = [finding(f"{name}/web", path=f"k8s/{name}/values.yaml") for name in ("one", "two", "three")]
    other = finding("one/web", "another message", "k8s/one/values.yaml")
    report = replace(build_report(), results=(), findings=(*found, other), summary={})
    assert render(report).splitlines() == [
        "k8s/one/values.yaml: warning chart/x: another message [one/web]",
        "    help: It does nothing. Remove it.",
        "k8s/one/values.yaml: warning chart/x: no such key [one/web, three/web, two/web]",
        "build: 4 warnings",
    ]


def test_two_places_of_one_subject_are_two_lines() -> None:
    found = [finding("one/web", path=path) for path in ("a.yaml", "b.yaml")]
    report = replace(build_report(), results=(), findings=tuple(found), summary={})
    assert [line.split(":")[0] for line in render(report).splitlines()[::2]][:2] == ["a.yaml", "b.yaml"]


@pytest.mark.parametrize(("verbose", "most", "shown"), [(False, None, 30), (False, 5, 5), (True, 5, 30)])
def test_a_screen_shows_the_first_findings_and_counts_the_others(verbose: bool, most: int | None, shown: int) -> None:
    found = tuple(finding(f"c{number:02}/web", f"message {number:02}") for number in range(30))
    report = replace(build_report(), results=(), findings=found, summary={})
    texts = [line.text for line in lines(report, verbose=verbose, most=most)]
    assert sum("warning chart/x" in text for text in texts) == shown
    assert ("25 more findings; show them with -v or --format markdown" in texts) == (shown == 5)


@pytest.mark.parametrize(("count", "verbose", "shown"), [(40, False, True), (41, False, False), (41, True, True)])
def test_long_details_are_shown_on_request(count: int, verbose: bool, shown: bool) -> None:
    details = (Section("Images", (item_list(f"image {number}" for number in range(count - 1)),)),)
    report = replace(build_report(), results=(), findings=(), summary={}, details=details)
    texts = [line.text for line in lines(report, verbose=verbose)]
    assert ("  image 7" in texts) == shown
    assert ("details: 41 lines; show them with -v or --format markdown" in texts) == (not shown)


@pytest.mark.parametrize(
    ("verbose", "width", "is_whole"), [(False, None, True), (True, 80, True), (False, 80, False), (False, 120, True)]
)
def test_cell_of_a_table_is_cut_only_on_a_screen(verbose: bool, width: int | None, is_whole: bool) -> None:
    url = f"https://git.example.com/{'group/' * 10}config/-/merge_requests/7"
    report = replace(build_report(), table=Table(("request", "state"), ((url, "open"),)), findings=())
    shown = [line.text for line in lines(report, verbose=verbose, width=width)]
    assert (f"{url}  open" in shown) is is_whole
    assert is_whole or f"{url[:79]}…  open" in shown
