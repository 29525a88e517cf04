"""The number of retries of a call to a server, and the waits between them."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """Waits double from `first` up to `longest` seconds, each with up to a quarter added by chance.

    `between_writes` is the pause that GitHub asks for between two requests that write.
    """

    attempts: int = 5
    first: float = 1.0
    longest: float = 60.0
    between_writes: float = 1.0
    sleep: Callable[[float], None] = time.sleep

    def again(self, attempt: int, asked: float | None = None) -> bool:
        """Wait after failed attempt number `attempt` (from 1), or return False if it was the last.

        `asked` is the wait in seconds that the server requests; a longer one than `longest` is not waited for.
        """
        if attempt >= self.attempts or (asked or 0) > self.longest:
            return False
        wait = min(self.first * 2 ** (attempt - 1), self.longest)
        wait *= 1 + random.random() / 4  # noqa: S311 - spreads runs that failed together; not a secret
        self.sleep(max(wait, asked or 0))
        return True
