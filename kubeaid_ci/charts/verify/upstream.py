"""Fetches published charts from upstreams in parallel, and reports each host that could not be reached once."""

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Protocol

from kubeaid_ci.charts.ledger.ledger import LedgerEntry
from kubeaid_ci.charts.verify.verdict import Vendored
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.helm.chart import Dependency
from kubeaid_ci.helm.published import Fetched, Wanted
from kubeaid_ci.net.errors import Failed

Fetch = Callable[[Wanted], Fetched | Failed]
"""Fetches a published chart; it is called from several threads."""

_Asked = tuple[Vendored, LedgerEntry | None]
_RULE = RULES["chart/unverifiable"]
_MOST_REASONS = 3
_MOST_CHARTS = 10


@contextmanager
def upstream_charts(
    *,
    allow: Collection[str] = (),
    plain_http: Collection[str] = (),
    mirrors: Mapping[str, str] | None = None,
    ca_bundle: str | os.PathLike[str] | None = None,
    cache: bool | str | os.PathLike[str] = True,
) -> Iterator[Fetch]:
    """Yield a function that fetches from chart repositories and registries, for ``verify_charts(…, fetch=…)``.

    `allow` names hosts that may have private addresses wherever these were found, `plain_http` registries
    without TLS, `mirrors` the address to use instead by the beginning of a repository's address. What a mirror sends
    counts as its original's. At the end the cache is pruned to its size.
    """
    from kubeaid_ci.cache.cache import cache_at
    from kubeaid_ci.helm.upstreams import Upstreams

    bundle = Path(ca_bundle) if ca_bundle else None
    if bundle is not None and not bundle.is_file():
        raise UserError(f"{bundle}: no such file; name certificates with --ca-bundle")
    upstreams = Upstreams(cache_at(cache), ca_bundle=bundle, allow=allow, plain_http=plain_http, mirrors=mirrors)

    def fetch(wanted: Wanted) -> Fetched | Failed:
        return upstreams.fetch(wanted.name, wanted.version, wanted.repository, known_url=wanted.known_url)

    try:
        yield fetch
    finally:
        upstreams.close()


def answers(asked: Iterable[_Asked], fetch: Fetch, *, jobs: int) -> Iterator[tuple[Vendored, Fetched | Failed]]:
    """Yield the upstream results for vendored charts, in the order of arrival; each archive is requested once.

    Only as many archives as there are jobs are held at a time: a hundred charts need no more memory than eight.
    """
    same: dict[Wanted, list[Vendored]] = defaultdict(list)
    for one, entry in asked:
        same[_wanted(one, entry)].append(one)
    waiting = iter(same)
    with ThreadPoolExecutor(max_workers=max(1, jobs)) as threads:
        running = {threads.submit(fetch, wanted): wanted for wanted in islice(waiting, max(1, jobs))}
        try:
            while running:
                for future in list(wait(running, return_when=FIRST_COMPLETED).done):
                    wanted, got = running.pop(future), future.result()
                    del future
                    yield from ((vendored, got) for vendored in same[wanted])
                    del got
                    running |= {threads.submit(fetch, new): new for new in islice(waiting, 1)}
        finally:
            threads.shutdown(wait=False, cancel_futures=True)


def _wanted(vendored: Vendored, entry: LedgerEntry | None) -> Wanted:
    known = entry.url if entry and entry.url and entry.version == vendored.subchart.version else ""
    return Wanted(vendored.subchart.name, vendored.subchart.version, vendored.repository, known)


class Asked(Protocol):
    """A requested chart: its name, and what declares it."""

    @property
    def key(self) -> str:
        """``umbrella/folder``."""

    @property
    def dependency(self) -> Dependency | None:
        """The dependency that names the repository."""


Failure = tuple[Asked, Failed]


def unreachable_findings(
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


def _place(asked: Asked) -> tuple[str | None, int | None]:
    return (asked.dependency.path, asked.dependency.line) if asked.dependency else (None, None)


def _content(failures: Sequence[Failure], contents: Mapping[str, str] | None) -> str | None:
    """Return the content of all charts, not the reason: why a server could not be reached differs from run to run."""
    return None if contents is None else "\n".join(sorted(f"{one.key} {contents[one.key]}" for one, _ in failures))
