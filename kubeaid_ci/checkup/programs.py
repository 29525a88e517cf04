"""The programs on this machine, and their versions."""

import re
import shutil
from importlib import metadata

from kubeaid_ci.errors import OutsideError
from kubeaid_ci.runtime.processes import run

_VERSION = re.compile(r"\bversion (\S+)")
_SECONDS = 20.0
UNKNOWN = "of an unknown version"


def program(name: str) -> str | None:
    """The version that a program reports; None if it is not on PATH."""
    if shutil.which(name) is None:
        return None
    try:
        done = run([name, "--version"], timeout=_SECONDS)
    except OutsideError:
        return UNKNOWN
    found = _VERSION.search(done.text) or _VERSION.search(done.stderr)
    return found[1].rstrip(",") if found else UNKNOWN


def package(name: str) -> str | None:
    """The version of an installed Python package; None if it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
