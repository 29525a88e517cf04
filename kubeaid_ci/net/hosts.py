"""Hosts that could not be reached in one run, so that no timeout occurs twice."""

import threading

_MOST_LOST = 2
"""After so many lost hosts, and none that answered, no connection is tried a second time."""
_MOST_SLOW = 4
"""After so many that took long to fail, and none that answered, the other hosts are not tried."""


class Hosts:
    """Hosts (``name:port``) to which no connection can be made. Safe to use from several threads."""

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
        """True if no host answered and waiting for the others would take long."""
        return not self._answered and len(self._slow) >= _MOST_SLOW

    def reason(self, host: str) -> str | None:
        """Return why the host is lost, or None if it is not."""
        with self._lock:
            return self._lost.get(host)
