"""Upstreams that gave no usable answer, each host once."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.helm.chart import Dependency
from kubeaid_ci.net.errors import Failed

_RULE = RULES["chart/unverifiable"]
_MOST_REASONS = 3
_MOST_CHARTS = 10


class Asked(Protocol):
    """A requested chart: its name, and what declares it."""

    @property
    def key(self) -> str:
        """``umbrella/folder``."""

    @property
    def dependency(self) -> Dependency | None:
        """The dependency that names the repository."""


Failure = tuple[Asked, Failed]


def check(
    failures: Sequence[Failure],
    *,
    asked: int,
    consequence: str = "newer releases of {} are unknown",
    contents: Mapping[str, str] | None = None,
) -> Iterator[Finding]:
    """Yield a finding for each host that could not be reached, and one for each other failure.

    If not one of the `asked` dependencies got an answer and several hosts failed, that is one fault of the network
    and one finding. `consequence` is a text with what is missing for the charts put into it. `contents` has, by key,
    what else of a chart makes it another finding (default: only the message does).
    """
    by_host: dict[str, list[Failure]] = {}
    for one, failed in failures:
        if failed.host:
            by_host.setdefault(failed.host, []).append((one, failed))
        else:
            message = f"{consequence.format(one.key)}: {failed.message}"
            path, line = _place(one)
            yield _RULE.at(path, message, subject=one.key, line=line, key=_RULE.id)
    if len(by_host) > 1 and sum(map(len, by_host.values())) == asked:
        yield _no_network(by_host, consequence, contents)
    else:
        yield from (_unreachable(host, some, consequence, contents) for host, some in sorted(by_host.items()))


def _no_network(
    by_host: Mapping[str, Sequence[Failure]], consequence: str, contents: Mapping[str, str] | None
) -> Finding:
    reasons = list(dict.fromkeys(failed.reason for some in by_host.values() for _, failed in some if failed.reason))
    charts = sum(map(len, by_host.values()))
    message = (
        f"none of the {len(by_host)} upstream hosts can be reached ({', '.join(reasons[:_MOST_REASONS])}); "
        f"{consequence.format(f'{charts} charts')}; check the network, the name server and the proxy"
    )
    content = _content([one for some in by_host.values() for one in some], contents)
    return _RULE.at(None, message, subject="upstreams", key="network", content=content)


def _unreachable(host: str, some: Sequence[Failure], consequence: str, contents: Mapping[str, str] | None) -> Finding:
    first, failed = some[0]
    names = [one.key for one, _ in some]
    more = f" and {len(names) - _MOST_CHARTS} more" if len(names) > _MOST_CHARTS else ""
    message = f"{failed.message}; {consequence.format(', '.join(names[:_MOST_CHARTS]) + more)}"
    path, line = _place(first)
    return _RULE.at(path, message, subject=host, line=line, key=_RULE.id, content=_content(some, contents))


def _place(one: Asked) -> tuple[str | None, int | None]:
    return (one.dependency.path, one.dependency.line) if one.dependency else (None, None)


def _content(failures: Sequence[Failure], contents: Mapping[str, str] | None) -> str | None:
    """The content of all charts, not the reason: why a server could not be reached differs from run to run."""
    return None if contents is None else "\n".join(sorted(f"{one.key} {contents[one.key]}" for one, _ in failures))
