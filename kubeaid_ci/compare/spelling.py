"""Tells a change from another spelling of the same number.

Jsonnet engines spell a float inside a string as ``0.6`` or as ``0.59999999999999998``, and one as
``0.000000001`` or as ``1.0e-09``. Committed manifests that differ in nothing else are kept, or every
change of engine would be a wall of noise.
"""

import re

# Whole tokens only: the digits of a hash or a version are no float. Of short ones, ``0.10`` is not ``0.1``.
_ENGINES_FLOAT = re.compile(rb"(?<![\w.])\d+(?:\.\d{9,}|(?:\.\d+)?[eE][-+]?\d{1,3})(?![\w.])")


def same_but_floats(old: bytes, new: bytes) -> bool:
    """True where the two differ at most in how floats are spelled that an engine prints long or with an exponent."""
    return _short(old) == _short(new)


def _short(text: bytes) -> bytes:
    return _ENGINES_FLOAT.sub(lambda match: repr(float(match[0])).encode(), text)
