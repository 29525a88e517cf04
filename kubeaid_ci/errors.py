"""The two ways a run can fail that are not our own fault, each with its exit code."""


class KubeaidCiError(Exception):
    """A failure with one clear message: what, where, what to do next."""

    exit_code = 2


class UserError(KubeaidCiError):
    """The caller's fault: usage, settings or invalid input files. Exit code 2."""


class OutsideError(KubeaidCiError):
    """Somebody else's fault: network, registry, forge or Git remote. Exit code 3."""

    exit_code = 3
