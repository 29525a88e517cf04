"""Finds where the operands of jsonnet's operators begin and end, and puts calls in the operators' place.

This is no full parser: rjsonnet reads the result, and it checks the rest. What is not understood
raises `UnsupportedError`, and the reference evaluates it.
"""

import math
from collections.abc import Callable

from kubeaid_ci.build.jsonnet.reference import grammar
from kubeaid_ci.build.jsonnet.reference.calls import COLLECTION, HOOK, TEXT, UNKNOWN, WORD, Edits, Open
from kubeaid_ci.build.jsonnet.reference.cursor import Cursor, UnsupportedError
from kubeaid_ci.build.jsonnet.reference.grammar import TOKEN

_OWN = "kubeaid-ci:"
CODE = f"{_OWN}code:"
JSON = f"{_OWN}json:"
# What a brace keeps in place of the colons of its last field.
_ASSERTION = "assert"


class Operands(Cursor):
    """Reads the tokens of one file in order and records the changes in `edits`."""

    def __init__(self, code: str, edits: Edits) -> None:
        super().__init__(code, edits)
        self._take: dict[int, Callable[[str, int, int], None]] = {
            number: getattr(self, f"_take_{kind}") for kind, number in TOKEN.groupindex.items() if kind != "indent"
        }
        self._openers = {"(": self._parenthesis, "[": self._bracket, "{": self._brace}

    def read(self) -> None:
        """Take every token of the code; raises `UnsupportedError`."""
        take = self._take
        for match in TOKEN.finditer(self._code):
            number = match.lastindex or 0
            start, end = match.span(number)
            if self._expected:
                self._check_expected(match.lastgroup or "", start)
            take[number](match[number], start, end)
            self._start, self._end = start, end

    def _check_expected(self, kind: str, start: int) -> None:
        expected = self._expected
        if kind not in grammar.BEHIND_IMPORT if expected == "end" else grammar.EXPECTED[expected] != kind:
            raise UnsupportedError(start)
        if expected == "end":
            self._expected = ""

    # Operands.

    def _take_field(self, _: str, start: int, __: int) -> None:
        if not self._complete or self._key:
            raise UnsupportedError(start)
        self._kind = UNKNOWN

    def _take_name(self, text: str, start: int, _: int) -> None:
        if self._expected:
            self._expected = "in" if self._expected == "variable" else ""
        self._take_name_or_text(start, f"'{text}'", UNKNOWN)

    def _take_key(self, text: str, start: int, _: int) -> None:
        """Take a name or text and the colons behind it."""
        name, colon, more = text.partition(":")
        name = name.rstrip()
        is_text = name[0] in "'\""
        if self._key and not self._complete:
            self._key = False
            self._field_name = name if is_text else f"'{name}'"
            self._open[-1].kind = colon + more
            self._operand = -1
            return
        (self._take_text if is_text else self._take_name)(name, start, start)
        self._end = start + len(name)
        self._colon(colon + more, start)

    def _take_text(self, text: str, start: int, _: int) -> None:
        if self._expected:
            self._take_path(text, start)
        else:
            self._take_name_or_text(start, text, TEXT)

    def _take_block(self, _: str, start: int, __: int) -> None:
        self._take_name_or_text(start, "", TEXT)

    def _take_name_or_text(self, start: int, name: str, kind: str) -> None:
        if not self._key:
            self._begin(start, kind)
        elif self._complete:
            raise UnsupportedError(start)
        else:
            self._field_name = name
            self._complete = True

    def _take_path(self, text: str, start: int) -> None:
        """Take the path of an import: code is rewritten as well, data is not, so their paths must differ."""
        if text[1:].lstrip("'\"").startswith(_OWN) or "\\" in text:
            raise UnsupportedError(start)
        if self._import_use == "import":
            at = start + (2 if text[0] == "@" else 1)
            self._edits.replace(at, at, CODE)
        self._complete = True
        self._operand, self._kind = self._keyword_operand, UNKNOWN
        self._expected = "end"

    def _take_number(self, text: str, start: int, _: int) -> None:
        if math.isinf(float(text)):
            raise UnsupportedError(start)
        self._begin(start)

    # Brackets.

    def _take_open(self, text: str, start: int, _: int) -> None:
        if self._expected and text != "(":
            raise UnsupportedError(start)
        self._openers[text](start)

    def _parenthesis(self, start: int) -> None:
        use = ""
        if self._expected:
            self._expected, use = "", "parameters"
            self._operand = self._keyword_operand
        elif self._key:
            if not self._complete:
                raise UnsupportedError(start)
            self._key, use = False, "method"
        elif not self._complete:
            self._begin(start)
            use = "group"
        self._push(Open("(", start, use=use))

    def _bracket(self, start: int) -> None:
        if self._key:
            if self._complete:
                raise UnsupportedError(start)
            self._key, use = False, "name"
        elif self._complete:
            use = "index"
        else:
            self._begin(start)
            use = "array"
        self._push(Open("[", start, use=use))

    def _brace(self, start: int) -> None:
        if self._key:
            raise UnsupportedError(start)
        if self._complete:  # `a { b: 1 }` is `a + { b: 1 }`
            if self._kind != COLLECTION:
                self._edits.open(self._primary, f"{HOOK}other(")
                self._edits.close(self._end, ")")
            self._push(Open("{", start, use="extension"))
        else:
            top = self._open[-1]
            extends = top.role == "value" or (top.role == "operator" and top.use == "+" and top.kind != TEXT)
            self._begin(start)
            self._push(Open("{", start, use="extending" if extends else "object"))
        self._key = True

    def _take_close(self, text: str, start: int, end: int) -> None:
        opened = self._open[-1]
        if opened.role not in grammar.BRACKETS:
            opened = self._unwind()
        if grammar.OPENED_BY[text] != opened.role:
            raise UnsupportedError(start)
        self._open.pop()
        self._complete, self._key = True, False
        self._operand, self._primary = opened.operand, opened.primary
        use = opened.use
        if use in grammar.COLLECTIONS:
            self._kind = COLLECTION
        elif use != "group":
            self._kind = UNKNOWN
        if use in grammar.CHANGED_AT_END:
            self._end_bracket(opened, start, end)

    def _end_bracket(self, opened: Open, start: int, end: int) -> None:
        self._key = opened.use in ("method", "name")
        self._complete = opened.use != "parameters"
        match opened.use:
            case "parameters":
                self._push(Open("function", start))
            case "method":
                self._field_name = ""
            case "name":
                # The name is used twice, which is the same only where it does not depend on the object.
                depends = self._object_used > opened.start
                self._field_name = "" if depends else f"({self._edits.applied(opened.start + 1, start)})"
            case "merged":
                self._edits.open(opened.start, "({}+")
                self._edits.close(end, ")")
            case "index" if not self._is_literal(opened.start + 1):
                self._edits.replace(opened.start + 1, opened.start + 1, f"{HOOK}at(")
                self._edits.close(self._end, ")")

    def _is_literal(self, start: int) -> bool:
        """Return whether only one text or number is between `start` and the cursor."""
        return not self._code[start : self._start].strip() and self._code[self._start] in "'\"@0123456789"

    # Keywords.

    def _take_word(self, word: str, start: int, end: int) -> None:
        if self._expected:
            self._take_in(word, start, end)
        elif word in ("null", "true", "false", "self", "super"):
            if word in ("self", "super"):
                self._take_object(word, start)
            else:
                self._begin(start, WORD)
        elif word == "in":
            self._binary("in", start, end)
        elif word in ("then", "else"):
            self._turn(start, *(("then", "if") if word == "then" else ("else", "then")))
        elif word == "for" or (word == "if" and self._complete):
            self._take_comprehension(word, start)
        elif word == "tailstrict":
            raise UnsupportedError(start)  # rjsonnet does not evaluate the arguments first
        elif self._key:
            self._take_member(word, start)
        else:
            self._begin(start)
            self._take_keyword(word, start)

    def _take_object(self, word: str, start: int) -> None:
        self._object_used = start
        if word == "super":
            # In an object that extends none, rjsonnet has the `super` of the object around it.
            for opened in self._open:
                if opened.use in ("object", "extending"):
                    opened.use = "merged"
        self._begin(start)

    def _take_in(self, word: str, start: int, end: int) -> None:
        """Take the `in` of a comprehension: rjsonnet goes through objects, too."""
        if word != "in":
            raise UnsupportedError(start)
        self._expected = ""
        self._edits.replace(end, end, f" {HOOK}each(")
        self._push(Open("each", start))

    def _take_comprehension(self, word: str, start: int) -> None:
        top = self._unwind()
        if top.role not in ("[", "{") or not (self._complete or self._key):
            raise UnsupportedError(start)
        if top.role == "{" and top.kind != ":":  # rjsonnet accepts hidden fields
            raise UnsupportedError(start)
        self._key = False
        self._expected = "variable" if word == "for" else ""
        self._reset()

    def _take_member(self, word: str, start: int) -> None:
        """Take a local or an assertion of an object."""
        if self._complete or word not in ("local", "assert"):
            raise UnsupportedError(start)
        self._key = False
        self._expected = "bind" if word == "local" else ""
        if word == "assert":
            self._open[-1].kind = _ASSERTION

    def _take_keyword(self, word: str, start: int) -> None:
        if word.startswith("import"):
            self._expected, self._import_use, self._keyword_operand = "path", word, self._operand
        elif word == "function":
            self._expected, self._keyword_operand = "parameters", self._operand
        else:
            self._push(Open(word, start))
            self._expected = "bind" if word == "local" else ""
        self._reset()

    # Separators and operators.

    def _take_comma(self, _: str, start: int, __: int) -> None:
        top = self._open[-1]
        if top.role not in grammar.BRACKETS:
            top = self._unwind("local")
        if top.role == "file" or not self._complete:
            raise UnsupportedError(start)
        self._key = top.role == "{"
        self._expected = "bind" if top.role == "local" else ""
        self._reset()

    def _take_semicolon(self, _: str, start: int, __: int) -> None:
        self._turn(start, "body", "local", "assert")

    def _take_other(self, _: str, start: int, __: int) -> None:
        raise UnsupportedError(start)

    def _take_end(self, _: str, start: int, __: int) -> None:
        if self._unwind().role != "file" or not self._complete:
            raise UnsupportedError(start)

    def _take_operator(self, operator: str, start: int, end: int) -> None:
        if operator == "$":
            self._object_used = start
            self._begin(start)
        elif operator in grammar.COLONS:
            self._colon(operator, start)
        elif operator in grammar.PLUS_COLONS:
            self._plus_colon(operator, start, end)
        elif operator == "=":
            if not self._complete:
                raise UnsupportedError(start)
            self._unwind("local")
            self._reset()
        elif self._complete:
            self._binary(operator, start, end)
        elif operator in grammar.UNARY and not self._key:
            self._operand = start if self._operand < 0 else self._operand
        else:
            raise UnsupportedError(start)

    def _colon(self, colons: str, start: int) -> None:
        if self._key:
            if not self._complete:
                raise UnsupportedError(start)
            self._key = False
            self._open[-1].kind = colons
        else:
            self._part(start)
        self._reset()

    def _part(self, start: int) -> None:
        """Take the colon of a slice or of an assertion."""
        top = self._unwind("assert")
        if top.role == "[":
            top.use = "slice"
        elif not self._complete or (top.role == "{" and top.kind != _ASSERTION):
            raise UnsupportedError(start)
        elif top.role == "{":
            top.kind = ""

    def _plus_colon(self, operator: str, start: int, end: int) -> None:
        name, top = self._field_name, self._open[-1]
        if not self._key or not self._complete or not name:
            raise UnsupportedError(start)
        self._key = False
        top.kind = operator[1:]
        if top.use == "object":
            top.use = "merged"  # rjsonnet refuses `super` in an object that extends none
        self._open.append(Open("value", start, use=name, kind=operator[1:], place=(start, end)))
        self._reset()

    def _binary(self, operator: str, start: int, end: int) -> None:
        precedence = grammar.PRECEDENCE.get(operator)
        if precedence is None or not self._complete or self._key:
            raise UnsupportedError(start)
        while (top := self._open[-1]).role == "operator" and top.precedence <= precedence:
            self._pop()
        kind = self._kind
        self._open.append(
            Open("operator", self._operand, use=operator, precedence=precedence, kind=kind, place=(start, end))
        )
        self._reset()
