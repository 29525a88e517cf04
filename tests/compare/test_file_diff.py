import pytest

from kubeaid_ci.charts.verify.verdict import compare_trees
from kubeaid_ci.compare.file_diff import diff
from kubeaid_ci.git.tree import EXECUTABLE, REGULAR, File


def between(old, new, mode=REGULAR):
    files = [
        None
        if data is None
        else File(REGULAR if data is old else mode, data.encode() if isinstance(data, str) else data)
        for data in (old, new)
    ]
    return diff(*files).splitlines()


def test_trees_differ_in_what_is_modified_added_or_missing():
    one, other = File(REGULAR, b"1").entry, File(REGULAR, b"2").entry
    run = File(EXECUTABLE, b"1").entry
    changes = compare_trees(
        {"same": one, "new": one, "text": one, "mode": run}, {"same": one, "text": other, "mode": one, "old": one}
    )
    assert [(change.path, change.change.value) for change in changes] == [
        ("mode", "modified"),
        ("new", "added"),
        ("old", "missing"),
        ("text", "modified"),
    ]


def test_a_changed_line_is_shown_with_its_place():
    old = "".join(f"line {number}\n" for number in range(1, 21))
    assert between(old, old.replace("line 10\n", "line ten\n")) == [
        "@@ -7,7 +7,7 @@", " line 7", " line 8", " line 9", "-line 10", "+line ten", " line 11", " line 12", " line 13",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "remark"),
    [
        ("a: admin\n", "a: \u0430dmin\n", "\\ holds U+0430 CYRILLIC SMALL LETTER A"),
        ("a: x\n", "a: x\u200b\n", "\\ holds U+200B ZERO WIDTH SPACE"),
        ("a: |\n  x\n", "a: |\n  x  \n", "\\ ends in 2 spaces"),
        ("a: |\n    x\n", "a: |\n\tx\n", "\\ holds U+0009 TAB"),
        ("a: x\n", "a: x\r\n", "\\ holds U+000D CARRIAGE RETURN"),
        ("a: x\n", "a: x", "\\ no line break at the end of the file"),
    ],
)
def test_what_nobody_sees_is_told(old, new, remark):
    assert remark in between(old, new)


def test_letters_that_steer_a_terminal_are_escaped():
    shown = between("a\n", "a\x1b[31m\u202e\r\n")
    assert "+a\\x1b[31m\\u202e\\r" in shown


def test_a_change_far_along_a_long_line_is_seen():
    before, after = "x" * 3000 + "admin" + "y" * 3000, "x" * 3000 + "user" + "y" * 3000
    shown = between(f"a\n{before}\n", f"a\n{after}\n")
    assert [line[:1] + line[50:70] for line in shown[2:]] == ["-" + "x" * 12 + "adminyyy", "+" + "x" * 12 + "useryyyy"]
    assert all(line[1] == line[-1] == "…" and len(line) < 510 for line in shown[2:])


def test_modes_and_binaries_are_told_without_their_bytes():
    assert between("x", "x ", EXECUTABLE)[0] == "\\ mode 100644 became 100755"
    (line,) = between(b"\0one", b"\0two")
    assert line.startswith("\\ binary: 4 bytes with SHA-256 ")
    assert between(b"\xff", None)[0].endswith(" became nothing")


def test_a_file_that_came_or_went_is_shown_whole():
    assert between(None, "a\nb\n") == ["@@ -0,0 +1,2 @@", "+a", "+b"]
    assert between("a\n", None) == ["@@ -1,1 +0,0 @@", "-a"]
    assert between(None, "") == []


def test_a_huge_change_is_counted_and_a_small_one_in_a_huge_file_is_shown():
    many = "".join(f"{number}\n" for number in range(50_000))
    (line,) = between("", many)
    assert "50000 lines" in line
    assert "+evil" in between(many, many.replace("25000\n", "evil\n"))
    assert len(between("", "x\n" * 1000)) == 201
    assert max(map(len, between("", "x" * 100_000))) < 600
