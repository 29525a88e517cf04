import subprocess

import pytest

from kubeaid_ci.globs.argocd import PatternError, doublestar, gobwas, path_match, pathspec

PATHS = ["a", "a.yaml", "b.yaml", "envs/a", "envs/a/deep", "envs/b.yaml", "envs/a/b.yaml", "x/envs/a", "envs/[a]", "!a"]


@pytest.mark.parametrize(
    ("dialect", "pattern", "matching"),
    [
        (path_match, "envs/*", ["envs/a", "envs/b.yaml", "envs/[a]"]),
        # path.Match knows no deep pattern: ** is *.
        (path_match, "envs/**", ["envs/a", "envs/b.yaml", "envs/[a]"]),
        (path_match, "*/*/*", ["envs/a/deep", "envs/a/b.yaml", "x/envs/a"]),
        (path_match, "envs/[^b]", ["envs/a"]),
        (path_match, "[!x]a", ["!a"]),
        (path_match, r"envs/\[a\]", ["envs/[a]"]),
        (path_match, "{a,b}.yaml", []),
        (gobwas, "*.yaml", ["a.yaml", "b.yaml", "envs/b.yaml", "envs/a/b.yaml"]),
        (gobwas, "{a,envs/*}.yaml", ["a.yaml", "envs/b.yaml", "envs/a/b.yaml"]),
        (gobwas, "[!b].yaml", ["a.yaml"]),
        (gobwas, "[a-b].yaml", ["a.yaml", "b.yaml"]),
        (gobwas, "envs?a", ["envs/a"]),
        (doublestar, "envs/*", ["envs/a", "envs/b.yaml", "envs/[a]"]),
        (doublestar, "envs/**", ["envs/a", "envs/a/deep", "envs/b.yaml", "envs/a/b.yaml", "envs/[a]"]),
        (doublestar, "**/b.yaml", ["b.yaml", "envs/b.yaml", "envs/a/b.yaml"]),
        (doublestar, "envs/**/b.yaml", ["envs/b.yaml", "envs/a/b.yaml"]),
        (doublestar, "{a,b}.yaml", ["a.yaml", "b.yaml"]),
        (doublestar, "[!a].yaml", ["b.yaml"]),
        (doublestar, "a**", ["a", "a.yaml"]),
    ],
)
def test_each_dialect_matches_whole_paths_by_its_own_rules(dialect, pattern, matching):
    assert [path for path in PATHS if dialect(pattern).fullmatch(path)] == matching


@pytest.mark.parametrize(
    ("dialect", "pattern"),
    [
        (path_match, "[a"),
        (path_match, "a\\"),
        (path_match, "[]"),
        (gobwas, "{a"),
        (gobwas, "[ab-c]d]["),
        (doublestar, "{a"),
        (doublestar, "a}"),
        (doublestar, "{a,b}" * 12),
        (pathspec, ":(glob)a"),
        (pathspec, "../a"),
        (pathspec, "/a"),
    ],
)
def test_what_argo_cd_cannot_read_is_refused(dialect, pattern):
    with pytest.raises(PatternError):
        dialect(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        *["envs", "envs/", "envs/*", "envs/**", "*.yaml", "**/b.yaml", "envs/*/b.yaml", "a", "./a", "x/../a", ".", "?"],
        *["[ab].yaml", "[!a].yaml", "[^a].yaml", "[[:alpha:]].yaml", r"\!a", "envs/[a]", r"envs/\[a]", "[a", "nothing"],
    ],
)
def test_a_pathspec_gives_the_files_that_git_lists(tmp_path, pattern):
    files = ["a", "a.yaml", "b.yaml", "envs/a/b.yaml", "envs/b.yaml", "envs/[a]", "x/envs/b.yaml", "!a"]
    for path in files:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("x")
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "--all"], check=True)
    listed = subprocess.run([*git, "ls-files", "-z", "--", pattern], check=True, capture_output=True, text=True)
    assert {path for path in files if pathspec(pattern).fullmatch(path)} == set(listed.stdout.split("\0")[:-1])


@pytest.mark.parametrize("dialect", [path_match, gobwas, doublestar, pathspec])
@pytest.mark.parametrize("pattern", ["*a" * 25 + "*b", "**/a" * 25 + "/b", "{a,aa}*" * 6 + "b"])
def test_a_pattern_with_many_stars_ends_on_a_text_that_nearly_matches(dialect, pattern):
    assert not dialect(pattern).fullmatch("a" * 60)
