"""Tells a change from another spelling of the same number.

Jsonnet engines spell a float inside a string as ``0.6`` or as ``0.59999999999999998``. Committed
manifests that differ in nothing else are kept, or every change of engine would be a wall of noise.
"""

import re

_LONG_FLOAT = re.compile(rb"\d+\.\d{15,}")


def same_but_floats(old: bytes, new: bytes) -> bool:
    """True where the two differ at most in how floats of 15 decimals and more are spelled."""
    return _short(old) == _short(new)


def _short(text: bytes) -> bytes:
    return _LONG_FLOAT.sub(lambda match: repr(float(match[0])).encode(), text)
