"""Logins for chart repositories and registries, from the files where Helm and Docker keep them.

Each is for one repository or one registry and goes to no other host. Helper programs are not run.
"""

import base64
import binascii
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kubeaid_ci.documents import load, plainjson
from kubeaid_ci.errors import UserError
from kubeaid_ci.net.credentials import Token
from kubeaid_ci.net.reach import origin

_MOST_BYTES = 1024 * 1024
_DOCKER_HUB = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})


class Logins:
    """The credentials in the files of an environment; they are read at first use."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._registries: dict[str, Token] | None = None
        self._repositories: list[tuple[str, Token]] | None = None

    def repository(self, url: str) -> Token | None:
        """Return the login of an HTTP chart repository, by the very address it was added to Helm with."""
        if self._repositories is None:
            self._repositories = list(_repositories(self._helm("HELM_REPOSITORY_CONFIG", "repositories.yaml")))
        return next((token for known, token in self._repositories if _same(known, url)), None)

    def registry(self, host: str) -> Token | None:
        """Return the login of a registry, by host and port."""
        if self._registries is None:
            self._registries = {}
            for path in reversed(self._registry_files()):
                self._registries |= _registries(path)
        return self._registries.get(_registry_name(host))

    def _registry_files(self) -> list[Path]:
        """Return where registries' logins are, the first counts most."""
        docker = self._environ.get("DOCKER_CONFIG")
        files = [
            Path(self._environ["REGISTRY_AUTH_FILE"]) if self._environ.get("REGISTRY_AUTH_FILE") else None,
            self._helm("HELM_REGISTRY_CONFIG", "registry/config.json"),
            (Path(docker) if docker else self._home() / ".docker") / "config.json",
        ]
        return [path for path in files if path]

    def _helm(self, variable: str, name: str) -> Path:
        if chosen := self._environ.get(variable):
            return Path(chosen)
        if folder := self._environ.get("HELM_CONFIG_HOME"):
            return Path(folder) / name
        if home := self._environ.get("XDG_CONFIG_HOME"):
            return Path(home) / "helm" / name
        own = "Library/Preferences" if sys.platform == "darwin" else ".config"
        return self._home() / own / "helm" / name

    def _home(self) -> Path:
        return Path(self._environ.get("HOME") or Path.home())


def _same(one: str, other: str) -> bool:
    return origin(one) == origin(other) and urlsplit(one).path.rstrip("/") == urlsplit(other).path.rstrip("/")


def _repositories(path: Path) -> list[tuple[str, Token]]:
    loaded = load(_text(path), where=str(path))
    entries = loaded.get("repositories") if isinstance(loaded, dict) else None
    found = []
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and entry.get("url") and entry.get("password"):
            token = Token(str(entry["password"]), str(path), str(entry.get("username") or ""))
            found.append((str(entry["url"]), token))
    return found


def _registries(path: Path) -> dict[str, Token]:
    text = _text(path)
    try:
        loaded = plainjson.parse(text or "{}")
    except ValueError:
        raise UserError(f"{path}: is not JSON, so no login of a registry can be read") from None
    entries = loaded.get("auths") if isinstance(loaded, dict) else None
    found: dict[str, Token] = {}
    for name, entry in entries.items() if isinstance(entries, dict) else ():
        if isinstance(entry, dict) and (token := _login(entry, path)):
            found[_registry_name(name)] = token
    return found


def _login(entry: dict[str, Any], path: Path) -> Token | None:
    """Return user and password, plain or in base64; None if a helper program keeps them."""
    user, password = entry.get("username"), entry.get("password")
    if isinstance(entry.get("auth"), str):
        try:
            user, _, password = base64.b64decode(entry["auth"], validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise UserError(f"{path}: an 'auth' is not base64 of USER:PASSWORD; log in again") from None
    return (
        Token(password, str(path), user) if isinstance(user, str) and isinstance(password, str) and password else None
    )


def _registry_name(name: str) -> str:
    """Return host and port of a registry, which Docker also writes as an address: ``https://index.docker.io/v1/``."""
    host = name.partition("://")[2] if "://" in name else name
    host = host.partition("/")[0].lower()
    return "docker.io" if host in _DOCKER_HUB else host


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        text = data.decode()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise UserError(f"{path}: is not UTF-8 text") from None
    if len(data) > _MOST_BYTES:
        raise UserError(f"{path}: larger than {_MOST_BYTES >> 20} MiB")
    return text
