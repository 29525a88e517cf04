"""The Python packages of this program, at the versions that run now, for an installation without an index."""

import hashlib
import json
import platform
import re
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

from kubeaid_ci.bundle.model import Wheels
from kubeaid_ci.errors import OutsideError, UserError
from kubeaid_ci.runtime.processes import Finished, run

NAME = "kubeaid-ci"
REQUIREMENTS = "wheels/requirements.txt"
_TIMEOUT = 1800.0
_REQUIREMENT = re.compile(r"\s*(?P<name>[A-Za-z0-9._-]+)\s*(\[(?P<extras>[^\]]*)\])?")
_EXTRA = re.compile(r"""extra\s*==\s*["']([^"']+)["']""")
_NORMAL = re.compile(r"[-_.]+")


def fetch(target: Path) -> Wheels:
    """Put the wheels of this program and of everything that it needs into ``wheels/`` below a folder.

    They are for this system and version of Python. Raises `OutsideError` if the package index does not have them.
    """
    folder = target / "wheels"
    folder.mkdir()
    pins = [f"{name}=={version}" for name, version in sorted(_installed().items()) if name != NAME]
    with tempfile.TemporaryDirectory(prefix="kubeaid-ci-") as scratch:
        wanted = Path(scratch, "pins.txt")
        wanted.write_text("".join(f"{pin}\n" for pin in pins))
        options = ["--no-deps", "--only-binary=:all:", "--quiet"]
        _pip(["download", *options, "--dest", str(folder), "--requirement", str(wanted)])
        _own_wheel(folder)
    return record(target)


def copy(source: Path, target: Path) -> Wheels:
    """Copy the wheels of a folder. Raises `UserError` if it has none of this program."""
    found = sorted(source.glob("*.whl")) if source.is_dir() else []
    if not any(wheel.name.startswith("kubeaid_ci-") for wheel in found):
        raise UserError(f"{source}: has no wheel of {NAME}; name a folder made with pip wheel or pip download")
    folder = target / "wheels"
    folder.mkdir()
    for wheel in found:
        (folder / wheel.name).write_bytes(wheel.read_bytes())
    return record(target)


def record(target: Path) -> Wheels:
    """Write the requirements with a hash for each wheel below a folder, and return what is there."""
    wheels = sorted((target / "wheels").glob("*.whl"))
    lines = [f"{_pin(wheel)} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n" for wheel in wheels]
    (target / REQUIREMENTS).write_text("".join(lines))
    files = (REQUIREMENTS, *(f"wheels/{wheel.name}" for wheel in wheels))
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Wheels(version, f"{platform.system()} {platform.machine()}".lower(), tuple(sorted(files)))


def _pin(wheel: Path) -> str:
    name, version = wheel.name.split("-")[:2]
    return f"{_NORMAL.sub('-', name).lower()}=={version}"


def _installed() -> dict[str, str]:
    """Return the version of every package that this program needs here, by its normalised name."""
    found: dict[str, str] = {}
    waiting: list[tuple[str, frozenset[str]]] = [(NAME, frozenset())]
    done: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        name, extras = entry = waiting.pop()
        if entry in done:
            continue
        done.add(entry)
        try:
            package = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            if name == NAME:
                raise UserError(f"{NAME} is not installed as a package; install it, or pass --wheels DIR") from None
            continue  # not needed on this system
        found[name] = package.version
        waiting += _needed(package, extras)
    return found


def _needed(package: metadata.Distribution, extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield what a package needs, on any system, with the extras that are requested: ``name[extra] >= 1; marker``."""
    for line in package.requires or []:
        requirement, _, marker = line.partition(";")
        wanted = set(_EXTRA.findall(marker))
        if wanted and not wanted & extras:
            continue
        if match := _REQUIREMENT.match(requirement):
            more = frozenset(part.strip() for part in (match["extras"] or "").split(",") if part.strip())
            yield _NORMAL.sub("-", match["name"]).lower(), more


def _own_wheel(folder: Path) -> None:
    """Build our own wheel from the sources if this is a checkout; else download the installed version."""
    package = metadata.distribution(NAME)
    options = ["--no-deps", "--quiet"]
    if source := _source(package):
        _pip(["wheel", *options, "--wheel-dir", str(folder), str(source)])
        return
    only = ["--only-binary=:all:", "--dest", str(folder)]
    _pip(["download", *options, *only, f"{NAME}=={package.version}"])


def _source(package: metadata.Distribution) -> Path | None:
    """Return the folder that a package was installed from: https://packaging.python.org/specifications/direct-url/."""
    text = package.read_text("direct_url.json")
    address = json.loads(text).get("url", "") if text else ""
    if not address.startswith("file:"):
        return None
    folder = Path(unquote(urlsplit(address).path))
    return folder if folder.is_dir() else None


def _pip(arguments: list[str]) -> Finished:
    # -P: the current folder may be a checkout that holds a module pip.
    done = run([sys.executable, "-P", "-m", "pip", "--disable-pip-version-check", *arguments], timeout=_TIMEOUT)
    if done.code:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise OutsideError(f"pip {arguments[0]} ended with {done.code}: {'; '.join(lines[-2:])}; or pass --wheels DIR")
    return done
