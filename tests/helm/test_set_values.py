"""Parameters mean what Helm's --set and --set-string make of them: rows, and any expression against real helm."""

import copy
import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubeaid_ci.helm.set_values import ParameterError, assign, typed
from tests import helm_binaries, helm_versions
from tests.helm_charts import chart
from tests.helm_versions import written

TEMPLATE = helm_versions.SHOW + helm_versions.VALUES


def shown(value):
    """What `SHOW` prints for values of ours: an int stands for int64, a float for float64."""
    match value:
        case dict():
            return {key: shown(item) for key, item in value.items()}
        case list():
            return [shown(item) for item in value]
        case None:
            return "invalid null"
        case bool():
            return f"bool {json.dumps(value)}"
        case int():
            return f"int64 {value}"
        case float():
            return f"float64 {int(value) if value.is_integer() else value}"
    return f"string {json.dumps(value, ensure_ascii=False)}"


def applied(expression, values=None, read=typed, **options):
    values = copy.deepcopy(values or {})
    assign(values, expression, read, **options)
    return values


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("a=1", {"a": 1}),
        ("a=10485760", {"a": 10485760}),
        ("a=-5", {"a": -5}),
        ("a=+5", {"a": 5}),
        ("a=-0", {"a": 0}),
        ("a=0", {"a": 0}),
        ("a=007", {"a": "007"}),
        ("a=9223372036854775807", {"a": 2**63 - 1}),
        ("a=9223372036854775808", {"a": "9223372036854775808"}),
        ("a=" + "1" * 5000, {"a": "1" * 5000}),
        ("a=1_000", {"a": "1_000"}),
        ("a=1.5", {"a": "1.5"}),
        ("a=1e3", {"a": "1e3"}),
        ("a= 1", {"a": " 1"}),
        ("a=true", {"a": True}),
        ("a=FALSE", {"a": False}),
        ("a=yes", {"a": "yes"}),
        ("a=Null", {"a": None}),
        ("a=~", {"a": "~"}),
        ("a=", {"a": ""}),
        ("a.b=", {"a": {"b": ""}}),
        ("a==", {"a": "="}),
        ("a.b.c=1", {"a": {"b": {"c": 1}}}),
        (r"a\.b=1", {"a.b": 1}),
        (r"a\=b=1", {"a=b": 1}),
        (r"a\[0\]=1", {"a[0]": 1}),
        (r"a\\=1", {"a\\": 1}),
        (r"a=b\,c", {"a": "b,c"}),
        (r"a=b\\c", {"a": r"b\c"}),
        ("a=b\\", {"a": "b"}),
        ("a=1,b=2", {"a": 1, "b": 2}),
        ("a=1,", {"a": 1}),
        ("a={}", {"a": [""]}),
        ("a={1,x,true,null}", {"a": [1, "x", True, None]}),
        (r"a={b\,c,d}", {"a": ["b,c", "d"]}),
        ("a={1},b=2", {"a": [1], "b": 2}),
        ("a={1}b=2", {"a": [1], "b": 2}),
        ("a[0]=1", {"a": [1]}),
        ("a[2]=1", {"a": [None, None, 1]}),
        ("a[0].b=1", {"a": [{"b": 1}]}),
        ("a[0].b=", {"a": []}),
        ("a[0]=", {"a": [""]}),
        ("a[1][0]=x", {"a": [None, ["x"]]}),
        ("a[0]={x,y}", {"a": [["x", "y"]]}),
        (".a=1", {}),
        ("=1", {}),
        ("", {}),
    ],
)
def test_an_expression_alone(expression, values):
    assert applied(expression) == values
    assert shown(applied(expression)) == shown(values)


@pytest.mark.parametrize(
    ("expression", "before", "after"),
    [
        ("a.c=2", {"a": {"b": 1.0}}, {"a": {"b": 1.0, "c": 2}}),
        ("a=2", {"a": {"b": 1.0}}, {"a": 2}),
        ("a={x}", {"a": ["1", "2"]}, {"a": ["x"]}),
        ("a[1]=x", {"a": ["1", "2"]}, {"a": ["1", "x"]}),
        ("a[1]=null", {"a": ["1", "2"]}, {"a": ["1", None]}),
        ("a[0].b=2", {"a": [{"b": 1.0, "c": 1.0}, "2"]}, {"a": [{"b": 2, "c": 1.0}, "2"]}),
        ("a[0].b=", {"a": [{"b": 1.0}]}, {"a": [{"b": ""}]}),
        ("a[0].b=2", {"a": ["text"]}, {"a": [{"b": 2}]}),
        ("a[0][1]=x", {"a": [["1", "2"]]}, {"a": [["1", "x"]]}),
        ("a[0][1]=x", {"a": [None]}, {"a": [[None, "x"]]}),
        (r"a\[0\]=x", {"a": ["1"]}, {"a": ["1"], "a[0]": "x"}),
    ],
)
def test_an_expression_over_values_of_a_file(expression, before, after):
    assert applied(expression, before) == after


