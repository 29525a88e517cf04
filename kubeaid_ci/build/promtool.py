"""promtool, which reads Prometheus rules as Prometheus does."""

import ast
import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubeaid_ci.errors import OutsideError
from kubeaid_ci.runtime.processes import Finished, run

_SECONDS = 120.0
_OPERATORS_OWN = ("partial_response_strategy", "query_offset", "labels")
"""Fields of a group that the operator takes out for a Prometheus, or a promtool, that does not know them."""

# Positions are those in our temporary file and are meaningless to the reader.
_POSITIONS = re.compile(r"(?:\d+:\d+: )+")
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_PLACE = re.compile(rf"group (?P<group>{_QUOTED}), rule \d+, (?P<rule>{_QUOTED}): ")
# In JSON read as YAML these are refused or taken for line breaks, unless they are escaped. Characters
# beyond the first plane are the reverse: as JSON's pairs of escapes YAML refuses them.
_TO_ESCAPE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class RuleProblem:
    """An error that Prometheus would report in a rule file; `group` and `rule` if the refusal names them."""

    file: str
    group: str | None
    rule: str | None
    message: str


def find() -> str | None:
    """Return the path of promtool; None if it is not installed."""
    return shutil.which("promtool")


def check_rules(groups_by_file: Mapping[str, list[Any]]) -> tuple[RuleProblem, ...]:
    """Return what Prometheus would refuse in these rule groups; empty if it takes them all.

    One run of promtool checks all of them. Raises `UserError` if promtool is not installed, and
    `OutsideError` if it does not end in time, or fails without naming a file.
    """
    if not groups_by_file:
        return ()
    with tempfile.TemporaryDirectory(prefix="kubeaid-ci-rules-") as name:
        folder = Path(name).resolve()
        names = {_write(folder, place, groups_by_file[file]): file for place, file in enumerate(groups_by_file)}
        done = run(["promtool", "check", "rules", "--lint=none", *names], folder=folder, timeout=_SECONDS)
    problems = _problems(done.stderr, names) if done.code else ()
    if done.code and not problems:
        raise OutsideError(_unclear(done))
    return problems


def _write(folder: Path, place: int, groups: list[Any]) -> str:
    text = json.dumps({"groups": [_plain(group) for group in groups]}, ensure_ascii=False, indent=1, default=str)
    path = folder / f"{place:06}.yaml"
    path.write_text(_TO_ESCAPE.sub(lambda match: f"\\u{ord(match[0]):04x}", text), encoding="utf-8")
    return str(path)


def _plain(group: Any) -> Any:
    if not isinstance(group, Mapping):
        return group
    return {field: value for field, value in group.items() if field not in _OPERATORS_OWN}


def _problems(stderr: str, names: Mapping[str, str]) -> tuple[RuleProblem, ...]:
    """Parse messages, each of which starts with the path of its file; lines that follow belong to it."""
    found: list[tuple[str, list[str]]] = []
    for line in stderr.rstrip("\n").split("\n"):
        path, separator, text = line.partition(": ")
        if separator and path in names:
            found.append((names[path], [text]))
        elif found and line.strip() != "FAILED:":
            found[-1][1].append(line)
    return tuple(_problem(file, "\n".join(lines)) for file, lines in found)


def _problem(file: str, message: str) -> RuleProblem:
    text = _POSITIONS.sub("", message, count=1) if _POSITIONS.match(message) else message
    place = _PLACE.match(text)
    if place is None:
        return RuleProblem(file, None, None, text)
    return RuleProblem(file, _unquoted(place["group"]), _unquoted(place["rule"]), text[place.end() :])


def _unquoted(quoted: str) -> str | None:
    """Return the text of Go's quoted form, whose escapes are those of a Python literal; None if it is empty."""
    return str(ast.literal_eval(quoted)) or None


def _unclear(done: Finished) -> str:
    printed = done.stderr.strip() or done.text
    return f"promtool ended with code {done.code}: {printed or 'it printed nothing'}"
