"""Validators of objects: the schemas of Kubernetes' own kinds, and those of custom resources.

The functions here are pure; the schemas come from a package, which `Schemas` hides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from kubeaid_ci.errors import UserError
from kubeaid_ci.semver.version import Version

Path = tuple[str | int, ...]
"""Fields, and indexes of lists, from an object to a value in it."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One part of an object that its schema refuses. `fields` are unknown fields of the mapping at `path`.

    `message` has no value of the object, because it may be a secret.
    """

    path: Path
    message: str
    fields: tuple[str, ...] = ()


class Validator(Protocol):
    """Validates objects of one kind."""

    def violations(self, body: Mapping[str, Any]) -> Sequence[Violation]:
        """Return what the schema refuses in an object, in order of the fields."""


class Schemas(Protocol):
    """The schemas that can be had."""

    @property
    def source(self) -> str:
        """Name and version of the package that the schemas are from; another one may give other results."""

    def release(self, version: Version) -> str | None:
        """Return the Kubernetes release, such as ``1.34``, whose schemas apply; None if they do not exist."""

    def built_in(self, release: str, api_version: str, kind: str) -> Validator | None:
        """Return the validator of one of Kubernetes' own kinds; None if the release has no such kind."""

    def compiled(self, schema: Mapping[str, Any]) -> Validator:
        """Return a validator for a JSON schema (draft 2020-12). Raises `UserError` if it cannot be compiled."""


class NoSchemas:
    """No schemas: nothing can be validated."""

    source = ""

    def release(self, version: Version) -> str | None:  # noqa: ARG002
        """Return None."""
        return None

    def built_in(self, release: str, api_version: str, kind: str) -> Validator | None:  # noqa: ARG002
        """Return None."""
        return None

    def compiled(self, schema: Mapping[str, Any]) -> Validator:  # noqa: ARG002
        """Raise `UserError`: nothing can be compiled."""
        raise UserError("no package compiles schemas")


def written(path: Path) -> str:
    """Return a path as people write it: ``spec.containers[0].ports``; ``the object`` for an empty path."""
    text = ""
    for step in path:
        if isinstance(step, int) or "." in step or "/" in step:
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text or "the object"
