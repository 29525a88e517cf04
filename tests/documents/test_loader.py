import re
import subprocess
import sys
from typing import Any

import pytest

from kubeaid_ci.documents import duplicate_keys, load, load_all, locate
from kubeaid_ci.documents.nodes import MAX_TEXT
from kubeaid_ci.errors import UserError
from tests.documents import go

CHART = """\
# a chart
name: buzz
dependencies:
  - name: redis
    version: "1.2"
  - {name: postgres, version: 3}
on: true
"""


def test_a_text_without_a_document_holds_nothing() -> None:
    assert load("# only a comment\n", where="x") is None
    assert load_all("---\n# a\n---\n\n", where="x") == []


def test_several_documents_are_read_in_order_and_null_is_one() -> None:
    assert load_all(b"a: 1\n---# two\nb: 2\n...\n---\n~\n", where="x") == [{"a": 1}, {"b": 2}, None]


def test_one_document_is_wanted_and_two_are_refused() -> None:
    assert load("---\na: 1\n", where="x") == {"a": 1}
    with pytest.raises(UserError, match=r"^x: expected one YAML document, found 2"):
        load("a: 1\n---\nb: 2\n", where="x")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("- =\n", ["="]),
        ("a: yes\nb: off\nc: 'yes'\n", {"a": True, "b": False, "c": "yes"}),
        ("a: 1e+06\nb: 0o17\nc: 1_000\n", {"a": 1e6, "b": 15, "c": 1000}),
        ("a: 2020-01-02\nb: 2020-01-02T03:04:05Z\n", {"a": "2020-01-02", "b": "2020-01-02T03:04:05Z"}),
        (
            "1: a\ntrue: b\n0.5: c\n1.0e9: d\n'': e\n",
            {"1": "a", "true": "b", "0.5": "c", "1e+09": "d", "": "e"},
        ),
        ("a: 1\na: 2\n", {"a": 2}),
        ("\ufeffa: |\r\n  b\r\n  c\r\nd: e\r\n", {"a": "b\nc\n", "d": "e"}),
        ("a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3\n", {"a": {"b": 1, "c": 2}, "d": {"b": 1, "c": 3}}),
        ("a: &x {b: 1}\nc: {b: 2, <<: *x}\n", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: &x {b: 1}\nc: {<<: [{b: 2}, *x]}\n", {"a": {"b": 1}, "c": {"b": 2}}),
        ("a: &x [1]\nb: *x\nc: &x 2\nd: *x\n", {"a": [1], "b": [1], "c": 2, "d": 2}),
        ("&k a: 1\n*k : 2\n", {"a": 2}),
        (
            "a: !!str 1\nb: !!float 1\nc: !!binary aGk=\nd: !own x\n",
            {"a": "1", "b": 1.0, "c": "hi", "d": "x"},
        ),
        (
            "a: 'it''s'\nb: \"x\\ty\"\nc: >\n  folded\n  text\n",
            {"a": "it's", "b": "x\ty", "c": "folded text\n"},
        ),
    ],
)
def test_yaml_is_read_as_kubernetes_reads_it(text: str, value: Any) -> None:
    assert load(text, where="x") == value
    assert load(text.encode(), where="x") == value


def test_what_an_alias_repeats_is_a_copy() -> None:
    value = load("a: &x [1]\nb: *x\n", where="x")
    value["a"].append(2)
    assert value["b"] == [1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: [\n", "^f:3: not valid YAML: while parsing a flow node"),
        ("a: 1\nb: *x\n", "^f:2: not valid YAML: unknown anchor 'x'"),
        ("a: 1\n---\nb: 1\nc: \ttab: x\n", "^f:4: not valid YAML: mapping values"),
        ("é: 1\na: \x7f\n", "^f:2: not valid YAML: control characters are not allowed .U.007F."),
        ("a:\n  &x [1, *x]\n", "^f:2: not valid YAML: anchor 'x' contains itself"),
        ("a: 1\n~: 2\n", "^f:2: nothing, or null, cannot be a key"),
        ("[1]: 2\n", "^f:1: a mapping or a list cannot be a key"),
        ("a: 1\nb: !!int x\n", "^f:2: this value is not of the type its tag !!int names"),
        ("a: !!binary '*'\n", "^f:1: the value of the tag !!binary is not base64"),
        ("a: {<<: [1]}\n", "^f:1: << takes a mapping or a list of mappings"),
        ("a: 1\nb: '\ud800'\n", "^f:2: not valid YAML: half a surrogate pair"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_all(text, where="f")


def test_text_that_is_not_utf_8_is_refused_with_its_line() -> None:
    with pytest.raises(UserError, match=r"^f:2: not UTF-8 text .byte 0xe9."):
        load(b"a: 1\nb: caf\xe9\n", where="f")


def test_a_text_beyond_the_limit_is_refused() -> None:
    with pytest.raises(UserError, match=r"^f: 67,108,865 bytes of YAML are more"):
        load(b"#" * (MAX_TEXT + 1), where="f")


@pytest.mark.parametrize(
    "repeated", ["[*{0}, *{0}, *{0}, *{0}, *{0}, *{0}, *{0}, *{0}]", "{{a: *{0}, b: *{0}, c: *{0}, d: *{0}}}"]
)
def test_an_alias_bomb_is_refused(repeated: str) -> None:
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} {repeated.format(f'a{n - 1}')}" for n in range(1, 30))]
    with pytest.raises(UserError, match="aliases repeat more than 400,000 values"):
        load("\n".join(lines), where="f")


def test_aliases_nested_through_aliases_are_refused_before_python_gives_up() -> None:
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 1000))]
    with pytest.raises(UserError, match="nested deeper than 150 levels"):
        load("\n".join(lines), where="f")


