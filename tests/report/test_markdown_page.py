from dataclasses import replace

from markdown_it import MarkdownIt

from kubeaid_ci.report.markdown import GAP
from kubeaid_ci.report.markdown_page import parts, render
from tests.report.samples import INVALID, build_report, hostile_report

EXPECTED = """\
## kubeaid-ci build

| Summary |  |
| --- | --- |
| clusters | 3 |
| changed | 1 |
| errors | 2 |
| warnings | 1 |
| infos | 1 |
| suppressed | 1 |

### Errors (2)

| Where | About | What | Rule |
| --- | --- | --- | --- |
| `k8s/prod/prod-vars.jsonnet:2` | prod | no such variable: w | `build/vars-invalid` |
| `k8s/prod/prod-vars.jsonnet:3` | prod | no such variable: x | `build/vars-invalid` |

`k8s/prod/prod-vars.jsonnet:3`

```
  2 | {
> 3 | x
```

- `build/vars-invalid`: It will not build. Correct the line.

### Warnings (1)
"""


def test_the_page_begins_with_the_summary_and_the_errors() -> None:
    assert render(build_report()).startswith(EXPECTED)


def test_the_page_goes_on_with_results_and_folded_sections() -> None:
    page = render(build_report())
    assert page.index("### Infos (1)") < page.index("### Results") < page.index("<summary>stage</summary>")
    assert "| stage | st | v0.16.0 |  | changed |" in page
    assert "by hand" not in page


def test_a_run_without_findings_says_that_there_are_no_errors() -> None:
    page = render(replace(build_report(), findings=(), results=(), sections=()))
    assert page.endswith("| changed | 1 |\n| errors | 0 |\n")


def test_many_findings_are_split_into_parts_that_fit_a_comment() -> None:
    findings = tuple(INVALID.at("a", "x" * 1000, subject="s", line=n) for n in range(1, 251))
    errors = [part for part in parts(replace(build_report(), findings=findings)) if part.startswith("### Err")]
    assert [part.splitlines()[0] for part in errors] == [
        "### Errors (250), 1 to 100",
        "### Errors (250), 101 to 200",
        "### Errors (250), 201 to 250",
    ]
    assert max(map(len, errors)) < 65_536


def test_hostile_text_changes_nothing_about_the_shape_of_the_page() -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(render(hostile_report()))
    assert not [token for token in tokens if token.type == "html_block"]
    spans = [child for token in tokens for child in token.children or []]
    assert {child.type for child in spans} <= {"text", "code_inline"}
    assert "fixes #1" not in render(hostile_report()).replace(f"fixes{GAP} #1", "")
