"""Retries of calls to servers: how often, after which waits, and for which hosts a retry is worthwhile."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

_MOST_LOST = 2
"""After so many lost hosts, and none that answered, no connection is tried a second time."""
_MOST_SLOW = 4
"""After so many that took long to fail, and none that answered, the other hosts are not tried."""


class Hosts:
    """The hosts (``name:port``) of one run to which no connection can be made. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lost: dict[str, str] = {}
        self._slow: set[str] = set()
        self._answered = False
        self._lock = threading.Lock()

    def answered(self) -> None:
        """Note that a host answered, even with an error: the network works."""
        self._answered = True

    def lost(self, host: str, reason: str, *, slow: bool) -> None:
        """Note a host to which no connection can be made; `slow` if it took long to fail."""
        with self._lock:
            self._lost.setdefault(host, reason)
            if slow:
                self._slow.add(host)

    @property
    def may_retry(self) -> bool:
        """Return whether a failed connection is worth a second try."""
        return self._answered or len(self._lost) < _MOST_LOST

    @property
    def is_hopeless(self) -> bool:
        """Return whether no host answered and waiting for the others would take long."""
        return not self._answered and len(self._slow) >= _MOST_SLOW

    def reason(self, host: str) -> str | None:
        """Return why the host is lost, or None if it is not."""
        with self._lock:
            return self._lost.get(host)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Waits double from `first` up to `longest` seconds, each with up to a quarter added by chance.

    `between_writes` is the pause that GitHub asks for between two requests that write.
    """

    attempts: int = 5
    first: float = 1.0
    longest: float = 60.0
    between_writes: float = 1.0
    sleep: Callable[[float], None] = time.sleep

    def wait_and_retry(self, attempt: int, asked: float | None = None) -> bool:
        """Wait after failed attempt number `attempt` (from 1), or return False if it was the last.

        `asked` is the wait in seconds that the server requests; a longer one than `longest` is not waited for.
        """
        if attempt >= self.attempts or (asked or 0) > self.longest:
            return False
        wait = min(self.first * 2 ** (attempt - 1), self.longest)
        wait *= 1 + random.random() / 4  # noqa: S311 - spreads runs that failed together; not a secret
        self.sleep(max(wait, asked or 0))
        return True
