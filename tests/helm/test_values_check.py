import pytest

from kubeaid_ci.helm.values_check import Known, repeated, unknown

META = "apiVersion: v2\nname: {}\nversion: 1.0.0\n"


def known(template="", defaults="", **more):
    files = {"Chart.yaml": META.format("web"), "templates/a.yaml": template, "values.yaml": defaults, **more}
    return Known.of({path: text.encode() for path, text in files.items()})


def paths(text, chart):
    return [".".join(one.path) for one in unknown(text, chart)]


@pytest.mark.parametrize(
    ("template", "values", "told"),
    [
        ("{{ .Values.a.b }}", "a: {b: 1, c: 2}\nd: 1", ["a.c", "d"]),
        ("{{ toYaml .Values.a }}", "a: {b: 1, c: {d: 2}}", []),
        ("{{ range $k, $v := .Values.a.b }}{{ end }}", "a: {b: {any: 1}, c: 1}", ["a.c"]),
        ("{{ with $.Values.a }}{{ .b }}{{ end }}", "a: {b: 1}", []),
        ('{{ index .Values "a-b" "c" }}', "a-b: {c: 1, d: 1}", ["a-b.d"]),
        ('{{ (index .Values.x "a-b").c }}', "x: {a-b: {c: 1}, q: 1}", ["x.q"]),
        ("{{ toYaml .Values }}", "anything: {goes: 1}", []),
        ('{{ get .Values "a" }}', "anything: {goes: 1}", []),
        ("{{ .Values.a }}", "global: {x: 1}\ntags: {y: true}", []),
        ("{{ if not (.Values.a).b }}{{ end }}", "a: {b: 1, c: 1}", ["a.c"]),
        ("{{ ( .Values.a ).b.c }}", "a: {b: {c: 1, d: 1}}", ["a.b.d"]),
        ("{{ ((.Values.a).b).c }}", "a: {b: {c: 1, d: 1}, e: 1}", ["a.b.d", "a.e"]),
        ("{{ (((.Values).a).b).c }}", "a: {b: {c: 1, d: 1}}", ["a.b.d"]),
        ("{{ ($root.Values.a).b }}", "a: {b: 1, c: 1}", ["a.c"]),
        ("{{ (.Values.a | default dict).b }}", "a: {b: 1, c: 1}", ["a.c"]),
        ("{{ (.Values.a | default (dict)).b }}", "a: {b: 1, c: 1}", ["a.c"]),
        ("{{ (default dict .Values.a).b }}", "a: {b: 1, c: 1}", ["a.c"]),
        ("{{ ((default (dict) .Values.a).b | default dict).c }}", "a: {b: {c: 1, d: 1}}", ["a.b.d"]),
        ("{{ (.Values.a | default .Values.z).b }}", "a: {b: 1, c: 1}\nz: {q: 1}", []),
        ("{{ (.Values.a | merge dict).b }}", "a: {c: 1}", []),
        ("{{ toYaml (.Values.a) }}", "a: {c: 1}", []),
        ("{{ range (.Values.a) }}{{ end }}", "a: {c: 1}", []),
        ('{{ index .Values "a-b" | toYaml }}', "a-b: {c: 1}", []),
        ('{{ (index .Values "a-b").c }}', "a-b: {c: 1, d: 1}", ["a-b.d"]),
        ('{{ (index (.Values.a) "b").c }}', "a: {b: {c: 1, d: 1}, e: 1}", ["a.b.d", "a.e"]),
        ("{{ index .Values.a .name }}", "a: {c: 1}", []),
        ("{{ (index .Values.a 0).b }}", "a: {c: 1}", []),
        ('{{ dig "a" "b" "none" .Values }}', "a: {b: 1, c: 1}", ["a.c"]),
        ('{{ dig "b" "c" false .Values.a }}', "a: {b: {c: 1, d: 1}}", ["a.b.d"]),
        ('{{ dig "b" (list) .Values.a | toYaml }}', "a: {b: [1], c: 1}", ["a.c"]),
        ('{{ dig "b" $none $.Values.a }}', "a: {b: 1, c: 1}", ["a.c"]),
        ('{{ dig "a" "b" "" .Values.AsMap }}', "a: {b: 1, c: 1}", ["a.c"]),
        ('{{ dig "b" .Values.none .Values.a }}', "a: {b: 1}\nnone: 1", []),
        ("{{ dig $key false .Values.a }}", "a: {b: 1, c: 1}", []),
    ],
)
def test_a_key_that_no_template_names_is_told_but_below_what_is_taken_whole(template, values, told):
    assert paths(values, known(template)) == told


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ("a: {b: 2}", []),
        ("a: {c: 2}", ["a.c"]),
        ("free: {x: 1}", []),
        ("list: [{x: 1}]", []),
        ("text: {x: 1}", []),
        ("z: {x: 1}", ["z"]),
        ("", []),
        ("- a", []),
    ],
)
def test_a_default_makes_a_key_known_and_an_empty_one_may_hold_any(values, told):
    assert paths(values, known(defaults="a: {b: 1}\nfree: {}\nlist: []\ntext: x\n")) == told


def test_a_subcharts_values_lie_below_its_name_and_its_alias():
    sub = {
        "Chart.yaml": META.format("web") + "dependencies: [{name: db, alias: store, condition: store.enabled}]\n",
        "charts/db/Chart.yaml": META.format("db"),
        "charts/db/values.yaml": "size: 1\n",
        "charts/db/templates/a.yaml": "{{ .Values.name }}",
    }
    text = "db: {size: 2, nome: x}\nstore: {name: a, enabled: true, x: 1}\nsize: 1\n"
    assert paths(text, known(**sub)) == ["db.nome", "store.x", "size"]


def test_a_helper_may_be_called_with_the_values_of_any_chart():
    lib = {"charts/lib/Chart.yaml": META.format("lib"), "charts/lib/templates/_h.tpl": "{{ .Values.shared }}"}
    assert paths("shared: 1\nlib: {shared: 1}\nother: 1\n", known(**lib)) == ["other"]


def test_line_and_similar_keys_are_named():
    (one,) = unknown("a:\n  b: 1\n  replcas: 2\n", known("{{ .Values.a.b }}{{ .Values.a.replicas }}"))
    assert (one.path, one.line, one.near) == (("a", "replcas"), 3, ("replicas",))


def test_only_the_outermost_unknown_key_is_told():
    assert paths("x: {y: {z: 1}}", known("{{ .Values.a }}")) == ["x"]


def test_text_that_helm_does_not_read_repeats_nothing():
    assert list(repeated("a: 1\n...\nb: 2\n")) == []


def test_repeated_keys_have_the_line_of_the_second():
    assert list(repeated("a:\n  b: 1\n  b: 2\nc: 1\nc: 2\n")) == [(("a", "b"), 3), (("c",), 5)]


def test_a_chart_that_cannot_be_read_knows_what_its_templates_name():
    broken = known("{{ .Values.a }}", defaults="a: [", **{"charts/x/Chart.yaml": "["})
    assert paths("a: 1\nb: 1\n", broken) == ["b"]
