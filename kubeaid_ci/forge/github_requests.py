"""Single requests to GitHub, through PyGithub."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubeaid_ci.documents import plainjson
from kubeaid_ci.forge.forge import ForgeAddress, token_advice
from kubeaid_ci.forge.interface import MOVED, ForgeError
from kubeaid_ci.net import session as wire
from kubeaid_ci.net.credentials import Token

if TYPE_CHECKING:
    from github.Requester import Requester

GRAPHQL = "/graphql"
VIEWER = "query { viewer { databaseId } }"
"""Asks for the id of the user that the token belongs to."""
_GRAPHQL_STATUS = {"NOT_FOUND": 404, "FORBIDDEN": 403, "RATE_LIMITED": 429}
# Minimum wait if GitHub limits the rate without a time.
_SECONDARY_WAIT = 60.0


@dataclass(frozen=True, slots=True)
class Requests:
    """Single requests through PyGithub, its errors made ours and left behind: a traceback would show what they hold."""

    address: ForgeAddress
    token: Token
    ca_bundle: Path | None
    between_writes: float
    """The seconds that PyGithub leaves between two requests that write."""
    _made: "list[Requester]" = field(default_factory=list, repr=False)

    def __call__(self, verb: str, path: str, *, query: dict[str, Any], body: Any | None) -> Any:
        """Return the JSON of the answer. To `GRAPHQL` goes a query, or a mutation: its name and its input."""
        requester = self._requester()
        from github import GithubException

        try:
            if path == GRAPHQL and body is not None:
                return _asked(requester, verb, requester.graphql_url, query=query, body=_question(body))
            return _asked(requester, verb, path, query=query, body=body)
        except GithubException as error:
            raise self._trouble(error) from None
        except RuntimeError as error:
            # PyGithub follows a redirection only within the host, and reports all others.
            message = self.token.redact(f"{self.address.api}: {error}")
            raise ForgeError(message, status=None, passes=False) from None
        except OSError as error:
            lost = wire.lost(error)
            message = self.token.redact(f"{self.address.api}: {verb} {path}: {lost.detail}")
            raise ForgeError(message, status=None, passes=lost.may_pass) from None
        except ValueError:
            raise ForgeError(f"{self.address.api}: {verb} {path}: broken JSON", status=None, passes=True) from None

    def scopes(self) -> list[str]:
        """Return the scopes of a classic token, known after a request; other tokens have none."""
        return list(self._requester().oauth_scopes or ())

    def _requester(self) -> "Requester":
        """PyGithub's way to send requests. Importing it takes a third of a second, so only a first request does."""
        if not self._made:
            from github import Auth, Github
            from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass

            from kubeaid_ci.net.bounded import bound

            url = self.address.api
            plain = url.startswith("http:")
            base: Any = HTTPRequestsConnectionClass if plain else HTTPSRequestsConnectionClass

            class Bounded(base):  # type: ignore[misc]
                def __init__(self, *arguments: Any, **named: Any) -> None:
                    super().__init__(*arguments, **named)
                    bound(self.session, url)

            client = Github(
                base_url=self.address.api,
                auth=Auth.Token(self.token.secret),
                timeout=wire.TIMEOUT[1],
                verify=str(self.ca_bundle) if self.ca_bundle else True,
                # PyGithub would send a POST again after a lost answer; `Api` repeats what may be repeated.
                retry=None,
                seconds_between_requests=0,
                seconds_between_writes=self.between_writes,
                user_agent="kubeaid-ci",
            )
            # PyGithub has no setting for it; its own hook is for the whole process.
            client.requester._Requester__connectionClass = Bounded  # type: ignore[attr-defined] # noqa: SLF001
            self._made.append(client.requester)
        return self._made[0]

    def _trouble(self, error: Any) -> ForgeError:
        from github import RateLimitExceededException

        headers: Mapping[str, str] = error.headers or {}
        asked = _asked_wait(headers)
        limited = error.status == 429 or isinstance(error, RateLimitExceededException) or asked is not None
        limited = limited and error.status in (403, 429)
        wait = _SECONDARY_WAIT if limited and asked is None else asked
        reason = self.token.redact(wire.words(error.data, str(error.data)))
        advice = f". GitHub asks to wait {wait:.0f} seconds" if limited else self._advice(error.status, headers)
        message = f"{self.address.remote}: HTTP {error.status}: {reason}{advice}"
        return ForgeError(message, status=error.status, passes=limited or error.status >= 500, wait=wait)

    def _advice(self, status: int, headers: Mapping[str, str]) -> str:
        if status < 400:
            return MOVED
        if status == 401:
            return f". The token from {self.token.source} is not accepted: it may have ended or been revoked"
        if status not in (403, 404):
            return ""
        accepted = headers.get("x-accepted-github-permissions") or "contents=write, pull_requests=write"
        return f". {token_advice(self.address, self.token)} (this call accepts: {accepted})"


def _asked(requester: "Requester", verb: str, path: str, *, query: dict[str, Any], body: Any | None) -> Any:
    """Return the JSON of a good answer. Raises PyGithub's exceptions for all others, also for redirections."""
    status, headers, text = requester.requestJson(verb, path, parameters=query, input=body)
    data = plainjson.parse(text) if text and status < 300 else None
    status = _graphql_status(data) or status
    if status >= 300:
        raise requester.createException(status, headers, _error_data(text))
    return data


def _question(body: Any) -> dict[str, Any]:
    return {"query": body} if isinstance(body, str) else _mutation(*body)


def _mutation(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the question in which GraphQL wants a mutation; nothing is wanted back but that it was done."""
    kind = f"{name[:1].upper()}{name[1:]}Input!"
    query = f"mutation Mutation($input: {kind}) {{ {name}(input: $input) {{ clientMutationId }} }}"
    return {"query": query, "variables": {"input": arguments}}


def _graphql_status(data: Any) -> int | None:
    """Return the status that REST would give: GraphQL answers 200, with errors in it."""
    errors = data.get("errors") if isinstance(data, dict) else None
    if not errors:
        return None
    kinds = [_GRAPHQL_STATUS.get(str(each.get("type")), 422) for each in errors if isinstance(each, dict)]
    return kinds[0] if kinds else 422


def _error_data(text: str) -> dict[str, Any]:
    """Return the JSON of an error with its message; a proxy may answer with something else."""
    try:
        data = plainjson.parse(text)
    except ValueError:
        data = None
    known = isinstance(data, dict) and isinstance(data.get("message"), str)
    return data if known else {"message": wire.words(data, text)}


def _asked_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that GitHub asks to wait, or nothing."""
    after, reset = headers.get("retry-after", ""), headers.get("x-ratelimit-reset", "")
    if after.isdigit():
        return float(after)
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
        return max(0.0, int(reset) - time.time()) + 1
    return None
