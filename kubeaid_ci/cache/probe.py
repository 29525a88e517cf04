"""The inputs of an evaluation, which decide whether its cached result is valid."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Probe:
    """One path that an evaluation read: where it led, and what was there (nothing: no file).

    Paths of a source start with ``{n}``, its number, so that a record holds on any machine.
    """

    path: str
    real: str
    digest: str | None
