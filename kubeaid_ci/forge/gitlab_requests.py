"""Single requests to GitLab, through python-gitlab."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubeaid_ci.forge.forge import ForgeAddress, token_advice
from kubeaid_ci.forge.interface import MOVED, ForgeError
from kubeaid_ci.net import session as wire
from kubeaid_ci.net.credentials import Token

if TYPE_CHECKING:
    from gitlab import Gitlab


@dataclass(frozen=True, slots=True)
class Requests:
    """Single requests through python-gitlab, its errors made ours and left behind: a traceback would show them."""

    address: ForgeAddress
    token: Token
    ca_bundle: Path | None
    headers: dict[str, str] = field(default_factory=dict)
    """Those of the last answer, names in lower case: python-gitlab's errors leave them out."""
    _made: "list[Gitlab]" = field(default_factory=list, repr=False)

    def __call__(self, verb: str, path: str, *, query: dict[str, Any], body: Any | None) -> Any:
        """Return the JSON of the answer."""
        client = self._client()
        from gitlab import GitlabError

        try:
            answer = client.http_request(
                verb.lower(),
                path,
                query_data=query,
                post_data=body,
                # `Api` repeats what may be repeated.
                obey_rate_limit=False,
                retry_transient_errors=False,
            )
            return answer.json() if answer.content else None
        except GitlabError as error:
            raise self._trouble(error) from None
        except OSError as error:
            lost = wire.lost(error)
            message = self.token.redact(f"{self.address.api}: {verb} {path}: {lost.detail}")
            raise ForgeError(message, status=None, passes=lost.may_pass) from None
        except ValueError:
            raise ForgeError(f"{self.address.api}: {verb} {path}: broken JSON", status=None, passes=True) from None

    def _client(self) -> "Gitlab":
        """python-gitlab's way to send requests. Importing it takes time, so only a first request does."""
        if not self._made:
            from gitlab import Gitlab

            from kubeaid_ci.net.bounded import bound

            client = Gitlab(
                self.address.api.removesuffix("/api/v4"),
                # As a bearer: requests takes this header away where it is led to another host, and PRIVATE-TOKEN not.
                oauth_token=self.token.secret,
                ssl_verify=str(self.ca_bundle) if self.ca_bundle else True,
                timeout=wire.TIMEOUT[1],
                keep_base_url=True,
                user_agent="kubeaid-ci",
            )
            bound(client.session, self.address.api)
            client.session.hooks["response"].append(self._remember)
            self._made.append(client)
        return self._made[0]

    def _remember(self, response: Any, **_: Any) -> None:
        """Keep the headers of an answer; a write must not go wherever somebody leads it."""
        self.headers.clear()
        self.headers.update({name.lower(): value for name, value in response.headers.items()})
        if response.is_redirect and response.request.method != "GET":
            response.close()
            place, status = self.token.redact(self.headers["location"]), response.status_code
            raise ForgeError(f"{self.address.remote}: HTTP {status}: {place}{MOVED}", status=status, passes=False)

    def _trouble(self, error: Any) -> ForgeError:
        status = error.response_code or 0
        after = self.headers.get("retry-after", "")
        reason = self.token.redact(wire.words({"message": error.error_message}, ""))
        advice = f". {token_advice(self.address, self.token)}" if status in (401, 403, 404) else ""
        message = f"{self.address.remote}: HTTP {status}: {reason}{advice}"
        wait = float(after) if status == 429 and after.isdigit() else None
        return ForgeError(message, status=status, passes=status == 429 or status >= 500, wait=wait)
