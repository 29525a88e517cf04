"""Branch names: the same for ever, fit for Git, and never two clusters on one."""

import subprocess

from hypothesis import given, settings
from hypothesis import strategies as st

from kubeaid_ci.model.build import BuildResult, Builds, BuildStatus
from kubeaid_ci.model.cluster import Cluster
from kubeaid_ci.plan import branches
from kubeaid_ci.plan.branches import ROOT

NAMES = st.text(st.sampled_from("ab.-_/ ~^:?*[\\@{\t\x7fü"), min_size=1, max_size=8)


def cluster(name: str, folder: str = "") -> Cluster:
    return Cluster(name, folder or name, "x")


def result(name: str, status: BuildStatus = BuildStatus.UNCHANGED) -> BuildResult:
    return BuildResult(name, name, None, None, status)


def test_branch_is_named_by_the_cluster_and_not_by_its_folder() -> None:
    assert branches.of_clusters([cluster("prod", "prod.example.com")]) == {"prod.example.com": f"{ROOT}/prod"}


def test_clusters_of_one_name_are_told_apart_by_their_folders() -> None:
    found = branches.of_clusters([cluster("same", "east"), cluster("same", "west"), cluster("north")])
    assert found == {"east": f"{ROOT}/same/east", "west": f"{ROOT}/same/west", "north": f"{ROOT}/north"}


@given(st.lists(NAMES, min_size=1, max_size=4, unique=True))
@settings(max_examples=25, deadline=None)
def test_any_name_becomes_a_branch_that_git_takes(names: list[str]) -> None:
    for branch in branches.of_clusters(cluster(name) for name in names).values():
        assert subprocess.run(["git", "check-ref-format", "--branch", branch], capture_output=True).returncode == 0


def test_all_clusters_share_a_branch_unless_none_could_be_built() -> None:
    failed, built = result("a", BuildStatus.FAILED), result("b")
    (group,) = branches.together(Builds((failed, built), ()))
    assert (group.branch, group.built, group.failed) == (ROOT, (built,), (failed,))
    assert branches.together(Builds((failed,), ())) == ()


def test_each_built_cluster_has_a_branch_and_those_left_over_bring_nothing() -> None:
    builds = Builds((result("a", BuildStatus.FAILED), result("b")), ())
    groups = branches.each(builds, {"a": f"{ROOT}/a", "b": f"{ROOT}/b"}, left_over=[f"{ROOT}/z", f"{ROOT}/y"])
    assert [(group.branch, len(group.built)) for group in groups] == [
        (f"{ROOT}/b", 1),
        (f"{ROOT}/y", 0),
        (f"{ROOT}/z", 0),
    ]
