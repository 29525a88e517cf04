"""Downloads that are requested again only if they changed since, by the server's own word."""

import json
from dataclasses import replace

from kubeaid_ci.cache.cache import Cache
from kubeaid_ci.net.web import Ask, Got, NotGot, Web

_CONDITIONS = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}


class Downloads:
    """Files of web servers, with what earlier runs kept of them; `cache` may be nothing."""

    def __init__(self, web: Web, cache: Cache | None) -> None:
        self.web = web
        self.cache = cache

    def get(self, ask: Ask) -> Got | NotGot:
        """The current file: downloaded, or from the cache if the server answers that it is unchanged."""
        kept = self._kept(ask.url)
        conditions = {_CONDITIONS[name]: value for name, value in kept.headers.items()} if kept else {}
        answer = self.web.get(replace(ask, headers={**ask.headers, **conditions}))
        match answer:
            case Got(status=304) if kept:
                return replace(kept, url=answer.url)
            case Got(status=304):
                return self.web.get(ask)
            case Got() if self.cache:
                self._keep(self.cache, ask.url, answer)
        return answer

    def content(self, digest: str) -> bytes | None:
        """Return what the cache has under a SHA-256 in hex."""
        return self.cache.content(digest) if self.cache else None

    def keep(self, data: bytes) -> None:
        """Keep content for `content`."""
        if self.cache:
            self.cache.keep(data)

    def noted(self, name: str) -> bytes | None:
        """Return what earlier runs noted under a name."""
        return self.cache.noted(name) if self.cache else None

    def note(self, name: str, text: bytes) -> None:
        """Note something for `noted`."""
        if self.cache:
            self.cache.note(name, text)

    def prune(self) -> None:
        """Bring the cache back to its size."""
        if self.cache:
            self.cache.prune()

    def _kept(self, url: str) -> Got | None:
        text = self.cache.noted(f"download {url}") if self.cache else None
        if text is None or self.cache is None:
            return None
        noted = json.loads(text)
        data = self.cache.content(noted["sha256"])
        return Got(200, data, url, noted["headers"]) if data is not None else None

    @staticmethod
    def _keep(cache: Cache, url: str, got: Got) -> None:
        headers = {name: got.headers[name] for name in _CONDITIONS if name in got.headers}
        if headers:
            noted = {"sha256": cache.keep(got.data), "headers": headers}
            cache.note(f"download {url}", json.dumps(noted).encode())
