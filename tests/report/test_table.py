from kubeaid_ci.config_repo.cluster import ClusterInfo
from kubeaid_ci.report.blocks import Table
from kubeaid_ci.report.outcome import fields_table
from tests.report.samples import build_report


def test_columns_without_any_value_are_left_out_and_lists_are_counted() -> None:
    assert fields_table(build_report().results) == Table(
        (
            "cluster",
            "dir",
            "release",
            "kubeaid revision",
            "status",
            "error",
            "seconds",
            "written",
            "changes",
            "cached",
        ),
        (
            ("prod", "prod", "v0.17.0", "26.1.0", "failed", "line 3 is bad", "0.00", "", "", ""),
            ("stage", "st", "v0.16.0", "", "changed", "", "0.00", "2", "1", ""),
            ("edge", "edge", "v0.16.0", "", "unchanged", "", "0.02", "", "", "yes"),
        ),
    )


def test_results_of_two_kinds_share_columns() -> None:
    info = ClusterInfo("prod", "p", "v", None, "1.34.0", "v0.17.0", None, ("a", "b", "c"))
    assert fields_table([info, {"name": "x", "more": 1}]) == Table(
        (
            "name",
            "dir",
            "vars file",
            "kubernetes version",
            "release",
            "applications",
            "kubernetes version from",
            "more",
        ),
        (("prod", "p", "v", "1.34.0", "v0.17.0", "3", "default", ""), ("x", "", "", "", "", "", "", "1")),
    )


def test_no_results_give_an_empty_table() -> None:
    assert fields_table(()) == Table((), ())
