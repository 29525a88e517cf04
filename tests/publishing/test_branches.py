"""Branch names: the same for ever, fit for Git, and never two clusters on one."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubeaid_ci.build.result import BuildResult, Builds, BuildStatus
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.publishing import branches
from kubeaid_ci.publishing.branches import ROOT

NAMES = st.text(st.sampled_from("ab.-_/ ~^:?*[\\@{\t\x7fü"), min_size=1, max_size=8)


def cluster(name: str, folder: str = "") -> Cluster:
    return Cluster(name, folder or name, "x")


def result(name: str, status: BuildStatus = BuildStatus.UNCHANGED) -> BuildResult:
    return BuildResult(name, name, None, None, status)


def test_branch_is_named_by_the_folder_which_identifies_the_cluster() -> None:
    found = branches.of_clusters([cluster("same", "east"), cluster("same", "west.example.com")], ROOT)
    assert found == {"east": f"{ROOT}/east", "west.example.com": f"{ROOT}/west.example.com"}


@pytest.mark.parametrize(
    ("base", "default", "wanted"),
    [
        ("main", "main", ROOT),
        ("staging", "main", "kubeaid-ci/into/staging/kube-prometheus"),
        ("main", None, "kubeaid-ci/into/main/kube-prometheus"),
        ("release/1.0", "main", "kubeaid-ci/into/release-1.0-05c07dbf/kube-prometheus"),
    ],
)
def test_base_is_part_of_the_name_unless_it_is_the_default(base: str, default: str | None, wanted: str) -> None:
    assert branches.root(base, default) == wanted


@given(st.lists(NAMES, min_size=1, max_size=4, unique=True))
@settings(max_examples=25, deadline=None)
def test_any_names_become_branches_that_git_takes_side_by_side(names: list[str]) -> None:
    found = branches.of_clusters((cluster(name) for name in names), ROOT)
    assert len(set(found.values())) == len(names)
    for branch in found.values():
        assert subprocess.run(["git", "check-ref-format", "--branch", branch], capture_output=True).returncode == 0
        assert branches.conflicting_branch(branch, found.values()) is None


def test_long_name_fits_into_a_file_name() -> None:
    one, other = branches.part("a" * 240), branches.part("a" * 241)
    assert one != other
    assert max(len(one), len(other)) + len(".lock") < 255


def test_all_clusters_share_a_branch_unless_none_could_be_built() -> None:
    failed, built = result("a", BuildStatus.FAILED), result("b")
    (group,) = branches.single_group(Builds((failed, built), ()), ROOT)
    assert (group.branch, group.built, group.failed) == (ROOT, (built,), (failed,))
    assert branches.single_group(Builds((failed,), ()), ROOT) == ()


def test_each_built_cluster_has_a_branch_and_those_left_over_bring_nothing_and_come_first() -> None:
    builds = Builds((result("a", BuildStatus.FAILED), result("b")), ())
    groups = branches.per_cluster(
        builds, {"a": f"{ROOT}/a", "b": f"{ROOT}/b"}, stale={f"{ROOT}/z": None, f"{ROOT}/y": None}
    )
    assert [(group.branch, len(group.built)) for group in groups] == [
        (f"{ROOT}/y", 0),
        (f"{ROOT}/z", 0),
        (f"{ROOT}/b", 1),
    ]
