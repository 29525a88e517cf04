"""Values straight from the parser's events: all that most documents need, in two thirds of the time.

What has aliases, tags, merges or keys that are no text is left to the tree of the document, and so is whatever
is wrong: only the tree knows places.
"""

from typing import Any

import yaml

from kubeaid_ci.documents.nodes import MAX_DEPTH, MAX_SCALAR, may_be_refused, plain_key
from kubeaid_ci.documents.resolve import plain_value

_Scalar, _MappingStart, _SequenceStart = yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent
_ENDS = (yaml.MappingEndEvent, yaml.SequenceEndEvent)


class UnusualError(Exception):
    """The document needs its tree."""


def values(piece: str, *, unique: bool = False) -> list[Any]:  # noqa: PLR0912 - a call for each event takes as long
    """Return the value of a piece of text that holds one document; an empty list if it holds comments only.

    With `unique` a mapping that has a key twice is unusual. Raises `UnusualError`, or what PyYAML raises.
    """
    if may_be_refused(piece):
        raise UnusualError
    parser = yaml.CBaseLoader(piece)
    roots: list[Any] = []
    above: list[Any] = []
    # Where values go: into a list, or into a mapping under the key that was read last.
    into: Any = roots
    key: str | None = None
    in_mapping = False
    may_be_long = len(piece) > MAX_SCALAR
    while True:
        event: Any = parser.get_event()
        kind = type(event)
        if kind is _Scalar:
            if event.tag is not None or (may_be_long and len(event.value) > MAX_SCALAR):
                raise UnusualError
            if not in_mapping:
                into.append(plain_value(event.value) if event.implicit[0] else event.value)
            elif key is None:
                key = plain_key(event.value) if event.implicit[0] else event.value
                if key is None or key == "<<" or (unique and key in into):
                    raise UnusualError
            else:
                into[key] = plain_value(event.value) if event.implicit[0] else event.value
                key = None
        elif kind is _MappingStart or kind is _SequenceStart:
            made: Any = {} if kind is _MappingStart else []
            if not in_mapping:
                into.append(made)
            elif key is None:
                raise UnusualError
            else:
                into[key] = made
            above.append(into)
            if len(above) > MAX_DEPTH:
                raise UnusualError
            into, key, in_mapping = made, None, kind is _MappingStart
        elif kind in _ENDS:
            into, key = above.pop(), None
            in_mapping = type(into) is dict
        elif kind is yaml.AliasEvent:
            raise UnusualError
        elif kind is yaml.StreamEndEvent:
            return roots[:1]
