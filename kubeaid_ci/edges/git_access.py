"""How Git reaches a repository: the address, the token, and the door that keeps the token secret.

The token goes to Git through the environment (a header for one address), so that it is never in an
address, an argument, a configuration file or a reflog.
"""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from kubeaid_ci.edges.patience import Patience
from kubeaid_ci.errors import OutsideError, UserError
from kubeaid_ci.model.credentials import Token
from kubeaid_ci.model.remote import Remote
from kubeaid_ci.processes import Finished, run

# Seconds. A fetch that makes no progress for a minute is ended by Git itself (see _SETTINGS).
TIMEOUT = 1800
_SETTINGS = (
    # Hooks of the machine or of somebody's checkout are not ours to run, and would see the token.
    ("core.hooksPath", os.devnull),
    ("push.followTags", "false"),
    ("push.gpgSign", "false"),
    ("push.recurseSubmodules", "no"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("http.lowSpeedLimit", "1"),
    ("http.lowSpeedTime", "60"),
)
_USERINFO = re.compile(r"^(?P<scheme>https?)://[^/]*@", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class GitAccess:
    """A repository's address without any secret, and how to get in.

    `help` is one sentence for people whose token lacks a right: which it needs, and where that is set.
    `rules` says where it is set who may push to which branch.
    `timeout` is in seconds, for one run of Git.
    """

    url: str
    token: Token | None = None
    ca_bundle: Path | None = None
    patience: Patience = field(default_factory=Patience)
    help: str = "Give a token that may read and write the repository."
    rules: str = "the settings of the remote"
    timeout: float = TIMEOUT

    @property
    def over_http(self) -> bool:
        """True where Git speaks HTTP to the repository, so that a token is of use."""
        return self.url.lower().startswith(("https://", "http://"))

    def redact(self, text: str) -> str:
        """The text without the token, and without any ``user:password@``."""
        shown = self.token.redact(text) if self.token else text
        return re.sub(r"(://)[^/@\s]*@", r"\1", shown)


def split_address(address: str) -> tuple[str, Token | None]:
    """An address without its credentials, and these; raises `UserError` where it is no address.

    ``https://token@host/…`` and ``https://user:token@host/…`` both give a token; a user alone is
    taken for a token too, as the forges do.
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


def git(
    arguments: list[str],
    *,
    folder: Path | None = None,
    access: GitAccess | None = None,
    settings: tuple[tuple[str, str], ...] = (),
    env: dict[str, str] | None = None,
    stdin: bytes = b"",
) -> Finished:
    """Run Git to its end, whatever its exit code; standard error comes back without secrets.

    `settings` are Git configuration for this one run.
    """
    pairs = [*_SETTINGS, *settings, *(_secret_settings(access) if access else ())]
    done = run(
        ["git", *arguments],
        folder=folder,
        env={**_fixed_environment(access), **_numbered(pairs), **(env or {})},
        stdin=stdin,
        timeout=access.timeout if access else TIMEOUT,
    )
    shown = access.redact(done.stderr) if access else done.stderr
    return Finished(done.argv, done.code, done.stdout, shown)


def checked(done: Finished, what: str) -> Finished:
    """The finished run, or `OutsideError` with what Git said where it failed."""
    if done.code != 0:
        raise OutsideError(f"{what}: git ended with code {done.code}: {said(done)}")
    return done


def said(done: Finished) -> str:
    """What Git said on standard error, in one line."""
    return "; ".join(line.strip() for line in done.stderr.splitlines() if line.strip()) or "(nothing said)"


def _fixed_environment(access: GitAccess | None) -> dict[str, str]:
    environment = {
        "GIT_TERMINAL_PROMPT": "0",
        "GCM_INTERACTIVE": "never",
        "GIT_TRACE_REDACT": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "LC_ALL": "C",
    }
    if access and access.token:
        # The header is the one way in: a refused token must not become a question to somebody.
        environment |= {"GIT_ASKPASS": "", "SSH_ASKPASS": ""}
    if access and access.ca_bundle:
        environment["GIT_SSL_CAINFO"] = str(access.ca_bundle)
    return environment


def _secret_settings(access: GitAccess) -> list[tuple[str, str]]:
    if access.token is None or not access.over_http:
        return []
    header = f"http.{access.url}.extraHeader"
    # The empty value forgets headers that others set for the address: two of them are an error.
    return [
        (header, ""),
        (header, f"Authorization: Basic {access.token.basic}"),
        ("credential.helper", ""),
    ]


def _numbered(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Settings as Git reads them from the environment, after those that are there already."""
    start = os.environ.get("GIT_CONFIG_COUNT") or "0"
    if not start.isdigit():
        raise UserError(f"GIT_CONFIG_COUNT: not a number: {start!r}")
    numbered = {"GIT_CONFIG_COUNT": str(int(start) + len(pairs))}
    for number, (key, value) in enumerate(pairs, int(start)):
        numbered |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return numbered
