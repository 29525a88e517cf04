"""Access of Git to a remote repository: its address and the token.

The token goes to Git through the environment (a header for one address), so that it is never in an
address, an argument, a configuration file or a reflog.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from kubeaid_ci.git.process import TIMEOUT, git
from kubeaid_ci.git.transfer import COMMANDS, transfer
from kubeaid_ci.net.address import Remote
from kubeaid_ci.net.credentials import Token
from kubeaid_ci.net.retries import RetryPolicy
from kubeaid_ci.runtime.processes import Finished

_USERINFO = re.compile(r"^(?P<scheme>https?)://[^/]*@", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class GitAccess:
    """A repository's address without any secret, and how to get in.

    `help` is one sentence for people whose token lacks a right: which it needs, and where that is set.
    `rules` names where it is set who may push to which branch.
    `timeout` is in seconds, for one run of Git.
    """

    url: str
    token: Token | None = None
    ca_bundle: Path | None = None
    retries: RetryPolicy = field(default_factory=RetryPolicy)
    help: str = "Give a token that may read and write the repository."
    rules: str = "the settings of the remote"
    timeout: float = TIMEOUT
    resolved: str = ""
    """The address that Git uses for the host, as ``host:port:address``; empty if Git may resolve the name itself."""

    @property
    def over_http(self) -> bool:
        """Return whether Git uses HTTP for the repository, so that a token is of use."""
        return self.url.lower().startswith(("https://", "http://"))

    def redact(self, text: str) -> str:
        """Return the text without the token, and without any ``user:password@``."""
        redacted = self.token.redact(text) if self.token else text
        return re.sub(r"(://)[^/@\s]*@", r"\1", redacted)


def split_address(address: str) -> tuple[str, Token | None]:
    """Return an address without its credentials, and these; raises `UserError` if it is no address.

    ``https://token@host/…`` and ``https://user:token@host/…`` both give a token; a user without a password
    counts as a token too, as the forges do.
    """
    Remote.parse(address)
    if not _USERINFO.match(address.strip()):
        return address.strip(), None
    parts = urlsplit(address.strip())
    host = parts.netloc.rpartition("@")[2]
    clean = urlunsplit((parts.scheme, host, parts.path, parts.query, ""))
    user, secret = unquote(parts.username or ""), unquote(parts.password or "")
    if not user and not secret:
        return clean, None
    source = "the address of the repository"
    return clean, Token(secret, source, user or "oauth2") if secret else Token(user, source)


def remote_git(arguments: Sequence[str], access: GitAccess, *, folder: Path | None = None) -> Finished:
    """Run a Git command that reaches the remote, and return its result, whatever its exit code.

    `folder` is the top of the local repository, if the command needs one. A clone, a fetch or a push reports its
    progress. Standard error comes back without secrets.
    """
    settings, env = _http_settings(access), _environment(access)
    if arguments[0] in COMMANDS:
        done = transfer(arguments, folder=folder, settings=settings, env=env, timeout=access.timeout)
    else:
        done = git(arguments, folder=folder, network=True, settings=settings, env=env, timeout=access.timeout)
    return Finished(done.argv, done.code, done.stdout, access.redact(done.stderr))


def _environment(access: GitAccess) -> dict[str, str]:
    environment: dict[str, str] = {}
    if access.token:
        # The header is the only login: a refused token must not become a prompt.
        environment |= {"GIT_ASKPASS": "", "SSH_ASKPASS": ""}
    if access.ca_bundle:
        environment["GIT_SSL_CAINFO"] = str(access.ca_bundle)
    return environment


def _http_settings(access: GitAccess) -> list[tuple[str, str]]:
    if not access.over_http:
        return []
    # The setting for this address wins over a user's setting for its host.
    settings = [(f"http.{access.url}.followRedirects", "false")]
    if access.resolved:
        settings.append(("http.curloptResolve", access.resolved))
    if access.token is None:
        return settings
    header = f"http.{access.url}.extraHeader"
    # The empty value removes headers that others set for the address: two of them are an error.
    return [
        *settings,
        (header, ""),
        (header, f"Authorization: Basic {access.token.basic}"),
        ("credential.helper", ""),
    ]
