import base64
import random

import pytest

from kubeaid_ci.errors import UserError
from kubeaid_ci.helm.chart_files import not_ignored
from tests import helm_binaries, repos

PATHS = [
    "Chart.yaml",
    "a.bak",
    "ci/a.yaml",
    "templates/a.yaml",
    "templates/ci/b.yaml",
    "templates/.swp",
    "templates/x/.keep",
]


@pytest.mark.parametrize(
    ("rules", "gone"),
    [
        ("", ["templates/.swp"]),
        ("# a comment\n\n*.bak\n", ["a.bak", "templates/.swp"]),
        ("ci/\n", ["ci/a.yaml", "templates/ci/b.yaml", "templates/.swp"]),
        ("/ci\n", ["ci/a.yaml", "templates/.swp"]),
        ("a.yaml\n", ["ci/a.yaml", "templates/a.yaml", "templates/.swp"]),
        ("templates/*.yaml\n", ["templates/a.yaml", "templates/.swp"]),
        ("[a-b].bak\n", ["a.bak", "templates/.swp"]),
        ("?.bak\n", ["a.bak", "templates/.swp"]),
    ],
)
def test_a_pattern_leaves_out_what_helm_leaves_out(rules, gone):
    assert [path for path in PATHS if path not in not_ignored(PATHS, rules, where="w/.helmignore")] == gone


def test_an_exclamation_mark_leaves_out_all_that_does_not_match():
    assert not_ignored(["a.yaml", "b.txt"], "!*.yaml\n", where="w") == ["a.yaml"]


@pytest.mark.parametrize(
    ("rule", "gone"),
    [
        ("[!n]*.yaml", ["n.yaml", "!.yaml"]),
        ("[^n]*.yaml", ["!.yaml", "x.yaml", "x/y.yaml"]),
        ("[!n]etwork.yaml", []),
        ("\u00a0n.yaml\t", ["n.yaml"]),
        ("\x1fn.yaml", []),
        ("n.yaml\r", ["n.yaml"]),
        ("[x-a].yaml", []),
        ("[\\]x].yaml", ["x.yaml"]),
        ("/x[^a]y.yaml", ["x/y.yaml"]),
        ("y*[-a]", []),
        ("!", ["n.yaml", "!.yaml", "x.yaml", "x/y.yaml", "c/addons"]),
        ("addons/", ["c/addons"]),
        ("x/", ["x/y.yaml"]),
    ],
)
def test_patterns_are_those_of_go(rule, gone):
    paths = ["n.yaml", "!.yaml", "x.yaml", "x/y.yaml", "c/addons"]
    left = not_ignored(paths, f"\ufeff{rule}\n", where="w", folders={"c/addons"})
    assert [path for path in paths if path not in left] == gone


@pytest.mark.parametrize("rule", ["a/**/b", "[a", "[]", "[a-]", "[-a]", "a\\", "[]a]", "a*[", "x" * 65536])
def test_a_pattern_that_helm_refuses_is_named_with_its_line(rule):
    with pytest.raises(UserError, match=r"w/\.helmignore:2"):
        not_ignored(PATHS, f"\n{rule}\n", where="w/.helmignore")


_NAMES = ["a", "b", "ab", "n", "a.yaml", "networkpolicy.yaml", "!a", "^a", "a-b", "x]y", "a[b", ".hid", "a b", "é", "-"]
_ATOMS = ["*", "?", "a", "b", "n", ".", "!", "^", "-", "[", "]", "[a]", "[!a]", "[^a]", "[!n]", "[a-n]", "[n-a]", "[^n-a]", "[]a]", "[a-]", "[\\]]", "\\", "\\*", "yaml", "*.yaml", "[é]", "[^/]", "networkpolicy", "/", " ", "#"]  # fmt: skip


def rule(pick: random.Random) -> str:
    begin, end = pick.choice(["", "", "", "!", "/", "\u00a0", "\v"]), pick.choice(["", "", "", "/"])
    return begin + "".join(pick.choice(_ATOMS) for _ in range(pick.choice([1, 2, 2, 3, 3, 4]))) + end


def kept_by_helm(chart, program):
    """The paths that a template of the chart can read; None if Helm does not load the chart."""
    out = helm_binaries.run("template", chart, program=program)
    lines = [line for line in out.stdout.splitlines() if line.startswith('"')]
    return None if out.returncode else sorted(base64.b64decode(line.split('"')[1]).decode() for line in lines)


@helm_binaries.needs_helm
def test_generated_rules_leave_out_what_helm_leaves_out(tmp_path):
    pick = random.Random(8)
    paths = {"/".join(pick.choices(_NAMES, k=pick.choice([1, 1, 2, 3]))) for _ in range(50)}
    paths = sorted(path for path in paths if not any(other.startswith(f"{path}/") for other in paths))
    listing = '{{ range $path, $_ := .Files.Glob "**" }}"{{ $path | b64enc }}": 1\n{{ end }}'
    own = {"Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", "templates/zzz.yaml": listing}
    repos.write(tmp_path, dict.fromkeys(paths, "x") | own)
    checked = 0
    while checked < 150:
        text = pick.choice(["\n", "\r\n"]).join(rule(pick) for _ in range(pick.choice([1, 1, 2])))
        (tmp_path / ".helmignore").write_bytes(text.encode())
        try:
            ours = not_ignored([*paths, *own, ".helmignore"], text, where="w")
        except UserError:
            ours = None
        if ours is not None and not own.keys() <= {*ours}:
            continue
        expected = None if ours is None else sorted({*ours} - own.keys())
        assert kept_by_helm(tmp_path, helm_binaries.newest()) == expected, repr(text)
        checked += 1
