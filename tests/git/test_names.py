import pytest

from kubeaid_ci.git.links import is_for_git

ZERO_WIDTH = "\u200d"


@pytest.mark.parametrize(
    "name",
    [
        ".git",
        ".GIT",
        ".Git",
        ".git ",
        ".git.",
        ".git. . ",
        "git~1",
        "GIT~1",
        "git~1 .",
        ".git::$INDEX_ALLOCATION",
        ".git:x",
        f".g{ZERO_WIDTH}it",
        "\ufeff.git",
        ".gi\u200ct",
        "a\\.git",
        ".git\\config",
    ],
)
def test_names_that_some_system_takes_for_git_are_its_own(name: str) -> None:
    assert is_for_git(name)


@pytest.mark.parametrize(
    "name", [".github", ".gitignore", "git", "a.git", ".git-x", "git~2", "git~10", "..git", "agit~1"]
)
def test_other_names_are_free(name: str) -> None:
    assert not is_for_git(name)
