"""The only place that starts Git.

Git reads variables, configuration files and the repository around its working folder, and each of them can change
what it answers or make it start a program. Every call from here has

- none of the caller's ``GIT_*`` variables, except those that decide how the network is reached;
- no system and no personal configuration, except the settings of `NETWORK_SETTINGS` and `SIGNING_SETTINGS`
  for a call that needs them;
- the repository by name (``--git-dir``), never the one that surrounds the working folder;
- no hook, filter driver, file watcher or pager, and only the transports of `TRANSPORTS`, for a call that reaches
  the network; without them a partial clone fetches nothing either;
- a time limit.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import IO

from kubeaid_ci.errors import OutsideError, UserError
from kubeaid_ci.git.git_dir import GitDir, required_git_dir
from kubeaid_ci.runtime.processes import Finished, run, start, without_secrets

# Seconds for one call. A fetch that makes no progress for a minute is ended by Git itself (see _NETWORK).
TIMEOUT = 1800
TRANSPORTS = "https:http:ssh:file"
NETWORK_SETTINGS = re.compile(r"(http|url|credential|ssh)\..*|core\.(sshcommand|askpass|gitproxy)", re.DOTALL)
SIGNING_SETTINGS = re.compile(r"gpg\..*|user\.signingkey", re.DOTALL)

Settings = Sequence[tuple[str, str]]

# Which programs Git starts is decided by the machine's owner, as PATH is; the rest is how the network is reached.
_INHERITED = ("GIT_EXEC_PATH",)
_INHERITED_FOR_NETWORK = (
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSH_VARIANT",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
    "GIT_SSL_CERT",
    "GIT_SSL_KEY",
    "GIT_SSL_NO_VERIFY",
    "GIT_PROXY_SSL_CAINFO",
    "GIT_HTTP_PROXY_AUTHMETHOD",
    "GIT_ASKPASS",
    # To find out why a remote cannot be reached. Git hides the login in these; GIT_TRACE2_ENV_VARS would print it.
    "GIT_TRACE",
    "GIT_TRACE_CURL",
    "GIT_TRACE_PACKET",
    "GIT_TRACE2",
    "GIT_TRACE2_EVENT",
    "GIT_TRACE2_PERF",
    "GIT_CURL_VERBOSE",
)
_USER_CONFIGURATION = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_COUNT")
_OWN_TOKENS = ("KUBEAID_CI_TOKEN", "KUBEAID_CI_GIT_TOKEN")
_FIXED = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GCM_INTERACTIVE": "never",
    # Reading must not lock the user's index.
    "GIT_OPTIONAL_LOCKS": "0",
    # A replaced object exists in this clone only; everybody else reads the one that was committed.
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TRACE_REDACT": "1",
    "GIT_PAGER": "cat",
    "GIT_EDITOR": "false",
    "LC_ALL": "C",
}
_SEALED = (
    ("safe.bareRepository", "explicit"),
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("core.excludesFile", os.devnull),
    ("core.attributesFile", os.devnull),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("submodule.recurse", "false"),
    ("log.showSignature", "false"),
    ("log.mailmap", "false"),
    ("i18n.logOutputEncoding", "utf-8"),
)
_NETWORK = (
    # Git would send the token's header to the new address.
    ("http.followRedirects", "false"),
    ("http.lowSpeedLimit", "1"),
    ("http.lowSpeedTime", "60"),
    ("push.followTags", "false"),
    ("push.gpgSign", "false"),
    ("push.recurseSubmodules", "no"),
    ("fetch.recurseSubmodules", "false"),
    ("clone.defaultRemoteName", "origin"),
)


def git(
    arguments: Sequence[str],
    *,
    folder: Path | None = None,
    network: bool = False,
    signing: bool = False,
    reads_files: bool = False,
    settings: Settings = (),
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    timeout: float = TIMEOUT,
) -> Finished:
    """Run Git to its end and return its result, whatever its exit code.

    `folder` is the top of the repository, None for a call that needs none. `network` and `signing` name which of
    the user's settings apply, `reads_files` that Git reads or writes files of the work tree, so that filter drivers
    must be switched off. `settings` are Git configuration for this call, `env` is added to its environment,
    `timeout` is in seconds. Raises `UserError` if `folder` is no repository.
    """
    argv, place, environment = _sealed(
        arguments, folder=folder, network=network, signing=signing, reads_files=reads_files, settings=settings, env=env
    )
    return run(argv, folder=place, env=environment, alone=True, stdin=stdin, timeout=timeout)


def start_git(
    arguments: Sequence[str],
    *,
    folder: Path | None,
    network: bool = False,
    settings: Settings = (),
    env: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start Git with the parameters of `git`, to exchange data through its standard streams.

    Standard error is a pipe only for a call that reaches the network, else it is dropped. Raises `UserError` if
    `folder` is no repository.
    """
    argv, place, environment = _sealed(arguments, folder=folder, network=network, settings=settings, env=env)
    stderr = subprocess.PIPE if network else subprocess.DEVNULL
    return start(argv, folder=place, env=environment, alone=True, stderr=stderr)


