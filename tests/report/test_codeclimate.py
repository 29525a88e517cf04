import json
from dataclasses import replace

from kubeaid_ci.report.codeclimate import render
from tests.report.samples import INVALID, build_report, hostile_report


def test_a_violation_has_the_fields_that_gitlab_reads() -> None:
    finding = build_report().findings[3]
    assert json.loads(render(build_report()))[0] == {
        "description": "no such variable: w",
        "check_name": "build/vars-invalid",
        "fingerprint": finding.fingerprint,
        "severity": "critical",
        "location": {"path": "k8s/prod/prod-vars.jsonnet", "lines": {"begin": 2}},
    }


def test_suppressed_findings_are_left_out_and_severities_are_gitlabs() -> None:
    violations = json.loads(render(build_report()))
    assert [violation["severity"] for violation in violations] == ["critical", "critical", "major", "info"]


def test_the_same_finding_on_two_lines_has_two_fingerprints_that_stay() -> None:
    twice = tuple(INVALID.at("a", "x", subject="s", line=line) for line in (1, 2))
    moved = tuple(INVALID.at("a", "x", subject="s", line=line) for line in (5, 9))
    prints = [
        [violation["fingerprint"] for violation in json.loads(render(replace(build_report(), findings=findings)))]
        for findings in (twice, moved)
    ]
    assert prints[0] == prints[1]
    assert len(set(prints[0])) == 2


def test_a_finding_without_a_path_is_at_line_one_of_its_subject() -> None:
    report = replace(build_report(), findings=(INVALID.at(None, "x", subject="prod"),))
    assert json.loads(render(report))[0]["location"] == {"path": "prod", "lines": {"begin": 1}}


def test_hostile_text_is_on_one_visible_line() -> None:
    (violation,) = json.loads(render(hostile_report()))
    assert violation["description"].isprintable()
    assert violation["location"]["path"].isprintable()


def test_no_findings_are_an_empty_list() -> None:
    assert render(replace(build_report(), findings=())) == "[]\n"
