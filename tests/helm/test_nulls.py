import time

import pytest

from kubeaid_ci.helm.value_files import may_depend_on_helm


@pytest.mark.parametrize(
    "text",
    [
        "a: ~", "a: null", "a: NULL # none", "a:", "a:\n", "a:\nb: 1", "a:\n  # nothing\nb: 1", "a:\r\nb: 1\r\n",
        "a:\n  b:\n  c: 1", "a: !!null", "a: &x\nb: 1", "a: {b: }", "a: {b, c: 1}", "{a: null}",
        '{"a": {"b": null}}', "a: 1\n---\nb: 2", "'a':\nb: 1", '"a": # none\nb: 1', "a: # x:\nb: 1",
    ],
)  # fmt: skip
def test_what_may_depend(text):
    assert may_depend_on_helm(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "a: 1", "a:\n- b:\n  c: 1", "? a\n: 1", "a: |\n  text:\nb: 1", "a:\n  b: 1", "a:\n- 1\n- 2\nb: 1", "a:\n  # null\n  b: 1", "# a: null\nb: 1", "---\na: 1", "a: {}\nb: []",
        "a: {b: 1, c: {d: x}}", '{"a": {"b": 1}}', "a: nullable", "a: 'x:'\nb: 1", "a:\n\n  b: 1\n\nc: 1",
    ],
)  # fmt: skip
def test_what_does_not(text):
    assert not may_depend_on_helm(text)


@pytest.mark.parametrize(
    "line", ["a: " + "&" * 100_000 + " y", "- " * 50_000 + "!", "\n" * 100_000 + "!", "a: " + "!a " * 30_000]
)
def test_a_line_that_repeats_itself_takes_linear_time(line: str) -> None:
    """The first one took hours from sixty characters on."""
    start = time.process_time()
    may_depend_on_helm(f"b: 1\n{line}\n")
    assert time.process_time() - start < 5
