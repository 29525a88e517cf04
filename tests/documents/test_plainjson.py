import gc
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kubeaid_ci.documents import dump, parse_json
from kubeaid_ci.documents.plainjson import parse
from kubeaid_ci.errors import UserError


class Garbage:
    """What only garbage collection ends, and what needs some room on the stack for it."""

    def __init__(self, ended: list[bool]) -> None:
        self.itself, self.ended = self, ended

    def __del__(self) -> None:
        self.ended.append(_goes_down(60))


@pytest.fixture
def failures(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    found: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", found.append)
    were = gc.get_threshold()
    gc.freeze()
    yield found
    gc.unfreeze()
    gc.set_threshold(*were)


def endless() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def test_json_is_read() -> None:
    assert parse('{"a": [1, 2.5, null, true, "é"]}') == {"a": [1, 2.5, None, True, "é"]}
    assert parse(b'[1, "\xc3\xa9"]') == [1, "é"]


def test_what_is_no_json_is_a_wrong_value() -> None:
    for text in ("", "{", "[1] 2"):
        with pytest.raises(ValueError, match="line 1"):
            parse(text)
    with pytest.raises(ValueError, match="nested too deeply"):
        parse("[" * 100_000)
    assert parse('{"a": {"b": 1}, "b": {"b": 2, "b": 3}}') == {"a": {"b": 1}, "b": {"b": 3}}
    with pytest.raises(ValueError, match="twice"):
        parse('{"a": {"b": 1}, "b": {"b": 2, "b": 3}}', unique=True)


@pytest.mark.parametrize(
    ("read", "error"),
    [
        (lambda: parse("[" * 100_000), ValueError),
        (lambda: parse_json("[" * 100_000), UserError),
        (lambda: dump(endless()), UserError),
    ],
)
def test_what_ends_while_something_too_deep_is_read_has_room_for_it(
    failures: list[Any], read: Callable[[], Any], error: type[Exception]
) -> None:
    ended: list[bool] = []
    for threshold in range(100, 1000, 10):
        gc.collect()
        gc.set_threshold(threshold)
        Garbage(ended)
        with pytest.raises(error):
            read()
    gc.collect()
    assert not failures
    assert ended == [True] * 90


def _goes_down(frames: int) -> bool:
    return frames == 0 or _goes_down(frames - 1)
