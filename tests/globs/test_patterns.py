import pytest

from kubeaid_ci.errors import UserError
from kubeaid_ci.globs.paths import matches
from kubeaid_ci.globs.patterns import compiled


@pytest.mark.parametrize(
    ("pattern", "options", "matching", "others"),
    [
        ("*.yaml", {}, ["a.yaml", ".yaml"], ["a/b.yaml", "a.yamlx"]),
        ("*.yaml", {"across": True}, ["a.yaml", "a/b.yaml"], ["a.yml"]),
        ("{a*,b/c}.yaml", {"across": True}, ["a1.yaml", "b/c.yaml"], ["c.yaml"]),
        ("apps/*/x", {}, ["apps/a/x"], ["apps/a/b/x", "apps/x"]),
        ("apps/**/x", {"deep": True}, ["apps/x", "apps/a/x", "apps/a/b/x"], ["x"]),
        ("apps/**", {"deep": True}, ["apps/x", "apps/a/b"], ["x"]),
        ("[!a]?", {}, ["bc"], ["ab", "b", "b/"]),
        (r"\*", {}, ["*"], ["a"]),
        ("a.b", {}, ["a.b"], ["axb"]),
        ("{a}", {}, ["{a}"], ["a"]),
        ("{a{b,c},d}x", {"across": True}, ["abx", "acx", "dx"], ["ax", "bx"]),
        ("{,a}x", {"across": True}, ["x", "ax"], ["bx"]),
        ("[!a]?", {"negation": ("^",)}, ["ab", "!b"], ["bc"]),
        ("[^a]?", {"negation": ("^",)}, ["bc", "!b"], ["ab"]),
    ],
)
def test_a_pattern_matches_whole_paths(pattern, options, matching, others):
    found = compiled(pattern, where="x", **options)
    assert [path for path in matching + others if found.fullmatch(path)] == matching


@pytest.mark.parametrize("pattern", ["[a", "{a", "[z-a]"])
def test_what_is_no_pattern_is_refused(pattern):
    with pytest.raises(UserError, match="x: "):
        compiled(pattern, where="x", across=True)


HARD = ["*a" * 25 + "*b", "**a" * 25 + "b", "?*" * 30 + "b", "{" + "*a," * 20 + "b}" * 1, "**/" * 20 + "b"]


@pytest.mark.parametrize("pattern", HARD)
@pytest.mark.parametrize("options", [{"across": True}, {"deep": True, "across": True}], ids=str)
def test_no_pattern_is_slow(pattern, options):
    assert not compiled(pattern, where="x", **options).fullmatch("a" * 2000 + "/c")


def test_no_glob_of_a_suppression_is_slow():
    assert not matches("**a" * 25 + "b", "a" * 2000)
    assert not matches("*" * 3 + "/*a" * 25 + "*b", "/a" * 1000)
