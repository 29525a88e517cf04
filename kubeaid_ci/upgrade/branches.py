"""Names of the branches of upgrades. They never change, so that the next run finds its branches again."""

from kubeaid_ci.publishing.branches import part

_TOPIC = "upgrade"


def of_cluster(folder: str, *, prefix: str) -> str:
    """Return the branch of a cluster's upgrade, by its folder; it does not depend on the revision."""
    return f"{prefix}/{_TOPIC}/{part(folder)}"


def together(*, prefix: str) -> str:
    """Return the branch of an upgrade of several clusters."""
    return f"{prefix}/{_TOPIC}-all"


def looked_at(prefix: str) -> tuple[str, ...]:
    """Return the patterns of all branches of upgrades."""
    return (f"{prefix}/{_TOPIC}/*", together(prefix=prefix), f"{prefix}/{_TOPIC}", prefix)
