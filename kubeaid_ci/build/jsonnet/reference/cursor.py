"""The state of a reader of jsonnet code: its open constructs, and the operand before it."""

from kubeaid_ci.build.jsonnet.reference import calls, grammar
from kubeaid_ci.build.jsonnet.reference.calls import UNKNOWN, Edits, Kind, Open


class UnsupportedError(Exception):
    """Code that only the reference evaluates; the argument is the position in the code."""


class Cursor:
    """A place between two tokens of one file. Changes are recorded in `edits`."""

    def __init__(self, code: str, edits: Edits) -> None:
        self._code = code
        self._edits = edits
        self._open = [Open("file", 0)]
        self._complete = False  # whether an operand ends before the cursor
        self._key = False  # whether an object's field is expected
        self._field_name = ""  # the code that gives the name of the field before the cursor
        self._operand = self._primary = -1  # where the operand begins, with and without its unary operators
        self._kind: Kind = UNKNOWN  # of the operand before the cursor
        self._end = 0  # of the token before, and where it begins
        self._start = 0
        self._expected = ""
        self._object_used = -1  # the last `self`, `super` or `$`
        self._import_use = ""
        self._keyword_operand = -1

    def _begin(self, start: int, kind: Kind = UNKNOWN) -> None:
        """Begin an operand."""
        if self._complete or self._key:
            raise UnsupportedError(start)
        self._complete = True
        self._kind = kind
        self._primary = start
        if self._operand < 0:
            self._operand = start

    def _reset(self) -> None:
        """Expect another operand."""
        self._complete = False
        self._operand = -1

    def _push(self, opened: Open) -> None:
        opened.operand, opened.primary = self._operand, self._primary
        self._open.append(opened)
        self._reset()

    def _pop(self) -> None:
        """Close the last that is open. It becomes the operand before the cursor."""
        opened = self._open.pop()
        match opened.role:
            case "operator":
                self._kind = calls.apply(self._edits, opened, self._kind, self._operand, self._end)
                self._operand = opened.start
            case "value":
                calls.merge(self._edits, opened, self._kind, self._code[max(self._operand, 0)], self._end)
            case "each":
                self._edits.close(self._end, ")")
            case _:
                self._kind = UNKNOWN
                self._operand = opened.operand

    def _unwind(self, *roles: str) -> Open:
        """Close all above the nearest bracket, or the nearest of the roles, and return that."""
        while (top := self._open[-1]).role not in grammar.BRACKETS and top.role not in roles:
            self._pop()
        return top

    def _turn(self, start: int, into: str, *roles: str) -> None:
        """Let the nearest keyword in one of the roles go on with its next part."""
        top = self._unwind(*roles)
        if top.role not in roles or not self._complete:
            raise UnsupportedError(start)
        top.role = into
        self._reset()
