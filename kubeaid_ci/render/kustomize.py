"""kustomize, by its own program or as a part of kubectl, with nothing in reach but the files that it is given."""

import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kubeaid_ci.errors import OutsideError
from kubeaid_ci.runtime.processes import run

_SECONDS = 60.0
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")
_LEAST = (4, 5, 0)
_MOST_BYTES = 64 * 1024 * 1024
# Where no server listens: the last fence, behind those that look at what a kustomization names.
_NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True)
class Kustomize:
    """The program that builds kustomizations: its command, and the version of kustomize in it."""

    command: tuple[str, ...]
    version: str

    @property
    def name(self) -> str:
        """Return what people call it."""
        return " ".join((Path(self.command[0]).name, *self.command[1:2])).removesuffix(" build")

    @property
    def is_new_enough(self) -> bool:
        """Return whether it can mark the source of each object."""
        found = _VERSION.match(self.version)
        return found is not None and tuple(map(int, found.groups())) >= _LEAST


class KustomizeError(Exception):
    """A kustomization that cannot be built; the message is kustomize's own."""


def find() -> Kustomize | None:
    """Return the kustomize of this machine, else the one in kubectl; None if there is neither."""
    for program in ("kustomize", "kubectl"):
        if (path := shutil.which(program)) and (found := _api_versions_read(program, path)):
            return found
    return None


def build(kustomize: Kustomize, files: Mapping[str, bytes], folder: str) -> str:
    """Return the objects of the kustomization in a folder among some files, as YAML.

    The program sees only the files: no environment, no home folder, no network, no other program. Raises
    `KustomizeError`, and `OutsideError` if it does not end in time.
    """
    with tempfile.TemporaryDirectory(prefix="kubeaid-ci-") as name:
        top = Path(name).resolve()
        empty, repository = top / "empty", top / "repository"
        empty.mkdir()
        for path, data in files.items():
            (repository / path).parent.mkdir(parents=True, exist_ok=True)
            (repository / path).write_bytes(data)
        done = run(
            [*kustomize.command, str(repository / folder)],
            folder=empty,
            env={"HOME": str(empty), "PATH": str(empty), "HTTP_PROXY": _NOWHERE, "HTTPS_PROXY": _NOWHERE},
            alone=True,
            timeout=_SECONDS,
        )
    if done.code:
        lines = [line for line in done.stderr.splitlines() if not line.startswith("# Warning")]
        message = re.sub(r"^error: ", "", "\n".join(lines).strip(), flags=re.IGNORECASE)
        raise KustomizeError(message.replace(f"{repository}/", "")[:2000] or f"it ended with code {done.code}")
    if len(done.stdout) > _MOST_BYTES:
        raise KustomizeError(f"it gives more than {_MOST_BYTES >> 20} MiB")
    return done.text


@lru_cache(maxsize=8)
def _api_versions_read(program: str, path: str) -> Kustomize | None:
    own = program == "kustomize"
    question = ["version"] if own else ["version", "--client", "--output=json"]
    try:
        done = run([path, *question], timeout=20.0)
        version = done.text if own else str(json.loads(done.stdout).get("kustomizeVersion"))
    except (OutsideError, ValueError, AttributeError):
        return None
    found = _VERSION.search(version)
    return Kustomize((path, "build" if own else "kustomize"), found[0]) if found and not done.code else None
