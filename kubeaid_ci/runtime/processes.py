"""The one door to other programs."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from kubeaid_ci.errors import OutsideError, UserError

_SECRET_NAMES = ("TOKEN", "PASSWORD", "SECRET", "_KEY", "CREDENTIALS")
_SECRET_WORDS = frozenset({"TOKEN", "PASSWORD", "PASSWD", "SECRET", "CREDENTIALS", "JWT"})
_PLACES = ("_FILE", "_PATH", "_DIR", "_URL")
_WITH_LOGIN = frozenset({"CI_REPOSITORY_URL"})
"""Variables of CI systems whose value is an address with a token in it."""


def without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without the variables that hold a secret by their name.

    Such as ``GITHUB_TOKEN``, ``API_TOKEN_GITHUB`` or ``CI_JOB_JWT_V2``; ``AWS_WEB_IDENTITY_TOKEN_FILE`` is a path.
    """
    return {name: value for name, value in environ.items() if not _is_secret(name.upper())}


def _is_secret(name: str) -> bool:
    if name.endswith(_SECRET_NAMES) or name in _WITH_LOGIN:
        return True
    return not name.endswith(_PLACES) and not _SECRET_WORDS.isdisjoint(name.split("_"))


@dataclass(frozen=True, slots=True)
class Finished:
    """The result of a program. A negative code is the number of the signal that ended it."""

    argv: tuple[str, ...]
    code: int
    stdout: bytes
    stderr: str

    @property
    def text(self) -> str:
        """Standard output as text, without the last line break."""
        return self.stdout.decode("utf-8", "replace").rstrip("\n")


def run(
    argv: Sequence[str],
    *,
    folder: Path | None = None,
    env: Mapping[str, str] | None = None,
    alone: bool = False,
    stdin: bytes = b"",
    timeout: float | None = None,
) -> Finished:
    """Run a program to its end and return its output, with any exit code.

    `env` is added to this process's environment without its secrets, or replaces it with `alone`; `timeout` is in
    seconds. Raises `UserError` if the program is not installed and `OutsideError` if it does not end
    in time.
    """
    try:
        done = subprocess.run(  # noqa: S603 - argv is a list, no shell sees it
            list(argv),
            cwd=folder,
            env={**({} if alone else without_secrets(os.environ)), **(env or {})},
            input=stdin,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError as error:
        if folder is not None and not folder.is_dir():
            raise UserError(f"{folder}: no such folder") from error
        raise UserError(f"{argv[0]}: not installed; install it and make sure it is on PATH") from error
    except subprocess.TimeoutExpired as error:
        raise OutsideError(f"{argv[0]}: did not end within {timeout:g} seconds") from error
    return Finished(tuple(argv), done.returncode, done.stdout, done.stderr.decode("utf-8", "replace"))


def start(
    argv: Sequence[str],
    *,
    folder: Path | None = None,
    env: Mapping[str, str] | None = None,
    alone: bool = False,
    stderr: int | IO[bytes] = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start a program and return it while it runs; write to its standard input, read its standard output.

    `env` is added to this process's environment without its secrets, or replaces it with `alone`. Raises `UserError`
    if the program is not installed.
    """
    try:
        return subprocess.Popen(  # noqa: S603 - argv is a list, no shell sees it
            list(argv),
            cwd=folder,
            env={**({} if alone else without_secrets(os.environ)), **(env or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
    except FileNotFoundError as error:
        raise UserError(f"{argv[0]}: not installed; install it and make sure it is on PATH") from error
