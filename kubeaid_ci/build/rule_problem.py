"""An error in a Prometheus rule."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuleProblem:
    """An error that Prometheus would report in a rule file; `group` and `rule` if the refusal names them."""

    file: str
    group: str | None
    rule: str | None
    message: str
