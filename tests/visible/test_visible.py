import pytest

from kubeaid_ci.visible import headline, one_line, shortened, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ünï 日本 🎉", "plain ünï 日本 🎉"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("abc\rxyz", r"abc\rxyz".replace(r"\r", r"\x0d")),
        ("right \u202e left", r"right \u202e left"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("not utf-8: \udcff", r"not utf-8: \udcff"),
        ("\ufffe \U000e0041", r"\ufffe \U000e0041"),
        ("a\tb\r\nc\n", "a\tb\nc\n"),
    ],
)
def test_what_is_not_seen_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_one_line_has_no_line_break_of_any_kind() -> None:
    assert one_line(" a\n b\x0bc\u2028d\t ") == r"a b\x0bc\u2028d"


def test_a_headline_is_apart_from_the_lines_after_it() -> None:
    assert headline("\nfirst \n  2 | x\n\n") == ("first", "  2 | x")
    assert headline("") == ("", "")


def test_a_long_text_ends_in_an_ellipsis_within_the_limit() -> None:
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abcde…"
