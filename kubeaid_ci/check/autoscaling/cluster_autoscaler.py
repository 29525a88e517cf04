"""Cluster autoscalers that cannot scale: without groups, bounds or permissions, or of another release."""

from collections.abc import Iterator

from kubeaid_ci.check.applied import Applied, applied
from kubeaid_ci.check.autoscaling.node_groups import (
    CLUSTER_API,
    MAX_SIZE,
    MIN_SIZE,
    Autoscaler,
    NodeGroup,
    autoscalers,
    machine_templates_readable,
    node_groups,
)
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.render.cluster_state import ClusterState

NO_GROUPS = Rule(
    "autoscaling/no-groups",
    Severity.WARNING,
    "The cluster autoscaler has no group of nodes to scale, so pods stay pending when the cluster is full. Add node "
    "groups with a smallest and a largest size, or remove the autoscaler.",
)
GROUP_UNBOUNDED = Rule(
    "autoscaling/group-unbounded",
    Severity.WARNING,
    "The autoscaler ignores a group that lacks its smallest or largest size, so the group keeps its size. Set both.",
)
BOUNDS_INVALID = Rule(
    "autoscaling/bounds-invalid",
    Severity.ERROR,
    "The smallest size is above the largest, or one of them is not a number, so nothing is scaled. Correct both sizes.",
)
FROM_ZERO = Rule(
    "autoscaling/scale-from-zero",
    Severity.WARNING,
    "A group may shrink to no nodes, and then the autoscaler cannot know what a new node would have, so it never grows "
    "again. Allow it to read the machine templates, or annotate the group with its capacity.",
)
IMAGE_RELEASE = Rule(
    "autoscaling/image-release",
    Severity.WARNING,
    "The autoscaler simulates the scheduler of its own release, so one of another release than the cluster may scale "
    "wrongly. Use an image with the minor version of the cluster.",
)
RULES = (NO_GROUPS, GROUP_UNBOUNDED, BOUNDS_INVALID, FROM_ZERO, IMAGE_RELEASE)


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Report each autoscaler, and each group of it."""
    items = list(applied(state, context))
    groups = node_groups(items)
    for autoscaler in autoscalers(items):
        yield from _release(state, autoscaler)
        yield from _static(autoscaler)
        own = [group for group in groups if autoscaler.discovers(group)]
        if autoscaler.provider != CLUSTER_API:
            if not autoscaler.discovery and not list(autoscaler.static_groups):
                options = "neither --nodes nor --node-group-auto-discovery"
                yield _finding(NO_GROUPS, autoscaler.item, f"{options} for the provider {autoscaler.provider}")
        elif not autoscaler.groups_are_elsewhere:
            yield from _cluster_api(state, autoscaler, own, items)


def _release(state: ClusterState, autoscaler: Autoscaler) -> Iterator[Finding]:
    version = autoscaler.version
    if version and state.version_from != "default" and version.release[:2] != state.version.release[:2]:
        release = ".".join(map(str, state.version.release[:2]))
        what = f"image {version} for Kubernetes {release}"
        yield _finding(IMAGE_RELEASE, autoscaler.item, what, value=str(version))


def _static(autoscaler: Autoscaler) -> Iterator[Finding]:
    for low, high, name in autoscaler.static_groups:
        if not low or not high:
            yield _finding(GROUP_UNBOUNDED, autoscaler.item, f"--nodes {name} has no sizes")
        elif wrong := wrong_bounds(low, high):
            yield _finding(BOUNDS_INVALID, autoscaler.item, f"--nodes {name}: {wrong}")


def _cluster_api(
    state: ClusterState, autoscaler: Autoscaler, own: list[NodeGroup], items: list[Applied]
) -> Iterator[Finding]:
    bounded = [group for group in own if group.low is not None and group.high is not None]
    if not bounded and not list(autoscaler.static_groups):
        key = str(autoscaler.item.manifest.key)
        message = f"{key}: no MachineDeployment or MachinePool" + (" with both sizes" if own else "")
        message += f" matches {', '.join(autoscaler.discovery)}" if autoscaler.discovery else ""
        yield autoscaler.item.absence(state, NO_GROUPS, message, key=key, namespace=autoscaler.namespace)
        return
    for group in own:
        if (group.low is None) is not (group.high is None):
            missing = MIN_SIZE if group.low is None else MAX_SIZE
            yield _finding(GROUP_UNBOUNDED, group.item, f"no annotation {missing}")
        elif group.low is not None and group.high is not None and (wrong := wrong_bounds(group.low, group.high)):
            yield _finding(BOUNDS_INVALID, group.item, wrong)
    from_zero = [group for group in bounded if group.low == "0" and not group.has_capacity]
    if from_zero and not machine_templates_readable(items, autoscaler):
        names = ", ".join(group.item.manifest.key.name for group in from_zero)
        yield _finding(
            FROM_ZERO, autoscaler.item, f"{names}: smallest size 0, no capacity, and no role to read templates"
        )


def wrong_bounds(low: object, high: object) -> str:
    """Return what is wrong with two sizes; empty if they are right."""
    numbers = [str(size) for size in (low, high)]
    if not all(size.isascii() and size.isdigit() and len(size) < 10 for size in numbers):
        return f"{numbers[0]} to {numbers[1]} are no two numbers"
    return f"{low} is above {high}" if int(numbers[0]) > int(numbers[1]) else ""


def _finding(rule: Rule, item: Applied, what: str, *, value: str = "") -> Finding:
    key = str(item.manifest.key)
    return item.finding(rule, f"{key}: {what}", key=f"{key} {what}", value=value)
