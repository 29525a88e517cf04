"""Upstreams that gave no usable answer, each host once."""

from collections.abc import Iterator, Mapping, Sequence

from kubeaid_ci.checks.rules import RULES
from kubeaid_ci.model.finding import Finding
from kubeaid_ci.model.outlook import Tracked
from kubeaid_ci.model.upstream import Failed

_RULE = RULES["chart/unverifiable"]
_MOST_REASONS = 3

Failure = tuple[Tracked, Failed]


def check(
    failures: Sequence[Failure], *, asked: int, consequence: str = "newer releases of {} are unknown"
) -> Iterator[Finding]:
    """Yield a finding for each host that could not be reached, and one for each other failure.

    If not one of the `asked` dependencies got an answer and several hosts failed, that is one fault of the network
    and one finding. `consequence` says what is missing for the charts that are put into it.
    """
    by_host: dict[str, list[Failure]] = {}
    for one, failed in failures:
        if failed.host:
            by_host.setdefault(failed.host, []).append((one, failed))
        else:
            message = f"{consequence.format(one.key)}: {failed.message}"
            yield _RULE.at(one.dependency.path, message, subject=one.key, line=one.dependency.line, key=_RULE.id)
    if len(by_host) > 1 and sum(map(len, by_host.values())) == asked:
        yield _no_network(by_host, consequence)
    else:
        yield from (_unreachable(host, some, consequence) for host, some in sorted(by_host.items()))


def _no_network(by_host: Mapping[str, Sequence[Failure]], consequence: str) -> Finding:
    reasons = list(dict.fromkeys(failed.reason for some in by_host.values() for _, failed in some if failed.reason))
    charts = sum(map(len, by_host.values()))
    message = (
        f"none of the {len(by_host)} upstream hosts can be reached ({', '.join(reasons[:_MOST_REASONS])}); "
        f"{consequence.format(f'{charts} charts')}; check the network, the name server and the proxy"
    )
    return _RULE.at(None, message, subject="upstreams", key="network")


def _unreachable(host: str, some: Sequence[Failure], consequence: str) -> Finding:
    first, failed = some[0]
    names = ", ".join(one.key for one, _ in some)
    message = f"{failed.message}; {consequence.format(names)}"
    return _RULE.at(first.dependency.path, message, subject=host, line=first.dependency.line, key=_RULE.id)
