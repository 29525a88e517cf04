from dataclasses import replace

from kubeaid_ci.charts import rules
from kubeaid_ci.charts.report import verification
from kubeaid_ci.charts.verify.verdict import (
    ChartResult,
    ChartStatus,
    Effects,
    FileAction,
    FileChange,
    Side,
    Verification,
)
from kubeaid_ci.report.blocks import Paragraph
from kubeaid_ci.report.formats import FORMATS

RULES = {rule.id: rule for rule in rules.RULES}
FILE = FileChange("values.yaml", FileAction.MODIFIED, "@@ -1,1 +1,1 @@\n-a: 1\n+a: 2")


def result(name, status, *files):
    return ChartResult(name, name, "1.2.3", "https://charts.example.com", status, None, files)


EDITED = result("b", ChartStatus.DIFFERENT, FILE, FileChange("x", FileAction.ADDED, ""))
UNSURE = result("a", ChartStatus.UNVERIFIABLE)
CLEAN = result("c", ChartStatus.IDENTICAL)


def report(*results, findings=(), ledger=()):
    return verification(Verification(results, findings, ledger), version="1")


def test_only_what_differs_or_is_told_has_a_row_the_worst_first():
    finding = RULES["chart/unverifiable"].at(None, "gone", subject="a/a")
    shown = report(UNSURE, EDITED, CLEAN, findings=(finding,))
    assert shown.table.rows == (
        ("b/b", "1.2.3", "different", "1 added, 1 modified", "", "https://charts.example.com"),
        ("a/a", "1.2.3", "unverifiable", "", "", "https://charts.example.com"),
    )
    assert report(UNSURE, CLEAN).table.rows == ()
    assert shown.summary == {"charts": 3, "identical": 1, "different": 1, "unverifiable": 1, "local": 0}


def test_a_long_difference_is_cut_on_a_terminal_and_whole_in_markdown():
    long = FileChange("x", FileAction.ADDED, "\n".join(f"+{number}" for number in range(100)))
    shown = report(result("b", ChartStatus.DIFFERENT, long))
    text, page = FORMATS["text"](shown), FORMATS["markdown"](shown)
    assert "… and 72 more lines; --format markdown has all" in text
    assert "+99" not in text
    assert "+99" in page


def test_each_difference_says_which_side_is_ours():
    assert "+ our copy" in FORMATS["text"](report(EDITED))
    republished = replace(EDITED, effects=Effects(Side.UPSTREAM))
    for name in ("text", "markdown"):
        assert "The publisher changed these files." in FORMATS[name](report(republished))


def test_many_files_are_counted():
    files = [FileChange(f"{number}", FileAction.ADDED, "+x") for number in range(130)]
    sections = report(result("b", ChartStatus.DIFFERENT, *files)).sections
    assert [section.title for section in sections] == ["What to do now", "b/b: 130 added"]
    assert sections[1].blocks[-1] == Paragraph("and 30 more files")


def test_what_was_written_to_the_ledger_is_told():
    shown = report(CLEAN, ledger=("added c/c 1.2.3",))
    assert "added c/c 1.2.3" in FORMATS["text"](shown)
    assert "added c/c 1.2.3" in FORMATS["markdown"](shown)
