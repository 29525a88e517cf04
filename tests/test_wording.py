"""Texts are plain technical English: no word of the list below, in fewer places with every change, never in more.

`wording.json` holds the number of hits that each kind of text may still have; no entry means none. A change that
removes hits lowers the numbers: ``pytest tests/test_wording.py --update-golden``. A new pattern starts with the numbers
of the day on which it is added.
"""

import ast
import io
import json
import re
import tokenize
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import click
import pytest

import kubeaid_ci
from kubeaid_ci.cli.main import cli
from kubeaid_ci.findings.registry import RULES

PACKAGE = Path(kubeaid_ci.__file__).parent
ROOT = PACKAGE.parent
ALLOWANCES = Path(__file__).with_name("wording.json")

# What to write in place of each: the pattern's name says it.
PATTERNS = {
    "anew: again": r"\banew\b",
    "whoever: the user, the process that": r"\bwho(?:ever|mever)\b",
    "be it: even if": r"\bbe it\b",
    "shall: must, should": r"\bshall\b",
    "letters: characters": r"(?<!-case )\bletters?\b(?! or digit|, digits)",
    "is none: if it does not exist": r"\b(?:is|are|was|were|be) none\b",
    "nothing where: None if, empty if": r"\bnothing where\b",
    "asks nobody: does not use the network": r"\bnobody\b",
    "with blanks between: space-separated": r"\bblanks?\b(?! line)",
    "tell, say: report, print, show, list": r"\b(?:tells?|telling|told|says?|saying|said)\b",
    "at hand: local, given, checked out": r"\bat hand\b",
    "beside: next to, besides": r"\bbeside\b",
    "alone: only": r"\balone\b",
    "cure: fix": r"\bcures?\b",
    "of ours: internal, local": r"\bof ours\b",
    "no more: deleted, no longer": r"\b(?:is|are|does|do) no more\b",
    "is not there: does not exist": r"\b(?:is|are|was|were) not there\b",
    "by hand: manually": r"\bby hand\b",
    "side by side: in parallel": r"\bside by side\b",
    "be asked: contact": r"\b(?:is|are|be|was|were) asked\b",
    "lie, stand: is, exists": r"\b(?:lies|stands|stand there)\b",
    "all the same: anyway": r"\ball the same\b",
    "ArgoCD: Argo CD": r"\bArgoCD\b",
    "mend: fix": r"\bmend(?:s|ed|ing)?\b",
    "pass over: skip, ignore": r"\bpass(?:ed|es)? over\b",
    "asked for: requested, read": r"\basked\b",
    "is to be: must be, or say who does it": r"\b(?:is|are|was|were) to be\b",
    "stands for: represents, replaces": r"\bstands? for\b",
    "speaks: names, uses": r"\b(?:spoken|speaks?|speaking)\b",
    "hands on: passes": r"\bhand(?:s|ed|ing)? on\b",
    "lies in: is in": r"\blies? (?:in|below|on|at|under)\b|\blay (?:in|on|at)\b",
    "put on: applied": r"\bput on\b",
    "once more: again": r"\bonce more\b",
    "there already: exists already": r"\b(?:is|are|was|were) there already\b",
}
FOR_USERS = {
    "is no: is not a": r"(?<![Tt]here )\b(?:is|are|was|were) no\b(?! (?:longer|more|less|other|need))",
}
SUMMARY = {
    "start with a verb or a noun": r"^(?:What|Whether|How|Which|Where|Who|Whose|Whom)\b(?![^.\n]*\?)",
}
NAMES = {"at_hand", "given", "kept", "said", "seen", "shown", "told"}


@cache
def _found(area: str) -> list[tuple[str, str, str]]:
    """Return the hits of a kind of text: pattern, place and the words around."""
    if area.startswith("names:"):
        return [("say what it is", place, name) for place, name in _names(area.partition(":")[2])]
    hits = []
    for place, text in _texts(area):
        patterns = PATTERNS | FOR_USERS if area in ("help", "rules", "docs", "pipelines") else PATTERNS
        if area.startswith("docstrings:") and not place.endswith("#"):
            patterns = patterns | SUMMARY
        for name, pattern in patterns.items():
            for hit in re.finditer(pattern, text):
                around = " ".join(text[max(hit.start() - 40, 0) : hit.end() + 40].split())
                hits.append((name, place, around))
    return hits


def _texts(area: str) -> Iterator[tuple[str, str]]:
    kind, _, folder = area.partition(":")
    yield from KINDS[kind](folder)


def _help_texts(_: str) -> Iterator[tuple[str, str]]:
    def texts(command: click.Command, path: str) -> Iterator[tuple[str, str]]:
        with click.Context(command, info_name=path) as context:
            yield path, " ".join(command.get_help(context).split())
            if isinstance(command, click.Group):
                for name in command.list_commands(context):
                    found = command.get_command(context, name)
                    assert found is not None
                    yield from texts(found, f"{path} {name}")

    yield from texts(cli, "kubeaid-ci")


def _rules(_: str) -> Iterator[tuple[str, str]]:
    for rule in RULES.values():
        yield rule.id, rule.help


