"""What a targetRevision names, as Argo CD resolves it."""

import pytest

from kubeaid_ci.git.repository import Repository
from tests import repos

TAGS = ["30.9.0", "31.0.0", "31.1.1", "v31.1.0", "32.0.0-rc.1", "web/1.0.0", "web/1.4.0", "nightly", "twin"]
BRANCHES = ["feature/x", "twin", "31.x-branch", "2024.x"]


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A clone: each tag and branch is a commit whose message is its name."""
    remote, clone = tmp_path_factory.mktemp("remote"), tmp_path_factory.mktemp("clone") / "x"
    repos.git(remote, "init", "--quiet", "--initial-branch=main")
    for name in TAGS:
        repos.commit(remote, message=f"tag {name}")
        repos.git(remote, "tag", name)
    for name in BRANCHES:
        repos.git(remote, "checkout", "--quiet", "-b", name)
        repos.commit(remote, message=f"branch {name}")
        repos.git(remote, "checkout", "--quiet", "main")
    repos.git(remote.parent, "clone", "--quiet", str(remote), str(clone))
    return Repository(clone)


@pytest.mark.parametrize(
    ("revision", "prefix", "expected"),
    [
        ("31.1.1", "", "tag 31.1.1"),
        ("31.*", "", "tag 31.1.1"),
        ("31.x", "", "tag 31.1.1"),
        (">=31.0.0 <31.1.1", "", "tag v31.1.0"),
        (">=31.0.0, <31.1.1", "", "tag v31.1.0"),
        ("~31.0", "", "tag 31.0.0"),
        ("^30", "", "tag 30.9.0"),
        ("30 - 31.0.0", "", "tag 31.0.0"),
        ("*", "", "tag 31.1.1"),
        (">=31.0.0-0", "", "tag 32.0.0-rc.1"),
        ("33.*", "", None),
        # A version is a name, not a range.
        ("31", "", None),
        ("31.1", "", None),
        # A range without a tag may be the name of a branch.
        ("2024.x", "", "branch 2024.x"),
        # The library takes this for a range with a pre-release.
        ("31.x-branch", "", "tag 31.1.1"),
        ("1.*", "web/", "tag web/1.4.0"),
        ("1.0.0", "web/", "tag web/1.0.0"),
        ("nightly", "web/", "tag nightly"),
        ("1.*", "", None),
        ("feature/x", "", "branch feature/x"),
        ("refs/heads/feature/x", "", "branch feature/x"),
        ("refs/tags/31.0.0", "", "tag 31.0.0"),
        ("refs/tags/feature/x", "", None),
        ("refs/heads/nightly", "", None),
        ("refs/pull/1/head", "", None),
        # Argo CD finds the branch of a name before the tag.
        ("twin", "", "branch twin"),
        ("refs/tags/twin", "", "tag twin"),
        # Only names and ids count.
        ("origin/main", "", None),
        ("refs/remotes/origin/main", "", None),
        ("HEAD~1", "", None),
        ("31.1.1^{}", "", None),
        ("", "", None),
        ("feature/*", "", None),
    ],
)
def test_a_target_revision_is_what_argo_cd_takes(repository, revision, prefix, expected):
    commit = repository.target(revision, prefix)
    subject = repos.git(repository.folder, "log", "-1", "--format=%s", commit).strip() if commit else None
    assert subject == expected


def test_a_commit_may_be_named_by_its_id_or_the_start_of_it(repository):
    commit = repository.commit("31.0.0")
    assert [repository.target(commit), repository.target(commit[:7]), repository.target(commit[:6])] == [
        commit,
        commit,
        None,
    ]


@pytest.mark.parametrize("odd", ["1.0.0-01", "99999999999999999999.0.0"])
def test_a_tag_that_only_looks_like_a_version_stops_argo_cd(tmp_path, odd):
    repos.git(tmp_path, "init", "--quiet", "--initial-branch=main")
    repos.commit(tmp_path, tag="1.0.0")
    assert Repository(tmp_path).target("1.*") == repos.git(tmp_path, "rev-parse", "HEAD").strip()
    repos.git(tmp_path, "tag", odd)
    assert Repository(tmp_path).target("1.*") is None
