import pytest

from kubeaid_ci.git.revision import PINNED, WORK_TREE, Commit, parse_revision, parse_tree_revision


@pytest.mark.parametrize(
    ("text", "revision"),
    [
        ("worktree", WORK_TREE),
        ("pinned", PINNED),
        ("HEAD~1", Commit("HEAD~1")),
        ("refs/heads/pinned", Commit("refs/heads/pinned")),
    ],
)
def test_a_text_of_the_command_line_means_one_revision_and_is_its_text(text, revision):
    assert parse_revision(text) == revision
    assert parse_revision(revision) is revision
    assert str(revision) == text


def test_a_repository_without_clusters_pins_nothing():
    assert parse_tree_revision("worktree") == WORK_TREE
    assert parse_tree_revision("pinned") == Commit("pinned")
