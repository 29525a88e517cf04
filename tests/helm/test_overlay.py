from kubeaid_ci.helm.coalesce import laid_over


def test_mappings_merge_and_all_else_replaces():
    base = {"a": {"b": 1, "c": [1, 2]}, "d": 1}
    assert laid_over(base, {"a": {"c": [3]}, "d": {"e": None}}) == {"a": {"b": 1, "c": [3]}, "d": {"e": None}}
    assert laid_over({"a": {"b": 1}}, {"a": None}) == {"a": None}
    assert base == {"a": {"b": 1, "c": [1, 2]}, "d": 1}
