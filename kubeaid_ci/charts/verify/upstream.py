"""Fetches published charts from upstreams in parallel, and yields each as it arrives."""

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from kubeaid_ci.charts.ledger.ledger import LedgerEntry
from kubeaid_ci.charts.verify.verdict import Vendored
from kubeaid_ci.errors import UserError
from kubeaid_ci.helm.published import Fetched, Wanted
from kubeaid_ci.net.errors import Failed

Fetch = Callable[[Wanted], Fetched | Failed]
"""Asks upstream for a published chart; it is called from several threads."""

_Asked = tuple[Vendored, LedgerEntry | None]


@contextmanager
def upstream_charts(
    *,
    allow: Collection[str] = (),
    plain_http: Collection[str] = (),
    mirrors: Mapping[str, str] | None = None,
    ca_bundle: str | os.PathLike[str] | None = None,
    cache: bool | str | os.PathLike[str] = True,
) -> Iterator[Fetch]:
    """A way to ask chart repositories and registries, for ``verify_charts(…, fetch=…)``.

    `allow` names hosts that may have private addresses wherever these were found, `plain_http` registries
    without TLS, `mirrors` the address to ask instead by the beginning of a repository's address. What
    a mirror gives counts as its original's. The cache is brought back to its size at the end.
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
                for future in _ended(running):
                    wanted, got = running.pop(future), future.result()
                    del future
                    yield from ((one, got) for one in same[wanted])
                    del got
                    running |= {threads.submit(fetch, new): new for new in islice(waiting, 1)}
        finally:
            threads.shutdown(wait=False, cancel_futures=True)


def _ended(running: Iterable[Future[Fetched | Failed]]) -> list[Future[Fetched | Failed]]:
    done, _ = wait(running, return_when=FIRST_COMPLETED)
    return list(done)


def _wanted(one: Vendored, entry: LedgerEntry | None) -> Wanted:
    known = entry.url if entry and entry.url and entry.version == one.subchart.version else ""
    return Wanted(one.subchart.name, one.subchart.version, one.repository, known)
