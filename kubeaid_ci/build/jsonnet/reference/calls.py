"""Puts calls of our own functions in the place of operators, as few as what is known of the operands allows."""

import re
from dataclasses import dataclass

HOOK = "__kci_"
# What is known of a value from its code: that it is text; null, true or false; an object or array; nothing.
TEXT, WORD, COLLECTION, UNKNOWN = "text", "word", "collection", ""
# Operators that are always calls. `+` depends on its operands.
_CALLS = {"*": f"{HOOK}mul(", "%": f"{HOOK}mod(", "==": f"{HOOK}eq(", "!=": f"!{HOOK}eq("}
# A template that is one text without escapes, and what its directives name: a value, nothing for a plain `%s`,
# or `%` for every directive that is not plain.
_TEMPLATE = re.compile(r"""'([^'\\]*)'|"([^"\\]*)"|\|\|\|((?:(?!\|\|\|).)*)\|\|\|""", re.DOTALL)
_DIRECTIVE = re.compile(r"%(?:\((\w+)\))?s|(%)")
_CLOSER, _REPLACEMENT, _OPENER = range(3)
_MOST_SUMMED = 8


class Edits:
    """Changes to one text. At one position closers come first, then the replacement, then openers."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._edits: list[tuple[int, int, int, int, str]] = []

    def open(self, at: int, text: str) -> None:
        """Insert text that opens something. Of two at one position the later found one is the outer one."""
        self._edits.append((at, _OPENER, -len(self._edits), at, text))

    def close(self, at: int, text: str) -> None:
        """Insert text that closes something."""
        self._edits.append((at, _CLOSER, len(self._edits), at, text))

    def replace(self, start: int, end: int, text: str) -> None:
        """Put other text in the place of `start:end`, which may be empty."""
        self._edits.append((start, _REPLACEMENT, len(self._edits), end, text))

    def sum(self, start: int, place: tuple[int, int], end: int) -> "Sum":
        """Put the call of a sum of two operands in the place of an addition that is `start:end`."""
        number = len(self._edits)
        self.open(start, f"{HOOK}add(")
        self.replace(*place, ",")
        self.close(end, ")")
        return Sum(start, number, [number + 1], number + 2)

    def add_to(self, sum_: "Sum", place: tuple[int, int], end: int) -> None:
        """Take the operand behind an operator, which ends before `end`, into the call of the sum before it."""
        sum_.separators.append(len(self._edits))
        self.replace(*place, ",")
        self._edits[sum_.closer] = (end, _CLOSER, sum_.closer, end, ")")
        self._retext(sum_.opener, f"{HOOK}add{len(sum_.separators) + 1}(")

    def check_sum(self, sum_: "Sum") -> None:
        """Put a check in the place of a sum's call: that the operands give no text."""
        self._retext(sum_.opener, f"{HOOK}other(")
        for separator in sum_.separators:
            self._retext(separator, "+")

    def _retext(self, number: int, text: str) -> None:
        self._edits[number] = (*self._edits[number][:4], text)

    def applied(self, first: int, last: int) -> str:
        """Return `first:last` of the text with all changes that begin there."""
        parts: list[str] = []
        at = first
        for start, _, _, end, text in sorted(edit for edit in self._edits if first <= edit[0] <= last):
            parts += (self.text[at:start], text)
            at = end
        parts.append(self.text[at:last])
        return "".join(parts)


@dataclass(slots=True)
class Sum:
    """Additions of operands of which nothing is known, written as one call.

    `start` is where they begin; the others are the numbers of the call's changes in `Edits`.
    """

    start: int
    opener: int
    separators: list[int]
    closer: int


# What is known of a value: a `Sum` may be anything.
Kind = str | Sum


