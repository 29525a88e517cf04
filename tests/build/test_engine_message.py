import pytest

from kubeaid_ci.build.engine_message import Place, depth, explain

VARS = "/config/k8s/a/a-vars.jsonnet"
LINES = ["local settings = { retention: 1 };", "{", "  a: settings.retentoin,", "  b: 2,", "}"]


def told(said, **options):
    lines = {VARS: LINES}
    return explain(said, prefer=("/config/",), lines_of=lambda path: lines.get(path, []), **options)


@pytest.mark.parametrize(
    "said",
    [
        f'RUNTIME ERROR: no such thing\n\t/kubeaid/t.jsonnet:9:1-2\tfunction <x>\n\t{VARS}:3:6-24\tobject\n\tField "a"\t\n',
        f"no such thing\n    /kubeaid/t.jsonnet:9:1-2: x\n    {VARS}:3:6-24: field <a> access\n    field <a> manifestification",
        f"RUNTIME ERROR: no such thing\n\t{VARS}:3:6-24\tobject <anonymous>\n\tDuring manifestation\t\n",
        f"{VARS}:3:6-24 no such thing\n\n  a: settings.retentoin,\n\n",
        f"STATIC ERROR: {VARS}:3:6-24: no such thing\n",
        f"RUNTIME ERROR: no such thing\n\t{VARS}:(3:6)-(4:2)\tobject <anonymous>\n",
    ],
)
def test_each_engines_shape_gives_text_and_the_innermost_place_of_ours(said):
    explanation = told(said)
    assert explanation.text.startswith("no such thing\n     1 | local settings")
    assert ">    3 |   a: settings.retentoin," in explanation.text
    assert (explanation.place.path, explanation.place.line) == (VARS, 3)


def test_did_you_mean_looks_at_the_source_not_at_the_words():
    assert told(f"{VARS}:3:6-24 bla", names=["retention"]).text.endswith("did you mean retention?")


def test_text_of_several_lines_is_kept_whole():
    said = "RUNTIME ERROR: \n\nVars validation failed:\n  - platform is required\n  - more\n\n\t/kubeaid/t.jsonnet:4:1-9\t\n"
    assert told(said).text == "Vars validation failed:\n  - platform is required\n  - more"
    assert told(said).place is None


def test_better_words_replace_the_engines():
    assert told(f"{VARS}:3:6-24 bla", instead="import refused").text.startswith("import refused\n")


def test_message_without_frames():
    assert told("something odd") == explain("something odd", prefer=(), lines_of=lambda _: [])


def test_depth_counts_frames():
    assert depth("x\n" + f"\t{VARS}:1:1-2\tf\n" * 20) == 20


def test_place_counts_from_one():
    assert told(f"STATIC ERROR: {VARS}:3:6-24: x").place == Place(VARS, 3, 6, 24)
