"""The difference between two sets of manifests."""

from dataclasses import dataclass

from kubeaid_ci.git.tree import Action


@dataclass(frozen=True, slots=True)
class Change:
    """One object that was added, removed or modified.

    `fields` are paths into the object, such as ``spec.template.spec.containers[grafana].image``,
    an alert ``spec.groups[general.rules].rules[Watchdog].expr`` or a dashboard ``data[etcd.json]``.
    """

    kind: str
    namespace: str
    name: str
    file: str
    action: Action
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertChange:
    """An alert or recording rule that appeared, vanished or has another expression.

    `name` is the alert's or record's name; where a group has several of it, the labels that
    distinguish them follow: ``VolumeFull{severity=critical}``. A missing expression is None.
    """

    name: str
    group: str
    file: str
    action: Action
    expr_before: str | None
    expr_after: str | None
