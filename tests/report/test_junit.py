from dataclasses import replace
from xml.etree.ElementTree import Element, fromstring

from kubeaid_ci.report.junit import render
from kubeaid_ci.visible import one_line
from tests.report.samples import HOSTILE, STALE, build_report, hostile_report


def suite_of(report) -> Element:
    root = fromstring(render(report).encode())
    assert root.tag == "testsuites"
    (suite,) = root
    return suite


def case_of(suite: Element, name: str) -> Element:
    (case,) = [case for case in suite if case.get("name") == name]
    return case


def test_there_is_a_case_for_each_subject_and_family_and_for_each_result_without_findings() -> None:
    suite = suite_of(build_report())
    assert [(case.get("classname"), case.get("name")) for case in suite] == [
        ("suppression-unused", "build/stale"),
        ("build", "prod"),
        ("build", "stage"),
        ("build", "edge"),
    ]
    assert {name: suite.get(name) for name in ("name", "tests", "failures", "skipped", "errors")} == {
        "name": "kubeaid-ci build",
        "tests": "4",
        "failures": "1",
        "skipped": "0",
        "errors": "0",
    }


def test_errors_fail_the_case_in_one_failure() -> None:
    case = case_of(suite_of(build_report()), "prod")
    (failure,) = case
    assert case.get("file") == "k8s/prod/prod-vars.jsonnet"
    assert failure.get("message") == "no such variable: w (and 1 more)"
    assert failure.get("type") == "build/vars-invalid"
    assert "prod-vars.jsonnet:3: error build/vars-invalid: no such variable: x\n  2 | {" in (failure.text or "")


def test_warnings_pass_and_are_the_output() -> None:
    (output,) = case_of(suite_of(build_report()), "stage")
    assert output.tag == "system-out"
    assert "replicas differ" in (output.text or "")
    assert "by hand" not in (output.text or "")


def test_a_case_whose_findings_are_all_suppressed_is_skipped() -> None:
    silent = STALE.at("a", "x", subject="stage").suppressed("until Monday")
    suite = suite_of(replace(build_report(), findings=(silent,)))
    (skipped,) = case_of(suite, "stage")
    assert (skipped.tag, skipped.get("message")) == ("skipped", "until Monday")


def test_a_result_that_failed_without_findings_fails_with_its_own_error() -> None:
    suite = suite_of(replace(build_report(), findings=()))
    assert case_of(suite, "prod")[0].get("message") == "line 3 is bad"
    assert len(case_of(suite, "edge")) == 0


def test_hostile_text_is_valid_xml_and_visible() -> None:
    suite = suite_of(hostile_report())
    failure = case_of(suite, one_line(HOSTILE))[0]
    assert "<script>" in (failure.text or "")
    assert r"\x1b[2J" in (failure.text or "")
