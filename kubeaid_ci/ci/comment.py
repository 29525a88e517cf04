"""Posts a comment on a change request, and updates it on later runs."""

import os
from dataclasses import dataclass

from kubeaid_ci.ci import job
from kubeaid_ci.errors import UserError
from kubeaid_ci.forge.change_request import ChangeRequest
from kubeaid_ci.forge.interface import Forge, upsert_comment
from kubeaid_ci.publishing.target import resolve
from kubeaid_ci.settings.publish import PublishOptions

# The hidden line by which the comment is found again.
_FRAME = 200


@dataclass(frozen=True, slots=True)
class Place:
    """A change request to comment on."""

    forge: Forge
    number: int

    @property
    def limit(self) -> int:
        """Return how much text there is room for, in the unit of the forge's limit."""
        return self.forge.body_limit - _FRAME

    def say(self, key: str, text: str, *, update_only: bool = False) -> int:
        """Create or update our comment with this key; with `update_only` do not create one.

        Returns how many comments of others have the key; they are not changed. Raises
        `OutsideError` if the forge rejects it.
        """
        return upsert_comment(self.forge, ChangeRequest.numbered(self.number), key, text, update_only=update_only)


def place(repository: str, options: PublishOptions, number: int | None = None) -> Place:
    """Return a change request of a repository (an address or a checkout); without a number, that of the CI job.

    Nothing is sent yet. Raises `UserError` if it does not exist, or a token is missing.
    """
    target = resolve(repository, options)
    if target.forge is None:
        raise UserError(f"{target.address.remote}: no forge, so there is no change request to comment on")
    if number is None:
        number = _of_job(target.address.project)
    return Place(target.forge, number)


def _of_job(project: str) -> int:
    found = job.change_request(os.environ)
    if found is None:
        raise UserError("not running for a change request; use --comment-on N")
    path, number = found
    if path.lower() != project.lower():
        raise UserError(
            f"the job is for change request {number} of {path}, and what is compared is {project};"
            " name one of its change requests: --comment-on N"
        )
    return number
