"""Patterns of names, matched in time linear in the text, for any pattern.

A regular expression with several stars can take exponential time on a text that does not match. Here a pattern is a
nondeterministic automaton whose states are followed all at once (Thompson, https://swtch.com/~rsc/regexp/regexp1.html).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

Test = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class One:
    """One character that passes a test."""

    test: Test


@dataclass(frozen=True, slots=True)
class Many:
    """Any number of characters that pass a test, none included."""

    test: Test


@dataclass(frozen=True, slots=True)
class Folders:
    """Any number of whole folders, none included: empty, or text that ends with a slash.

    `empty` is True if a folder may have no name, as in ``//``.
    """

    empty: bool = True


@dataclass(frozen=True, slots=True)
class Either:
    """One of several sequences."""

    branches: Sequence[Sequence["Part"]]


Part = One | Many | Folders | Either


@dataclass(slots=True)
class Pattern:
    """A sequence of parts that a whole text has to match."""

    parts: Sequence[Part]
    _edges: list[tuple[Test, int]] = field(default_factory=list)
    """The test that leads out of a state, and the state behind it; states of several tests are split."""
    _skips: list[list[int]] = field(default_factory=list)
    _closures: list[frozenset[int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Build the automaton: state 0 starts, the last one ends it."""
        if self._is_simple():
            return
        start = self._state()
        end = self._add(self.parts, start)
        final = self._state()
        self._skips[end].append(final)
        self._closures = [self._reached(state) for state in range(len(self._edges))]

    def fullmatch(self, text: str) -> bool:
        """Return whether the whole text matches."""
        if not self._closures:
            return self._match_simple(text)
        states = self._closures[0]
        for character in text:
            targets = [self._edges[state][1] for state in states if self._edges[state][0](character)]
            states = frozenset().union(*(self._closures[target] for target in targets))
            if not states:
                return False
        return len(self._edges) - 1 in states

    def _is_simple(self) -> bool:
        """Return whether the pattern has one star at most, as most have: it needs no automaton."""
        many = sum(isinstance(part, Many) for part in self.parts)
        return many <= 1 and all(isinstance(part, One | Many) for part in self.parts)

    def _match_simple(self, text: str) -> bool:
        star = next((at for at, part in enumerate(self.parts) if isinstance(part, Many)), None)
        tests = [part.test for part in self.parts if isinstance(part, One | Many)]
        if star is None:
            return len(text) == len(tests) and all(test(character) for test, character in zip(tests, text, strict=True))
        end = len(text) - (len(tests) - star - 1)
        return (
            star <= end
            and all(test(character) for test, character in zip(tests[:star], text[:star], strict=True))
            and all(test(character) for test, character in zip(tests[star + 1 :], text[end:], strict=True))
            and all(map(tests[star], text[star:end]))
        )

    def _state(self) -> int:
        self._edges.append((_never, 0))
        self._skips.append([])
        return len(self._edges) - 1

    def _add(self, parts: Sequence[Part], start: int) -> int:
        """Add states for the parts behind a state, and return the last one."""
        for part in parts:
            match part:
                case One(test):
                    here, start = start, self._state()
                    self._edges[here] = (test, start)
                    continue
                case Many(test):
                    loop = self._state()
                    self._edges[loop] = (test, loop)
                    self._skips[start].append(loop)
                    start = self._after(loop)
                case Folders(empty):
                    start = self._folders(start, empty=empty)
                case Either(branches):
                    ends = [self._add(branch, self._after(start)) for branch in branches]
                    start = self._state()
                    for end in ends:
                        self._skips[end].append(start)
        return start

    def _after(self, state: int) -> int:
        new = self._state()
        self._skips[state].append(new)
        return new

    def _folders(self, start: int, *, empty: bool) -> int:
        """Start, or any text up to a slash, any number of times: name and slash lead to the next state."""
        again = self._after(start)
        first, name, slash, done = (self._state() for _ in range(4))
        self._skips[again] += [first, done]
        if empty:
            self._skips[first].append(slash)
        self._edges[first] = (_no_slash, name)
        self._edges[name] = (_no_slash, name)
        self._skips[name].append(slash)
        self._edges[slash] = (_is_slash, again)
        return done

    def _reached(self, state: int) -> frozenset[int]:
        found, waiting = {state}, [state]
        while waiting:
            for following in self._skips[waiting.pop()]:
                if following not in found:
                    found.add(following)
                    waiting.append(following)
        return frozenset(found)


def _never(_: str) -> bool:
    return False


def _is_slash(character: str) -> bool:
    return character == "/"


def _no_slash(character: str) -> bool:
    return character != "/"
