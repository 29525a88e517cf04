import pytest

from kubeaid_ci.errors import UserError
from kubeaid_ci.plan.patterns import compiled


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
    ],
)
def test_a_pattern_matches_whole_paths(pattern, options, matching, others):
    found = compiled(pattern, where="x", **options)
    assert [path for path in matching + others if found.fullmatch(path)] == matching


@pytest.mark.parametrize("pattern", ["[a", "{a", "[z-a]"])
def test_what_is_no_pattern_is_refused(pattern):
    with pytest.raises(UserError, match="x: "):
        compiled(pattern, where="x", across=True)
