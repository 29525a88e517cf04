"""Every expression in the folder `expressions`: the reference's answer, or none.

To add a case add a line there. `later.txt` holds what go-jsonnet 0.20 and later versions answer differently.
"""

import json
import re

import _gojsonnet
import pytest

from tests.build.reference.answers import EXPRESSIONS, LEFT, REFUSED, lines, of_field, of_reference, of_rjsonnet, plain

# What one engine alone would not find: names that are not defined, in code that is not run.
_NAMES = {
    "local a = unknown; 5",
    "if false then unknown else 5",
    "{ a:: unknown }",
    "local f({ a }) = a; f({ a: 1 })",
}
_FILES = sorted(path.stem for path in EXPRESSIONS.glob("*.txt") if path.stem != "later")


@pytest.mark.parametrize("name", _FILES)
def test_answer_is_the_reference_s_or_is_left_to_it(name):
    differing = {}
    for code in lines(name):
        answer, expected = of_rjsonnet(code), of_reference(code)
        if answer not in (LEFT, expected) and code not in _NAMES:
            differing[code] = {"here": answer, "reference": expected}
    assert differing == {}


@pytest.mark.parametrize("name", _FILES)
def test_field_of_an_object_has_the_same_value(name):
    assert [code for code in lines(name) if of_field(code) != of_rjsonnet(code)] == []


def test_little_is_left_to_the_reference():
    answered = [code for name in _FILES for code in lines(name) if of_reference(code) != REFUSED]
    left = [code for code in answered if of_rjsonnet(code) == LEFT]
    assert len(left) < len(answered) / 30, left


def test_every_function_of_std_and_every_directive_is_among_the_expressions():
    text = "\n".join(code for name in _FILES for code in lines(name))
    names = json.loads(_gojsonnet.evaluate_snippet("test", "std.objectFieldsAll(std)"))
    missing = [name for name in names if name[0] != "$" and f"std.{name}" not in text]
    missing += [letter for letter in "diouxXeEfFgGcs" if not re.search(rf"'%[-0-9.#+ ]*{letter}' %", text)]
    assert missing == []


@pytest.mark.parametrize("line", lines("later"))
def test_pinned_version_decides_where_later_ones_differ(line):
    code, answer = line.split("\t")
    assert of_rjsonnet(code) == plain(answer)
    assert of_reference(code) != plain(answer)


@pytest.mark.parametrize("value", ["'x'", "0.1", "[0.1]", "{ c: 0.1 }", "null"])
@pytest.mark.parametrize("template", ["%(a)s and %(b)s", "%(a)s%%", "%(b)05.1f", 'it\'s "%(b)s"', "\\%(b)s"])
def test_template_in_a_text_block_is_rendered_as_by_the_reference(template, value):
    code = f"|||\n  {template}\n\n    %(a)s\n||| % {{ a: 'x', b: {value} }}"
    assert of_rjsonnet(code) in (of_reference(code), LEFT)
