import pytest

from kubeaid_ci.errors import UserError
from kubeaid_ci.plan.helmignore import kept

PATHS = [
    "Chart.yaml",
    "a.bak",
    "ci/a.yaml",
    "templates/a.yaml",
    "templates/ci/b.yaml",
    "templates/.swp",
    "templates/x/.keep",
]


@pytest.mark.parametrize(
    ("rules", "gone"),
    [
        ("", ["templates/.swp"]),
        ("# a comment\n\n*.bak\n", ["a.bak", "templates/.swp"]),
        ("ci/\n", ["ci/a.yaml", "templates/ci/b.yaml", "templates/.swp"]),
        ("/ci\n", ["ci/a.yaml", "templates/.swp"]),
        ("a.yaml\n", ["ci/a.yaml", "templates/a.yaml", "templates/.swp"]),
        ("templates/*.yaml\n", ["templates/a.yaml", "templates/.swp"]),
        ("[a-b].bak\n", ["a.bak", "templates/.swp"]),
        ("?.bak\n", ["a.bak", "templates/.swp"]),
    ],
)
def test_a_pattern_leaves_out_what_helm_leaves_out(rules, gone):
    assert [path for path in PATHS if path not in kept(PATHS, rules, where="w/.helmignore")] == gone


def test_an_exclamation_mark_leaves_out_all_that_does_not_match():
    assert kept(["a.yaml", "b.txt"], "!*.yaml\n", where="w") == ["a.yaml"]


@pytest.mark.parametrize("rule", ["a/**/b", "[a"])
def test_a_pattern_that_helm_refuses_is_named_with_its_line(rule):
    with pytest.raises(UserError, match=r"w/\.helmignore:2"):
        kept(PATHS, f"\n{rule}\n", where="w/.helmignore")
