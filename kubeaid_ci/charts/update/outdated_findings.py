"""Findings about newer releases, and about upstreams that could not be reached."""

from collections.abc import Iterable, Iterator

from kubeaid_ci.charts.update.outlook import Outlook, Standing, Tracked
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.findings.suppression import SETTINGS_FILE


def check(one: Tracked, outlook: Outlook) -> Iterator[Finding]:
    """Yield findings for a vendored chart whose releases are known."""
    if outlook.status is Standing.OUTDATED:
        step = f"{outlook.current} → {outlook.newest}" if outlook.current else f"is not vendored, {outlook.newest}"
        yield _at(one, "chart/outdated", f"{one.key} {step} available")
    if outlook.deprecated and not (one.subchart and one.subchart.chart and one.subchart.chart.deprecated):
        yield _at(one, "chart/deprecated", f"{one.key} is deprecated by its publisher")


def unmatched(names: Iterable[str]) -> Iterator[Finding]:
    """Yield the policies that hold for no chart."""
    for name in names:
        message = f"charts: {name}: there is no such chart with an upstream, so its policy holds for none"
        yield RULES["chart/policy-unused"].at(SETTINGS_FILE, message, subject=name, key="unused")


def _at(one: Tracked, rule: str, message: str) -> Finding:
    place = one.dependency
    return RULES[rule].at(place.path, message, subject=one.key, line=place.line, key=rule)
