"""Scalars of YAML texts and Helm templates are changed in place, or left with a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeaid_ci.documents import Place, Text, load_all
from kubeaid_ci.documents.places import has_action, masked

K = Place(0, ("k",))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("k: a # why\n", "k: 1.2.3 # why\n"),
        ("k: 'a'\n", "k: '1.2.3'\n"),
        ("k: \n", "k: 1.2.3\n"),
        ("k:\r\nl: 1\r\n", "k: 1.2.3\r\nl: 1\r\n"),
        ("k:  # why\n", "k: 1.2.3  # why\n"),
        ("k: ''\n", "k: '1.2.3'\n"),
        ("k: null\n", "k: 1.2.3\n"),
        ("{l: 1, k: a}\n", "{l: 1, k: 1.2.3}\n"),
        ("k: &a a\nl: *a\n", None),
        ("l: &a a\nk: *a\n", None),
        ("k: {{ .Values.k }}\n", None),
        ("k:\n  {{ .Values.k }}\n", None),
        ('k: "v{{ .Values.k }}"\n', None),
        ("{{- if .Values.x }}\nk: a\n{{- end }}\n", "{{- if .Values.x }}\nk: 1.2.3\n{{- end }}\n"),
        (
            "{{ if .x }}\nk: a\n{{ else }}\nk: b\n{{ end }}\n",
            "{{ if .x }}\nk: 1.2.3\n{{ else }}\nk: 1.2.3\n{{ end }}\n",
        ),
        ("{{/* k: a\nk: b */}}\nk: c\n", "{{/* k: a\nk: b */}}\nk: 1.2.3\n"),
        ("n: {{ .x | quote }}\nk: a\n", "n: {{ .x | quote }}\nk: 1.2.3\n"),
        ("n: |\n  a\n{{ if .x }}\n  b\n{{ end }}\nk: a\n", "n: |\n  a\n{{ if .x }}\n  b\n{{ end }}\nk: 1.2.3\n"),
        ('n: {{ "}}" }}\nk: a\n', 'n: {{ "}}" }}\nk: 1.2.3\n'),
        ("n: {{`{{ .y }}`}}\nk: a\n", "n: {{`{{ .y }}`}}\nk: 1.2.3\n"),
        ("k: [a]\n", None),
        ("l: a\n", None),
    ],
)
def test_a_scalar_is_set_in_place_or_left(old: str, new: str | None) -> None:
    edited = Text(old, "here").set([K], "1.2.3")
    assert edited.text == (old if new is None else new)
    assert bool(edited.left) is (new is None)


def test_places_that_share_a_scalar_are_set_together() -> None:
    text = Text("a: &x 1.0.0\nb: *x\n---\nc: 1.0.0\n", "here")
    both = [Place(0, ("a",)), Place(0, ("b",)), Place(1, ("c",))]
    assert text.set(both, "2.0.0").text == "a: &x 2.0.0\nb: *x\n---\nc: 2.0.0\n"
    assert text.set(both[:1], "2.0.0").left == {
        both[0]: "another place repeats it through an alias, or a tag prevents the edit"
    }


def test_a_value_from_a_merged_mapping_is_set_if_all_its_users_are() -> None:
    text = Text("base: &b {r: 1.0.0}\none: {<<: *b}\n", "here")
    assert text.set([Place(0, ("one", "r"))], "2.0.0").left
    everywhere = [Place(0, ("one", "r")), Place(0, ("base", "r"))]
    assert text.set(everywhere, "2.0.0").text == "base: &b {r: 2.0.0}\none: {<<: *b}\n"


@pytest.mark.parametrize("value", ["1.10", "1e3", "0x10", "true", "null", "010", "a: b", "v1 #2", "~", "-"])
def test_a_value_stays_text(value: str) -> None:
    edited = Text("k: a\n", "here").set([K], value)
    assert load_all(edited.text, where="new") == [{"k": value}]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("s:\n- repoURL: x\n  path: y\n", "s:\n- repoURL: x\n  r: 1.0.0\n  path: y\n"),
        ("s:\n  - path: y\n    repoURL: x # why\n", "s:\n  - path: y\n    repoURL: x # why\n    r: 1.0.0\n"),
        ("s:\n- repoURL: x\r\n  path: y\r\n", "s:\n- repoURL: x\r\n  r: 1.0.0\r\n  path: y\r\n"),
        ("s: [{repoURL: x}]\n", None),
        ("s:\n- repoURL: x", "s:\n- repoURL: x\n  r: 1.0.0"),
    ],
)
def test_a_missing_key_is_added_behind_another(old: str, new: str | None) -> None:
    edited = Text(old, "here").add_after(Place(0, ("s", 0, "repoURL")), "r", "1.0.0")
    assert edited.text == (old if new is None else new)
    assert bool(edited.left) is (new is None)


@given(st.text(alphabet="{}a\"'`/*-|: #\n\r\u2028é", max_size=60))
def test_a_mask_keeps_every_position(text: str) -> None:
    assert len(masked(text)) == len(text)
    assert [n for n, c in enumerate(masked(text)) if c in "\r\n"] == [n for n, c in enumerate(text) if c in "\r\n"]


def test_control_actions_give_no_output() -> None:
    assert not has_action("{{- if .x }} {{/* k */}} {{- end }}{{ $x := 1 }}")
    assert has_action("{{ .x }}")