def _docs(_: str) -> Iterator[tuple[str, str]]:
    for path in (*ROOT.glob("docs/*.md"), *(ROOT / f"{name}.md" for name in ("README", "SECURITY", "CONTRIBUTING"))):
        text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
        yield str(path.relative_to(ROOT)), re.sub(r"`[^`\n]*`", "``", text)


def _pipelines(_: str) -> Iterator[tuple[str, str]]:
    """Descriptions and comments of actions, workflows and templates."""
    folders = ("actions", ".github", "gitlab-ci-templates", "templates")
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.y*ml")):
            lines = path.read_text(encoding="utf-8").splitlines()
            prose = [line for line in lines if re.match(r"\s*(?:#|-? ?(?:description|name)\s*:|[A-Za-z])", line)]
            yield str(path.relative_to(ROOT)), "\n".join(prose)


def _modules(folder: str) -> Iterator[tuple[str, str, ast.Module]]:
    pattern = "*.py" if folder == "." else f"{folder}/**/*.py"
    for path in sorted(PACKAGE.glob(pattern)):
        text = path.read_text(encoding="utf-8")
        yield str(path.relative_to(PACKAGE)), text, ast.parse(text)


def _docstrings(folder: str) -> Iterator[tuple[str, str]]:
    for name, text, tree in _modules(folder):
        for node in _docstring_nodes(tree):
            assert isinstance(node.value, str)
            yield f"{name}:{node.lineno}", re.sub(r"``?[^`\n]*``?", "``", node.value)
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                yield f"{name}:{token.start[0]}#", re.sub(r"`[^`\n]*`", "``", token.string)


def _messages(folder: str) -> Iterator[tuple[str, str]]:
    """Strings that hold more than one word."""
    for name, _, tree in _modules(folder):
        docstrings = set(map(id, _docstring_nodes(tree)))
        for node in ast.walk(tree):
            match node:
                case ast.Constant(value=str() as text) if id(node) not in docstrings and " " in text:
                    yield f"{name}:{node.lineno}", text


def _docstring_nodes(tree: ast.Module) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str()) as constant):
                yield constant


def _names(folder: str) -> Iterator[tuple[str, str]]:
    for name, _, tree in _modules(folder):
        for node in ast.walk(tree):
            match node:
                case (
                    ast.Name(id=word, ctx=ast.Store(), lineno=line)
                    | ast.arg(arg=word, lineno=line)
                    | ast.FunctionDef(name=word, lineno=line)
                ) if word.strip("_") in NAMES:
                    yield f"{name}:{line}", word


KINDS: dict[str, Callable[[str], Iterator[tuple[str, str]]]] = {
    "help": _help_texts,
    "rules": _rules,
    "docs": _docs,
    "pipelines": _pipelines,
    "messages": _messages,
    "docstrings": _docstrings,
}
FOLDERS = [".", *sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))]
AREAS = [
    *("help", "rules", "docs", "pipelines"),
    *(f"{kind}:{folder}" for kind in ("messages", "docstrings", "names") for folder in FOLDERS),
]


def _allowed(area: str) -> dict[str, int]:
    allowances: dict[str, dict[str, int]] = json.loads(ALLOWANCES.read_text(encoding="utf-8"))
    return allowances.get(area, {})


@pytest.mark.parametrize("area", AREAS)
def test_no_text_has_more_hits_than_before(area, request):
    hits = _found(area)
    counts = Counter(name for name, _, _ in hits)
    if request.config.getoption("--update-golden"):
        _lower(area, counts)
    allowed = _allowed(area)
    over = {name for name, count in counts.items() if count > allowed.get(name, 0)}
    lines = [f"{place}: …{words}… ({name})" for name, place, words in hits if name in over]
    assert not over, "write it in plain English:\n" + "\n".join(lines)


def _lower(area: str, counts: Counter[str]) -> None:
    """Lower the numbers that a kind of text may have. They never grow."""
    allowances = json.loads(ALLOWANCES.read_text(encoding="utf-8"))
    before = allowances.pop(area, {})
    after = {name: min(count, before.get(name, 0)) for name, count in sorted(counts.items())}
    if after := {name: count for name, count in after.items() if count}:
        allowances[area] = after
    ALLOWANCES.write_text(json.dumps(allowances, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        ("Return None if the file does not exist.", []),
        ("The folder; nothing where there is none.", ["is none", "nothing where"]),
        ("Built anew, be it for a cluster at hand.", ["anew", "be it", "at hand"]),
        ("ArgoCD tells nobody.", ["asks nobody", "tell, say", "ArgoCD"]),
        ("What a chart holds.", ["start with a verb or a noun"]),
        ("A file that is no chart is passed over.", ["is no", "pass over"]),
        ("Return what is to be done when asked.", ["is to be", "asked for"]),
        ("The patches, put on once more.", ["put on", "once more"]),
        ("Fix what is no longer needed; there is no other file.", []),
    ],
)
def test_the_list_finds_the_words(text, hits):
    found = [name for name, pattern in (PATTERNS | FOR_USERS | SUMMARY).items() if re.search(pattern, text)]
    assert [name for name in found if not any(name.startswith(hit) for hit in hits)] == []
    assert len(found) == len(hits)