class Open:
    """An open construct: a bracket, an operator, or the expression of a keyword.

    `use` describes what a bracket is for, which operator it is, or which field has the value. `operand` and
    `primary` are where the operand begins that a bracket or keyword belongs to, with and without unary
    operators. `kind` is what is known of an operator's left side, which begins at `start`, or the colons
    of an object's last field. `place` is the position of the operator.
    """

    __slots__ = ("kind", "operand", "place", "precedence", "primary", "role", "start", "use")

    def __init__(
        self,
        role: str,
        start: int,
        *,
        use: str = "",
        precedence: int = 0,
        kind: Kind = UNKNOWN,
        place: tuple[int, int] = (0, 0),
    ) -> None:
        self.role = role
        self.start = start
        self.use = use
        self.precedence = precedence
        self.kind = kind
        self.place = place
        self.operand = self.primary = -1


def apply(edits: Edits, operator: Open, kind: Kind, start: int, end: int) -> Kind:
    """Put a call in the place of an operator whose right side, of a kind, is `start:end`.

    Returns the kind of the result.
    """
    if operator.use == "+":
        return _add(edits, operator, kind, start, end)
    if operator.use in ("==", "!=") and (operator.kind in (TEXT, WORD) or kind in (TEXT, WORD)):
        return UNKNOWN  # only numbers are compared in another way
    if operator.use == "%" and operator.kind == TEXT:
        _format(edits, operator, end)
        return TEXT
    if call := _CALLS.get(operator.use):
        _call(edits, operator, call, end)
    return UNKNOWN


def _call(edits: Edits, operator: Open, call: str, end: int, separator: str = ",") -> None:
    edits.open(operator.start, call)
    edits.replace(*operator.place, separator)
    edits.close(end, ")")


def _format(edits: Edits, operator: Open, end: int) -> None:
    """Format by a template. rjsonnet does it by itself if there are only `%s` and all values are text."""
    template = _TEMPLATE.fullmatch(edits.text[operator.start : operator.place[0]].rstrip())
    text = template[1] or template[2] or template[3] or "" if template else "%"
    directives = [match[1] or match[2] or "" for match in _DIRECTIVE.finditer(text)]
    names = sorted({name for name in directives if name not in ("", "%")})
    if "%" in directives or (names and "" in directives):
        _call(edits, operator, f"{HOOK}mod(", end)
    elif names:
        _call(edits, operator, f"{HOOK}named(", end, f", {names}, ")
    else:
        _call(edits, operator, f"{HOOK}listed(", end, f", {len(directives)}, ")


def _add(edits: Edits, operator: Open, kind: Kind, start: int, end: int) -> Kind:
    """Write an addition. Text turns the other side into text; what is added to an object or array must not be text."""
    left = operator.kind if isinstance(operator.kind, Sum) and operator.kind.start == operator.start else None
    if left and kind == COLLECTION:
        edits.check_sum(left)
        return COLLECTION
    for known, check in ((TEXT, "text("), (COLLECTION, "other(")):
        if known not in (operator.kind, kind):
            continue
        if kind != known:
            edits.open(start, HOOK + check)
            edits.close(end, ")")
        elif operator.kind != known:
            edits.open(operator.start, HOOK + check)
            edits.close(operator.place[0], ")")
        return known
    if left and len(left.separators) < _MOST_SUMMED - 1:
        edits.add_to(left, operator.place, end)
        return left
    return edits.sum(operator.start, operator.place, end)


def merge(edits: Edits, field: Open, kind: Kind, first: str, end: int) -> None:
    """Write a field `a+: b`, whose value begins with `first` and ends before `end`, without `+:`.

    It is `a: super.a + b`, or just `b` if there is no `super.a`.
    """
    name = field.use
    if kind == COLLECTION and first in ("{", "["):
        empty = "{}" if first == "{" else "[]"
        above = f"(if {name} in super then {HOOK}other(super[{name}]) else {empty})"
        edits.replace(*field.place, f"{field.kind} {above} + ")
    else:
        edits.replace(*field.place, f"{field.kind} {HOOK}plus({name} in super, super[{name}], ")
        edits.close(end, ")")
