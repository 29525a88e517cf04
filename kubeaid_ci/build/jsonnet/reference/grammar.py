"""Jsonnet's tokens, by the rules of go-jsonnet's lexer, and the tables of its grammar that `operands` reads code by."""

import re

_WORDS = (
    "assert|else|error|false|for|function|if|importstr|importbin|import|in|local|null|self|super|tailstrict|then|true"
)
# Half a surrogate pair and escapes that only one engine knows are left out.
_ESCAPE = r"""\\(?:["'\\bfnrt]|u(?![dD][89a-fA-F])[0-9a-fA-F]{4})"""
# As in go-jsonnet, a run of operators that ends in one of `+-~!$` is only its first character: `a==-b` is an error.
_OPERATOR = r"[!$:~+\-&|^=<>*/%](?:(?!\|\|)[!$:~+\-&|^=<>*%])*+(?<![+\-~!$])|[!$:~+\-&|^=<>*/%]"

TOKEN = re.compile(
    rf"""
    # rjsonnet reads a backslash in a comment as an escape, so such a comment is left to the reference.
    (?:[ \t\r\n]+|//[^\n]*+|\#[^\n]*+|/\*(?:[^*\\]|\*(?!/))*+\*/)*+
    (?:
     (?P<comma>,)
    |(?P<open>[\[({{])
    |(?P<close>[\])}}])
     # A field's name with its colons, which most tokens are part of, in one step.
    |(?P<key>(?!(?:{_WORDS})\b)(?:[A-Za-z_]\w*+|'[\w ./-]*+'|"[\w ./-]*+")[ \t]*+:{{1,3}}(?=[ \t\r\n\w{{\[('"]))
    |(?P<field>(?:\.[ \t\r\n]*+(?!(?:{_WORDS})\b)[A-Za-z_]\w*+)++)
    |(?P<word>(?:{_WORDS})\b)
    |(?P<name>[A-Za-z_]\w*+)
    |(?P<text>"(?:[^"\\]|{_ESCAPE})*+"|'(?:[^'\\]|{_ESCAPE})*+'|@"(?:[^"]|"")*+"|@'(?:[^']|'')*+')
    |(?P<number>(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?(?![\w.]))
    |(?P<semicolon>;)
    |(?P<block>\|\|\|[ \t\r]*\n\n*+(?P<indent>[ \t]++)[^\n]*+\n(?:(?P=indent)[^\n]*+\n|\n)*+[ \t]*+\|\|\|)
    |(?P<operator>{_OPERATOR})
    |(?P<end>\Z)
    |(?P<other>.)
    )""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)

# https://jsonnet.org/ref/spec.html#associativity_and_precedence: a smaller number binds tighter.
# The bitwise operators are left out: rjsonnet ignores their limits, and they are rare.
PRECEDENCE = {
    "*": 5, "/": 5, "%": 5, "+": 6, "-": 6, "<": 8, ">": 8, "<=": 8, ">=": 8, "in": 8,
    "==": 9, "!=": 9, "&&": 13, "||": 14,
}  # fmt: skip
COLONS = (":", "::", ":::")
PLUS_COLONS = ("+:", "+::", "+:::")
UNARY = ("+", "-", "!")
OPENED_BY = {")": "(", "]": "[", "}": "{"}
BRACKETS = frozenset(("(", "[", "{", "file"))
# The uses of brackets that hold a value that is no text.
COLLECTIONS = frozenset(("array", "object", "merged", "extension", "extending"))
# The uses of brackets behind which there is more to do than to go on behind an operand.
CHANGED_AT_END = frozenset(("parameters", "method", "name", "merged", "index"))
# The kind of token that must follow.
EXPECTED = {"bind": "name", "variable": "name", "in": "word", "path": "text", "parameters": "open"}
BEHIND_IMPORT = frozenset(("close", "comma", "semicolon", "word", "end"))
