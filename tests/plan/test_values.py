from kubeaid_ci.plan.values import laid_over, with_parameter


def test_mappings_merge_and_all_else_replaces():
    base = {"a": {"b": 1, "c": [1, 2]}, "d": 1}
    assert laid_over(base, {"a": {"c": [3]}, "d": {"e": None}}) == {"a": {"b": 1, "c": [3]}, "d": {"e": None}}
    assert laid_over({"a": {"b": 1}}, {"a": None}) == {"a": None}
    assert base == {"a": {"b": 1, "c": [1, 2]}, "d": 1}


def test_an_indexed_parameter_keeps_the_other_items():
    base = {"a": [{"b": 1, "c": 2}, 3]}
    assert with_parameter(base, {"a": [{"b": 9}]}, indexed=True) == {"a": [{"b": 9, "c": 2}, 3]}
    assert with_parameter(base, {"a": [None, None, 4]}, indexed=True) == {"a": [{"b": 1, "c": 2}, 3, 4]}


def test_a_list_without_an_index_is_replaced():
    assert with_parameter({"a": [1, 2], "b": 1}, {"a": [3]}, indexed=False) == {"a": [3], "b": 1}
