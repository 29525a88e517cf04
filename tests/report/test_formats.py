import pytest

from kubeaid_ci.report.formats import FORMATS
from tests.report.samples import build_report, hostile_report


def test_the_formats_are_those_of_the_command_line() -> None:
    assert list(FORMATS) == ["text", "json", "markdown", "sarif", "junit", "codeclimate", "html"]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_the_same_each_time_ends_in_a_line_break_and_can_be_encoded(name: str) -> None:
    for report in (build_report(), hostile_report()):
        shown = FORMATS[name](report)
        assert shown == FORMATS[name](report)
        assert shown.endswith("\n")
        assert shown.encode("utf-8")
