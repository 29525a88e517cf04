import base64
import json

import pytest

from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.manifest import MASK, ObjectId, numbered
from kubeaid_ci.k8s.rendered import parsed, settled

HEAD = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"


def pair(one, other, head=HEAD):
    return settled([("a.yaml", head + one, head + other)])


def test_only_the_varying_value_is_masked():
    (made,), varying = pair("a: {b: [x, 1], c: k}\n", "a: {b: [y, 1], c: k}\n")
    assert made.body["a"] == {"b": [MASK, 1], "c": "k"}
    assert [(one.field, one.shaped) for one in varying] == [("a.b[0]", False)]


def test_of_a_text_only_the_varying_lines_are_masked():
    (made,), _ = pair("a: |\n  same\n  x\n  end\n", "a: |\n  same\n  y\n  end\n")
    assert made.body["a"] == f"same\n{MASK}\nend\n"


@pytest.mark.parametrize(
    ("one", "other", "masked"),
    [
        ("postgres://u:x1@db-1/web", "postgres://u:y2@db-1/web", f"postgres://u:{MASK}@db-1/web"),
        ('{"a": "x", "b": 1}', '{"a": "y", "b": 1}', f'{{"a": "{MASK}", "b": 1}}'),
        ("a=x b=c", "a=y b=c", f"{MASK} b=c"),
        # Nothing else is certain to stay.
        ("x:y", "z:w", MASK),
        ("u:x y", "u:xy", MASK),
        ("ab+/cd==", "ef/+gh==", MASK),
        ("one\ntwo", "one", f"one\n{MASK}"),
        ("a\nx\ny\nb", "a\nu\nv\nw\nb", f"a\n{MASK}\nb"),
        ("a\nx\ny\nb", "a\nu\nv\nb", f"a\n{MASK}\nb"),
    ],
)
def test_of_a_line_only_the_varying_parts_are_masked_and_in_base64_too(one, other, masked):
    (made,), _ = pair(f"a: {json.dumps(one)}", f"a: {json.dumps(other)}")
    assert made.body["a"] == masked
    texts = [base64.b64encode(f"host: db-1 # {'of all ' * 5}\n{text}\n".encode()).decode() for text in (one, other)]
    (encoded,), _ = pair(f"a: {texts[0]}", f"a: {texts[1]}")
    assert base64.b64decode(encoded.body["a"]).decode() == f"host: db-1 # {'of all ' * 5}\n{masked}\n"


@pytest.mark.parametrize(
    ("one", "other"),
    [("a: {b: 1}", "a: {c: 1}"), ("a: [1]", "a: [1, 2]"), ("a: {b: 1}", "a: x"), ("a: x", "a: [x]"), ("a: 1", "b: 1")],
)
def test_another_shape_is_told_and_never_masked(one, other):
    (made,), varying = pair(one, other)
    (again,) = parsed([("a.yaml", HEAD + one)])
    assert made == again
    assert [found.shaped for found in varying] == [True]


def test_another_type_of_value_is_masked():
    (made,), varying = pair("a: 1", "a: true")
    assert made.body["a"] == MASK
    assert not varying[0].shaped


@pytest.mark.parametrize(
    ("one", "other", "name"),
    [
        ("s", "t", "(varies)"),
        ("conf-bench-20010203040506", "conf-bench-20291130214857", "conf-bench-(varies)"),
        ("migrate-2001-02-03-04-05-06", "migrate-2029-11-30-21-48-57", "migrate-(varies)"),
        ("a-x1-job", "a-x2-job", "a-(varies)-job"),
        ("job-ab.cd-web", "job-abcd-web", "job-(varies)"),
    ],
)
def test_a_name_that_varies_is_masked_where_it_varies(one, other, name):
    heads = (HEAD.replace("name: s", f"name: {text}") for text in (one, other))
    (made,), varying = settled([("a.yaml", *heads)])
    assert made.body["metadata"]["name"] == name
    assert [(str(one.key), one.field, one.shaped) for one in varying] == [(f"Secret {name}", "metadata.name", False)]


def test_objects_whose_names_vary_are_different_objects():
    both = [
        HEAD.replace("name: s", f"name: job-{one}") + "---\n" + HEAD.replace("name: s", f"name: job-{two}")
        for one, two in ("ab", "cd")
    ]
    found, _ = settled([("a.yaml", *both)])
    ids = list(numbered(ObjectId.of(one.body) for one in found))
    assert [str(one) for one in ids] == ["Secret job-(varies)", "Secret job-(varies)#2"]
    assert len(set(ids)) == 2


def test_objects_of_another_kind_each_time_are_told():
    found, varying = settled([("a.yaml", HEAD, HEAD.replace("Secret", "ConfigMap"))])
    assert found[0].body["kind"] == "Secret"
    assert [(str(one.key), one.shaped) for one in varying] == [("Secret s", True)]


def test_a_file_that_one_rendering_lacks_is_told():
    found, varying = settled([("a.yaml", HEAD, "")])
    assert (len(found), [one.shaped for one in varying]) == (1, [True])


def test_the_same_text_twice_is_not_masked():
    assert pair("a: 1", "a: 1")[1] == []


def test_large_documents_that_are_wrong_name_their_file():
    with pytest.raises(UserError, match=r"b\.yaml"):
        parsed([("b.yaml", HEAD + "x: " + "y" * 20_000 + "\n: [")])
