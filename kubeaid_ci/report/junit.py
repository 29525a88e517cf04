"""The report as JUnit XML, for the test tabs of forges.

Format: https://github.com/testmoapp/junitxml, of which GitLab reads
https://docs.gitlab.com/ci/testing/unit_test_reports/
"""

from collections.abc import Iterable, Iterator, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.report import outcome
from kubeaid_ci.report.json import plain
from kubeaid_ci.report.report import Report
from kubeaid_ci.visible import one_line, visible


def render(report: Report) -> str:
    """Return one test case for each subject and family of rules.

    It fails where there are errors and is skipped where all it has is suppressed; warnings and infos
    are its output. A result about which nothing was found passes, or fails with its own `error`.
    """
    suite = Element("testsuite", name=f"kubeaid-ci {report.command}")
    for (subject, family), findings in sorted(_cases(report.findings).items()):
        _add_case(suite, subject, family, findings)
    for subject, error in _silent(report):
        case = SubElement(suite, "testcase", classname=report.command, name=subject)
        if error:
            SubElement(case, "failure", type="failed", message=one_line(error)).text = visible(error)
    _count(suite)
    root = Element("testsuites", {**suite.attrib, "name": "kubeaid-ci"})
    root.append(suite)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _cases(findings: Iterable[Finding]) -> dict[tuple[str, str], list[Finding]]:
    cases: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        cases.setdefault((one_line(finding.subject), finding.rule.family), []).append(finding)
    return cases


def _add_case(suite: Element, subject: str, family: str, findings: Sequence[Finding]) -> None:
    case = SubElement(suite, "testcase", classname=family, name=subject)
    path = next((finding.path for finding in findings if finding.path), None)
    if path is not None:
        case.set("file", one_line(path))
    spoken = outcome.speaking(findings)
    errors = [finding for finding in spoken if finding.severity is Severity.ERROR]
    others = [finding for finding in spoken if finding.severity is not Severity.ERROR]
    if errors:
        _add_failure(case, errors)
    elif not spoken:
        SubElement(case, "skipped", message=one_line(findings[0].suppressed_by or ""))
    if others:
        SubElement(case, "system-out").text = _listed(others)


def _add_failure(case: Element, errors: Sequence[Finding]) -> None:
    """Add one failure with all findings: GitLab reads only the first failure of a test case."""
    first = one_line(errors[0].message)
    message = first if len(errors) == 1 else f"{first} (and {len(errors) - 1} more)"
    failure = SubElement(case, "failure", type=errors[0].rule.id, message=message)
    failure.text = _listed(errors)


def _listed(findings: Iterable[Finding]) -> str:
    return "\n".join(
        f"{one_line(outcome.place(finding))}: {finding.severity} {finding.rule.id}: "
        f"{visible(finding.message)}\n{finding.rule.help}"
        for finding in findings
    )


def _silent(report: Report) -> Iterator[tuple[str, str]]:
    """Yield the results without findings: the text in the first field, and that in the field `error`."""
    spoken = {one_line(finding.subject) for finding in report.findings}
    for result in map(plain, report.results):
        subject = next(iter(result.values()), None) if isinstance(result, dict) else None
        if isinstance(subject, str) and one_line(subject) not in spoken:
            yield one_line(subject), str(result.get("error") or "")


def _count(suite: Element) -> None:
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("skipped", str(len(suite.findall("testcase/skipped"))))
    suite.set("errors", "0")
