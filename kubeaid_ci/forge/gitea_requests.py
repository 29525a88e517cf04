"""Single requests to Gitea and Forgejo, over plain HTTP: they have no client library."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubeaid_ci.forge.forge import ForgeAddress, token_advice
from kubeaid_ci.forge.interface import MOVED, ForgeError
from kubeaid_ci.net import session as wire
from kubeaid_ci.net.credentials import Token

if TYPE_CHECKING:
    import requests


@dataclass(frozen=True, slots=True)
class Requests:
    """Single requests, their failures made ours."""

    address: ForgeAddress
    token: Token
    ca_bundle: Path | None
    _made: "list[requests.Session]" = field(default_factory=list, repr=False)

    def __call__(self, verb: str, path: str, *, query: dict[str, Any], body: Any | None) -> Any:
        """Return the JSON of the answer."""
        url = f"{self.address.api}{path}"
        answer = wire.exchange(self._session(), verb, url, query=query, body=body)
        if isinstance(answer, wire.NoResponse):
            message = self.token.redact(f"{url}: {verb}: {answer.detail}")
            raise ForgeError(message, status=None, passes=answer.may_pass)
        if 200 <= answer.status < 300:
            if answer.data is None and answer.text.strip() not in ("", "null"):
                raise ForgeError(f"{url}: {verb}: broken JSON", status=None, passes=True)
            return answer.data
        raise self._trouble(answer)

    def _session(self) -> "requests.Session":
        """Return one session for all requests. Opening it imports requests, so only a first request does."""
        if not self._made:
            headers = {"Authorization": f"token {self.token.secret}", "User-Agent": "kubeaid-ci"}
            self._made.append(wire.session(headers, self.ca_bundle, self.address.api))
        return self._made[0]

    def _trouble(self, answer: wire.Answer) -> ForgeError:
        after = answer.headers.get("retry-after", "")
        reason = self.token.redact(wire.words(answer.data, answer.text))
        message = f"{self.address.remote}: HTTP {answer.status}: {reason}{self._advice(answer.status)}"
        passes = answer.status == 429 or answer.status >= 500
        wait = float(after) if passes and after.isdigit() else None
        return ForgeError(message, status=answer.status, passes=passes, wait=wait)

    def _advice(self, status: int) -> str:
        if status < 400:
            return MOVED
        return f". {token_advice(self.address, self.token)}" if status in (401, 403, 404) else ""