@pytest.mark.parametrize(
    ("expression", "before"),
    [
        ("a", {}),
        ("a,b=1", {}),
        ("a={x}}", {}),
        ("a={x", {}),
        ("a.b", {}),
        ("a.=1", {}),
        ("a..b=1", {}),
        ("a[x]=1", {}),
        ("a[-1]=1", {}),
        ("a[0", {}),
        ("a[65537]=1", {}),
        ("a[0]b=1", {}),
        ("a[0].=1", {"a": 1.0}),
        ("a.b=1", {"a": "text"}),
        ("a.b=1", {"a": None}),
        ("a[0]=1", {"a": {}}),
        ("a[0]=1", {"a": None}),
        ("a[0][0]=1", {"a": ["text"]}),
        (".".join("a" * 32) + "=1", {}),
        ("a" + "[0]" * 500 + "=1", {}),
    ],
)
def test_an_expression_that_helm_refuses(expression, before):
    with pytest.raises(ParameterError):
        applied(expression, before)


def test_a_refusal_shows_nothing_of_the_value():
    with pytest.raises(ParameterError) as caught:
        applied("password={s3cret}}s3cret")
    assert "s3cret" not in str(caught.value)


def test_an_open_index_ends_the_expression_in_helm_4():
    with pytest.raises(ParameterError):
        applied("a[0=1")
    assert applied("a[0=1", open_index=True) == {}
    assert applied("a[0][1=1", open_index=True) == {"a": []}


def test_text_stays_text():
    assert applied("a={1,true}", read=str) == {"a": ["1", "true"]}
    assert applied("a=null", read=str) == {"a": "null"}


LETTERS = st.sampled_from([*"abAB01=,.[]{}\\-+ é", "null", "true", "[0]", "[1]", "a.b", "10485760"])
VALUES = st.recursive(
    st.sampled_from([None, True, 1.5, 10485760.0, "x", "", "5"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abAB01"), inner, max_size=3),
    max_leaves=6,
)
CASES = st.tuples(
    st.dictionaries(st.sampled_from("abAB01"), VALUES, max_size=3),
    st.lists(st.lists(LETTERS, max_size=9).map("".join), min_size=1, max_size=25),
    st.booleans(),
)


@helm_binaries.needs_helm
@pytest.mark.parametrize("program", helm_binaries.programs(), ids=lambda path: path.name)
def test_any_expression_means_what_real_helm_makes_of_it(program, tmp_path):
    """Many expressions a run, one after the other: those that we refuse are run by themselves."""
    folder = written(tmp_path / "chart", chart("c", {"templates/a.yaml": TEMPLATE}))

    @settings(
        max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "12")),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(CASES)
    def check(case):
        base, expressions, is_text = case
        open_index = program.name.startswith("helm-4")
        option, read = ("--set-string", str) if is_text else ("--set", typed)
        (tmp_path / "values.json").write_text(json.dumps(base))
        values, good, refused = copy.deepcopy(base), [], []
        for expression in expressions:
            try:
                values = applied(expression, values, read, open_index=open_index)
                good.append(expression)
            except ParameterError:
                refused.append((list(good), expression))
        made = template(program, folder, tmp_path, [part for one in good for part in (option, one)])
        assert made.returncode == 0, (good, made.stderr)
        assert values_of(made.stdout) == shown(values), good
        for before, expression in refused[:3]:
            made = template(
                program, folder, tmp_path, [part for one in (*before, expression) for part in (option, one)]
            )
            assert made.returncode != 0, (before, expression)

    check()


def template(program, folder, tmp_path, options):
    return helm_binaries.run("template", folder, "--values", tmp_path / "values.json", *options, program=program)


def values_of(stdout):
    return json.loads(json.loads(stdout.partition("values: ")[2]))
