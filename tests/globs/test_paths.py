import pytest

from kubeaid_ci.globs.paths import matches


@pytest.mark.parametrize(
    ("glob", "text", "expected"),
    [
        ("buzz/buzz", "buzz/buzz", True),
        ("buzz/buzz", "buzz/buzzer", False),
        ("buzz/*", "buzz/buzz", True),
        ("*", "buzz/buzz", False),
        ("**", "buzz/buzz", True),
        ("***", "buzz/buzz", True),
        ("charts/**", "charts/a/b.yaml", True),
        ("charts/**", "x/charts/a", False),
        ("**/b.yaml", "b.yaml", True),
        ("**/b.yaml", "a/c/b.yaml", True),
        ("**/b.yaml", "ab.yaml", False),
        ("a/**/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a/**/b", "a/xb", False),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("a[bx]c", "axc", True),
        ("a[!bx]c", "axc", False),
        ("a[!bx]c", "a/c", False),
        ("a[0-9]", "a7", True),
        ("a[9-0]", "a[9-0]", True),
        ("items[", "items[", True),
        ("a.c", "abc", False),
        ("a\\d", "a\\d", True),
        ("a*", "a\nb", True),
    ],
)
def test_a_glob_matches_the_whole_text(glob: str, text: str, expected: bool) -> None:
    assert matches(glob, text) is expected