@pytest.mark.parametrize("text", ["[" * 300_000, "- " * 300_000, "? " * 300_000, "{a: " * 300_000])
def test_deep_nesting_is_refused_and_crashes_nothing(text: str) -> None:
    code = (
        "import sys\nfrom kubeaid_ci.documents import load\nfrom kubeaid_ci.errors import UserError\n"
        "try: load(sys.stdin.read(), where='f')\nexcept UserError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], input=text, capture_output=True, text=True, check=True)
    # libyaml 0.2.6 and later refuses some of them itself, in words of its own.
    assert done.stdout.startswith("f:1: not valid YAML: ")
    assert "nest" in done.stdout


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 2),
        (("name",), 2),
        (("dependencies",), 3),
        (("dependencies", 0), 4),
        (("dependencies", 0, "version"), 5),
        (("dependencies", 1, "version"), 6),
        (("true",), 7),
        (("dependencies", 2), None),
        (("dependencies", "0"), None),
        (("name", "x"), None),
        (("nothing",), None),
    ],
)
def test_a_place_is_found_by_its_path(path: tuple[str | int, ...], line: int | None) -> None:
    assert locate(CHART, path) == line


def test_a_place_is_found_in_a_later_document_behind_aliases_and_windows_lines() -> None:
    text = "😀: 1\r\n---# x\r\na: &a\r\n  b: 1\r\nc: *a\r\na: 2\r\n"
    assert locate(text, ("c", "b"), document=1) == 4
    assert locate(text, ("a",), document=1) == 6
    assert locate(text, ("a",)) is None
    assert locate(text, (), document=2) is None


def test_keys_given_twice_are_told_with_path_and_line() -> None:
    text = "a: 1\nb:\n  - c: 1\n    'c': 2\n    c: 3\na: 2\n---\nd: {1: x, '1': y, <<: {d: 1}, <<: {e: 1}}\n"
    assert duplicate_keys(text, "f") == [(("b", 0, "c"), 4), (("b", 0, "c"), 5), (("a",), 6), (("d", "1"), 8)]


def test_no_key_is_given_twice() -> None:
    assert duplicate_keys(CHART, "f") == []


@pytest.mark.parametrize(
    "text",
    [
        "a: &a {long}\nb: [{aliases}]\n",
        "a: &a [{long}]\nb: [{aliases}]\n",
        "a: &a {{x: '{long}'}}\nb: [{aliases}]\n",
    ],
)
def test_what_aliases_repeat_of_texts_is_bounded(text: str) -> None:
    given = text.format(long="x" * 1_000_000, aliases=", ".join(["*a"] * 600))
    with pytest.raises(UserError, match=r"f:\d+: aliases repeat more than 16 MiB of text"):
        load(given, where="f")


@pytest.mark.parametrize("text", ["a: {}", "a: '{}'", "a: |\n  {}\n", "{}: a", "- {}", "a: !!str {}"])
def test_one_scalar_is_bounded(text: str) -> None:
    with pytest.raises(UserError, match="a value of more than 4 MiB"):
        load(text.format("x" * (4 * 1024 * 1024 + 1)), where="f")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('a: 1\nb: "^\\/api"\n', r"x:2: not valid YAML: found unknown escape character; write / without a backslash"),
        ('b: "\\\\\\/"\n', "found unknown escape character"),
        ("a: .inf\n", "x:1: .inf is no number in JSON, so Kubernetes refuses it; quote it"),
        ("a:\n- -.INF\n", "x:2: -.INF is no number"),
        ("a: [.nan]\n", ".nan is no number"),
    ],
)
def test_what_go_refuses_is_refused(text: str, message: str) -> None:
    assert list(go.read([text])[0]) == ["Error"]
    with pytest.raises(UserError, match=re.escape(message)):
        load(text, where="x")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: \"\\\\/\"\nb: \\/\nc: '\\/'\n", {"a": "\\/", "b": "\\/", "c": "\\/"}),
        ("a: x.inf\n.inf: '.nan'\nb: |\n  .inf\n", {"a": "x.inf", ".inf": ".nan", "b": ".inf\n"}),
    ],
)
def test_what_only_looks_like_it_is_read(text: str, value: object) -> None:
    assert load(text, where="x") == value == go.read([text])[0]


def test_json_may_escape_a_slash() -> None:
    assert load('{"a": "\\/"}', where="x") == {"a": "/"}
