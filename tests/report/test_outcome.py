import pytest

from kubeaid_ci.findings.finding import FailOn, Severity
from kubeaid_ci.report import outcome
from tests.report.samples import INVALID, STALE, UNUSED, build_report

ERROR = INVALID.at(None, "e", subject="s")
WARNING = STALE.at(None, "w", subject="s")
INFO = UNUSED.at(None, "i", subject="s")


@pytest.mark.parametrize(
    ("findings", "fail_on", "code"),
    [
        ([], FailOn.INFO, 0),
        ([ERROR], FailOn.ERROR, 1),
        ([WARNING, INFO], FailOn.ERROR, 0),
        ([WARNING], FailOn.WARNING, 1),
        ([ERROR], FailOn.WARNING, 1),
        ([INFO], FailOn.WARNING, 0),
        ([INFO], FailOn.INFO, 1),
        ([ERROR, WARNING, INFO], FailOn.NEVER, 0),
        ([ERROR.suppressed("known")], FailOn.INFO, 0),
        ([ERROR.suppressed("known"), WARNING], FailOn.WARNING, 1),
    ],
)
def test_findings_at_or_above_the_limit_fail_the_run(findings: list, fail_on: FailOn, code: int) -> None:
    assert outcome.exit_code(findings, fail_on) == code


def test_findings_are_in_order_of_severity_and_place_and_suppressed_ones_are_not_among_them() -> None:
    spoken = outcome.speaking(build_report().findings)
    assert [(f.severity, outcome.place(f)) for f in spoken] == [
        (Severity.ERROR, "k8s/prod/prod-vars.jsonnet:2"),
        (Severity.ERROR, "k8s/prod/prod-vars.jsonnet:3"),
        (Severity.WARNING, "k8s/st/kube-prometheus/p.yaml"),
        (Severity.INFO, ".kubeaid-ci.yaml:8"),
    ]


def test_a_severity_without_findings_has_no_group() -> None:
    assert list(outcome.by_severity([INFO, ERROR, WARNING.suppressed("x")])) == [
        Severity.ERROR,
        Severity.INFO,
    ]


def test_a_finding_without_a_path_is_at_its_subject() -> None:
    assert outcome.place(ERROR) == "s"


def test_the_report_says_its_own_summary_and_the_counts() -> None:
    assert outcome.summary(build_report()) == {
        "clusters": 3,
        "changed": 1,
        "errors": 2,
        "warnings": 1,
        "infos": 1,
        "suppressed": 1,
    }
