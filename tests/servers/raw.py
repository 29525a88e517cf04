"""A server on loopback that says whatever bytes it likes, as slowly and as long as it likes."""

import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field


@dataclass
class Raw:
    """Reads a request's head, then sends the pieces that `say` gives, until the client goes or the test ends."""

    say: Callable[[], Iterable[bytes]]
    heads: list[bytes] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Raw":
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.listening.settimeout(0.02)
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.thread.join()
        self.listening.close()

    def _serve(self) -> None:
        while not self.stopping.is_set():
            with suppress(TimeoutError):
                connection, _ = self.listening.accept()
                with connection, suppress(OSError):
                    connection.settimeout(5)
                    self.heads.append(connection.recv(65536))
                    for piece in self.say():
                        if self.stopping.is_set():
                            break
                        connection.sendall(piece)
