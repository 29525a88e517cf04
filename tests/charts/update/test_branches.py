from kubeaid_ci.charts.update import offer


def test_a_branch_is_named_by_the_chart_or_its_group_and_always_the_same():
    assert offer.branch("web", None) == "kubeaid-ci/charts/web"
    assert offer.branch("web", "our-group") == "kubeaid-ci/chart-groups/our-group"
    assert offer.branch("web", "our group..lock") == "kubeaid-ci/chart-groups/our-group-7ab89c90"
    assert offer.branch("web", None, prefix="kubeaid-ci/into/x") == "kubeaid-ci/into/x/charts/web"
    assert offer.branch("web", "group", is_new=True) == "kubeaid-ci/new-charts/web"


def test_only_our_branches_that_nobody_wants_are_left_over():
    heads = [
        "main",
        "kubeaid-ci/charts/web",
        "kubeaid-ci/charts/api",
        "kubeaid-ci/chart-groups/x",
        "kubeaid-ci/new-charts/y",
    ]
    assert offer.left_over(heads, ["kubeaid-ci/charts/web"]) == (
        "kubeaid-ci/chart-groups/x",
        "kubeaid-ci/charts/api",
    )