def _sealed(
    arguments: Sequence[str],
    *,
    folder: Path | None,
    network: bool,
    signing: bool = False,
    reads_files: bool = False,
    settings: Settings,
    env: Mapping[str, str] | None,
) -> tuple[list[str], Path, dict[str, str]]:
    """Return the whole command line, the working folder and the whole environment of a call of Git."""
    repository = required_git_dir(folder) if folder else None
    fixed = [*_user_settings(network=network, signing=signing), *_SEALED, *(_NETWORK if network else ())]
    if reads_files and repository:
        fixed += _without_filters(repository.path)
    environment = {**_environment(network=network, signing=signing), **_numbered([*fixed, *settings]), **(env or {})}
    if repository is None:
        return ["git", *arguments], Path(os.sep), environment
    return ["git", *repository.arguments, *arguments], repository.work_tree or repository.path, environment


def open_failure(repository: GitDir) -> str | None:
    """Return why Git refuses to open a repository, in Git's words, or None.

    An explicit ``--git-dir`` switches Git's check of the owner off, so it is made here, by the rule of
    https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory
    """
    owned = [path for path in (repository.path, repository.work_tree) if path]
    if stranger := next((path for path in owned if not _is_own(path)), None):
        top = repository.work_tree or repository.path
        if not _is_trusted(top):
            return (
                f"{stranger} belongs to another user (dubious ownership). If you trust it:"
                f" git config --global --add safe.directory {top}"
            )
    done = run(
        ["git", *repository.arguments, "rev-parse", "--git-dir"],
        folder=repository.work_tree or repository.path,
        env={**_environment(), **_numbered(_SEALED)},
        alone=True,
        timeout=TIMEOUT,
    )
    return None if done.code == 0 else reason(done)


def checked(done: Finished, what: str) -> Finished:
    """Return the finished run. Raises `OutsideError` with Git's reason if it failed."""
    if done.code != 0:
        raise OutsideError(f"{what}: git ended with code {done.code}: {reason(done)}")
    return done


def reason(done: Finished) -> str:
    """Return what Git printed to standard error, as one line."""
    lines = (line.strip().removeprefix("fatal: ").removeprefix("error: ") for line in done.stderr.splitlines())
    return "; ".join(line for line in lines if line) or f"exit code {done.code} and no message"


def _is_own(path: Path) -> bool:
    """Return whether a path belongs to the user, or to the user who called sudo, as Git judges it."""
    owner, user = path.stat().st_uid, os.geteuid()
    sudo = os.environ.get("SUDO_UID", "")
    return owner == user or (user == 0 and sudo.isdigit() and owner == int(sudo))


def _is_trusted(top: Path) -> bool:
    """Return whether the user's ``safe.directory`` names a folder. An empty value forgets the ones before it."""
    trusted: set[str] = set()
    for key, value in _user_configuration():
        if key == "safe.directory":
            trusted = {*trusted, value} if value else set()
    names = {str(top), str(top.resolve())}
    below = {f"{parent}/*" for name in names for parent in Path(name).parents}
    return "*" in trusted or not trusted.isdisjoint(names | below)


