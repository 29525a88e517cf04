"""Generated expressions: format directives, calls of every `std` function, and small programs."""

import json

import _gojsonnet
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kubeaid_ci.build.jsonnet.reference.format import number_text
from tests.build.reference.answers import LEFT, REFUSED, of_reference, of_rjsonnet

# The same examples in every run, so that a run does not fail for a change that it is not about.
_STEADY = settings(deadline=None, derandomize=True)
_FLOATS = st.floats(allow_nan=False, allow_infinity=False)
_NUMBERS = st.one_of(
    _FLOATS,
    st.integers(-(10**20), 10**20).map(float),
    st.integers(-1000, 1000).map(lambda value: value / 8),
    st.sampled_from((0.0, -0.0, 0.1, 0.5, 2.5, 99.95, -0.25, 1e15, 1e16, 1e17, 1e21, 1e-4, 1e-5, 5e-324, 2.0**53)),
)
_TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
_DIRECTIVES = st.builds(
    "%{}{}{}{}".format,
    st.text("#0- +", max_size=3),
    st.sampled_from(("", "0", "1", "5", "12")),
    st.sampled_from(("", ".", ".0", ".1", ".3", ".17", ".30")),
    st.sampled_from("diuoxXeEfFgGcs%"),
)


@given(_NUMBERS)
@settings(_STEADY, max_examples=500)
def test_number_is_spelled_as_by_the_reference(value):
    assert f'"{number_text(value)}"\n' == _gojsonnet.evaluate_snippet("test", f"'' + {value!r}")


@given(st.lists(st.tuples(_TEXTS, _DIRECTIVES), min_size=1, max_size=3), st.lists(_NUMBERS | _TEXTS, max_size=4))
@settings(_STEADY, max_examples=300)
def test_format_is_the_reference_s(parts, values):
    template = "".join(text.replace("%", "") + directive for text, directive in parts)
    _same(f"{json.dumps(template)} % {json.dumps(values)}")


@given(_DIRECTIVES, _NUMBERS | _TEXTS, _NUMBERS)
@settings(_STEADY, max_examples=200)
def test_format_of_one_value_and_of_fields_is_the_reference_s(directive, value, other):
    by_name = directive.replace("%", "%(a)", 1)
    _same(f"local v = {json.dumps(value)}; {json.dumps(directive)} % v")
    _same(f"{json.dumps(by_name)} % {{ a: {json.dumps(value)}, b: {json.dumps(other)} }}")
    _same(f"std.format({json.dumps('%*' + directive[-1])}, [3, {json.dumps(value)}])")


_VALUES = st.recursive(
    st.one_of(_NUMBERS.map(repr), _TEXTS.map(json.dumps), st.sampled_from(("null", "true", "false", "'a'", "'ab'"))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(st.sampled_from(("a", "b", "c", "0", "x y")), inner, max_size=3).map(
            lambda fields: f"{{ {', '.join(f'{json.dumps(name)}: {value}' for name, value in fields.items())} }}"
        ),
    ),
    max_leaves=6,
)
_FUNCTIONS = st.sampled_from(
    ("function(x) x", "function(x) x + 0.1", "function(x, y) x", "function(x) [x]", "function(x) x == 0.1")
)
# These give something else in every process or for every path, or only take code.
_SKIPPED = {"thisFile", "native", "extVar", "trace", "pi"}
_NAMES = sorted(
    name
    for name in json.loads(_gojsonnet.evaluate_snippet("test", "std.objectFieldsAll(std)"))
    if name[0] != "$" and name not in _SKIPPED
)


@given(st.sampled_from(_NAMES), st.lists(_VALUES | _FUNCTIONS, min_size=1, max_size=3))
@settings(_STEADY, max_examples=800)
def test_std_is_the_reference_s(name, arguments):
    # Their answers differ between versions of the reference; see later.txt.
    assume(name not in ("manifestYamlDoc", "manifestYamlStream", "parseYaml"))
    # As many of nothing as a large number says take all memory.
    assume(name not in ("makeArray", "range", "repeat") or not any("e+" in one or len(one) > 6 for one in arguments))
    _same(f"std.{name}({', '.join(arguments)})")


_OPERATORS = ("+", "-", "*", "/", "%", "==", "!=", "<", ">=", "&&", "||")
_PROGRAMS = st.recursive(
    st.one_of(
        _NUMBERS.map(repr), st.sampled_from(("'a'", "'%s'", "'%.1f'", "x", "null", "true", "[0.1]", "{ b: 0.1 }"))
    ),
    lambda inner: st.one_of(
        st.builds("{} {} {}".format, inner, st.sampled_from(_OPERATORS), inner),
        st.builds("({})".format, inner),
        st.builds("-{}".format, inner),
        st.builds("if {} == {} then {} else {}".format, inner, inner, inner, inner),
        st.builds("local x = {}; {}".format, inner, inner),
        st.builds("{{ a: {} }} + {{ a+: {} }}".format, inner, inner),
        st.builds("{{ a: {}, ['b']+: {}, local x = {}, c: self.a }}".format, inner, inner, inner),
        st.builds("[{} for x in [{}, {}] if x != {}]".format, inner, inner, inner, inner),
        st.builds("(function(x, y={}) {})({})".format, inner, inner, inner),
        st.builds("({}) {{ a+: {} }}".format, inner, inner),
        st.builds("[{}, {}][{}]".format, inner, inner, st.sampled_from(("0", "1", "-1", "x"))),
    ),
    max_leaves=12,
)


@given(_PROGRAMS)
@settings(_STEADY, max_examples=400)
def test_program_gives_what_the_reference_gives(program):
    _same(f"local x = 0.1; {program}")


# Variables of every type, so that nothing is known of an operand; texts and objects whose type can be seen.
_TYPES = "local n = 0.1, t = 'a', e = '', w = true, z = null, a = [0.1], o = { b: 0.1 }, f = function(v) v; "
_OPERANDS = st.one_of(
    st.sampled_from(("n", "t", "e", "w", "z", "a", "o")),
    st.sampled_from(
        ("'b'", "{ c: 1 }", "[1]", "-n", "o.b", "a[0]", "f(t)", "f(a)", "(n + n)", "(a + [t])", "o { c: t }")
    ),
    st.sampled_from(
        ("(n + t)", "f(n + n + t)", "(o + o)", "1", "|||\n  c\n|||", "[n + n + n][0]", "{ b+: { d: t } }.b")
    ),
)


@given(st.lists(_OPERANDS, min_size=2, max_size=11), st.sampled_from(("{}", "{} == t", "t + ({})", "-({})", "{} - n")))
@settings(_STEADY, max_examples=1500)
def test_long_sum_is_the_reference_s(operands, around):
    _same(_TYPES + around.format(" + ".join(operands)))


@given(
    st.lists(
        st.sampled_from(("o", "o.b + n", "{ c: 1 }", "o { c: t }", "{ b+: n }", "f(o)", "a")), min_size=2, max_size=20
    )
)
@settings(_STEADY, max_examples=300)
def test_long_sum_of_objects_is_the_reference_s(operands):
    _same(_TYPES + " + ".join(operands))


def _same(code: str) -> None:
    answer = of_rjsonnet(code)
    if answer != LEFT:
        expected = of_reference(code)
        assert answer == expected, (code, REFUSED if expected == REFUSED else "")
