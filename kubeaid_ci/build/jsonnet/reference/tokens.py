"""Splits jsonnet code into tokens by the rules of go-jsonnet's lexer."""

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
     # A field's name with its colons, which most tokens are part of, in one step.
     (?P<key>(?!(?:{_WORDS})\b)(?:[A-Za-z_]\w*+|'[\w ./-]*+'|"[\w ./-]*+")[ \t]*+:{{1,3}}(?=[ \t\r\n\w{{\[('"]))
    |(?P<field>(?:\.[ \t\r\n]*+(?!(?:{_WORDS})\b)[A-Za-z_]\w*+)++)
    |(?P<word>(?:{_WORDS})\b)
    |(?P<name>[A-Za-z_]\w*+)
    |(?P<text>"(?:[^"\\]|{_ESCAPE})*+"|'(?:[^'\\]|{_ESCAPE})*+'|@"(?:[^"]|"")*+"|@'(?:[^']|'')*+')
    |(?P<number>(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?(?![\w.]))
    |(?P<open>[\[({{])
    |(?P<close>[\])}}])
    |(?P<comma>,)
    |(?P<semicolon>;)
    |(?P<block>\|\|\|[ \t\r]*\n\n*+(?P<indent>[ \t]++)[^\n]*+\n(?:(?P=indent)[^\n]*+\n|\n)*+[ \t]*+\|\|\|)
    |(?P<operator>{_OPERATOR})
    |(?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