def _environment(*, network: bool = False, signing: bool = False) -> dict[str, str]:
    """Return the whole environment of a call: the caller's without what Git reads from it, and `_FIXED`."""
    allowed = (*_INHERITED, *(_INHERITED_FOR_NETWORK if network else ()))
    # A credential helper may read a token of the forge from the environment; other calls need none.
    environ = os.environ if network else without_secrets(os.environ)
    inherited = {
        name: value
        for name, value in environ.items()
        if (name in allowed or not name.startswith("GIT_")) and name not in _OWN_TOKENS
    }
    if not (network or signing):
        inherited.pop("SSH_ASKPASS", None)
    reach = {"GIT_ALLOW_PROTOCOL": TRANSPORTS} if network else {"GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}
    trusted = tuple(value for key, value in _user_configuration() if key == "safe.directory") if network else ()
    own = {"GIT_CONFIG_GLOBAL": _configuration_of(trusted).name} if trusted else {}
    return {**inherited, **_FIXED, **reach, **own}


@lru_cache
def _configuration_of(trusted: tuple[str, ...]) -> "IO[str]":
    """Return a file with the user's ``safe.directory``, removed at exit.

    At a local remote Git starts ``git upload-pack``, which reads no settings from the environment.
    """
    file = tempfile.NamedTemporaryFile("w", prefix="kubeaid-ci-", suffix=".gitconfig")  # noqa: SIM115 - kept open
    escaped = (value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") for value in trusted)
    file.write("[safe]\n" + "".join(f'\tdirectory = "{value}"\n' for value in escaped))
    file.flush()
    return file


def _numbered(settings: Settings) -> dict[str, str]:
    """Return settings as Git reads them from the environment; the last one of a key counts."""
    numbered = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings):
        numbered |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return numbered


def _user_settings(*, network: bool, signing: bool) -> Settings:
    """Return those of the user's settings that a call for the network or for a signature needs."""
    patterns = [*([NETWORK_SETTINGS] if network else []), *([SIGNING_SETTINGS] if signing else [])]
    if not patterns:
        return ()
    return [pair for pair in _user_configuration() if any(pattern.fullmatch(pair[0]) for pattern in patterns)]


def _user_configuration() -> Settings:
    """Return the system's and the user's Git configuration, and what the environment adds, in Git's order."""
    names = (name for name in os.environ if name.startswith(("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_")))
    chosen = {name: os.environ[name] for name in (*_USER_CONFIGURATION, *names) if name in os.environ}
    places = {name: os.environ.get(name, "") for name in ("HOME", "XDG_CONFIG_HOME", "PATH")}
    return _read_configuration(tuple(sorted({**chosen, **places}.items())))


@lru_cache
def _read_configuration(environment: tuple[tuple[str, str], ...]) -> Settings:
    environ = {name: value for name, value in environment if value}
    done = run(
        ["git", "--git-dir=/nonexistent", "config", "--null", "--list", "--includes"],
        folder=Path(os.sep),
        env={**environ, "LC_ALL": "C"},
        alone=True,
        timeout=TIMEOUT,
    )
    if done.code:
        raise UserError(f"Git's own configuration cannot be read: {reason(done)}")
    return _pairs(done.stdout)


@lru_cache
def _without_filters(path: Path) -> Settings:
    """Return the settings that switch off each filter driver that a repository's own configuration defines.

    See https://git-scm.com/docs/gitattributes#_filter
    """
    done = run(
        ["git", f"--git-dir={path}", "config", "--null", "--list"],
        folder=Path(os.sep),
        env={**_environment(), **_numbered(_SEALED)},
        alone=True,
        timeout=TIMEOUT,
    )
    drivers = {key.rpartition(".")[0] for key, _ in _pairs(done.stdout) if key.startswith("filter.")}
    off = {"clean": "", "smudge": "", "process": "", "required": "false"}
    return [(f"{driver}.{name}", value) for driver in sorted(drivers) for name, value in off.items()]


def _pairs(listed: bytes) -> list[tuple[str, str]]:
    """Return the settings of ``git config --null --list``: a key without a value is true."""
    entries = [entry.partition("\n") for entry in os.fsdecode(listed).split("\0")[:-1]]
    return [(key, value if newline else "true") for key, newline, value in entries]
