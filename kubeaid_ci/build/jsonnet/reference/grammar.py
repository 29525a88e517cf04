"""Tables of jsonnet's grammar that `operands` reads code by."""

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
# The kind of token that must follow.
EXPECTED = {"bind": "name", "variable": "name", "in": "word", "path": "text", "parameters": "open"}
BEHIND_IMPORT = frozenset(("close", "comma", "semicolon", "word", "end"))
