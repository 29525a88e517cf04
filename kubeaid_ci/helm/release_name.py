"""Names of Helm releases, as `ValidateReleaseName` of Helm checks them (``pkg/chart/v2/util/validate_name.go``)."""

import re

from kubeaid_ci.errors import UserError

MAX_LENGTH = 53
"""Characters. Charts add to the name of a release, and many names in Kubernetes have at most 63."""

_PART = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_NAME = re.compile(rf"{_PART}(?:\.{_PART})*")


def check_release_name(name: str) -> None:
    """Raise `UserError` for a name that Helm refuses, so that Argo CD cannot compare the Application."""
    if len(name) > MAX_LENGTH:
        problem = f"has {len(name)} characters, and Helm allows {MAX_LENGTH}"
    elif not _NAME.fullmatch(name):
        problem = (
            "is refused by Helm, which allows lower-case letters, digits, - and ., and a letter or digit at each end"
        )
    else:
        return
    raise UserError(f"the release name {name} {problem}; set spec.source.helm.releaseName to another name")
