"""Rendered files as ``helm template`` prints them: cut into documents, with the white space at their ends.

Argo CD reads what Helm prints, so a literal (``|``) at the end of a document always ends with a line break. How many
line breaks a literal with ``|+`` keeps depends on the version of Helm, and since 4.2 on what is printed last.
"""

import re
from collections.abc import Iterable, Sequence

from kubeaid_ci.helm.version import HelmRules

Files = Sequence[tuple[str, str]]
"""Pairs of path and text, sorted by path."""

_SPACE = "\t\n\f\r "
# These run over everything that is rendered: they begin with a literal, which is searched for fast.
_SEPARATOR = re.compile(rf"\n---[{_SPACE}]*")
_AT_LINES = re.compile(r"---(?:(?<=\n---)|(?<=\A---))[ \t]*")
_KEEPS_BREAKS = re.compile(r"[|>][1-9]?\+")
_KIND = re.compile(r"^kind:[ \t]*[\"']?(\w+)", re.MULTILINE)
_HOOK = re.compile(r"(?:^ +|[{,] *)[\"']?helm\.sh/hook[\"']?:", re.MULTILINE)
# Helm's `InstallOrder` (pkg/release/v1/util/kind_sorter.go).
_ORDER: Sequence[str] = """
PriorityClass Namespace NetworkPolicy ResourceQuota LimitRange PodSecurityPolicy PodDisruptionBudget
ServiceAccount Secret SecretList ConfigMap StorageClass PersistentVolume PersistentVolumeClaim
CustomResourceDefinition ClusterRole ClusterRoleList ClusterRoleBinding ClusterRoleBindingList Role RoleList
RoleBinding RoleBindingList Service DaemonSet Pod ReplicationController ReplicaSet Deployment
HorizontalPodAutoscaler StatefulSet Job CronJob IngressClass Ingress APIService MutatingWebhookConfiguration
ValidatingWebhookConfiguration
""".split()  # noqa: SIM905


def printed(files: Files, rules: HelmRules) -> tuple[tuple[str, str], ...]:
    """Return rendered files with each text as Helm prints it."""
    if rules.trims_output or not any(keeps_breaks(text) for _, text in files):
        return tuple((path, _joined(_documents(text, rules))) for path, text in files)
    return tuple(
        (path, _joined(some)) for path, some in _trimmed([(path, _documents(text, rules)) for path, text in files])
    )


def keeps_breaks(text: str) -> bool:
    """Return whether a literal keeps the line breaks at its end, whose number depends on the version of Helm."""
    return "+" in text and _KEEPS_BREAKS.search(text) is not None


def _documents(text: str, rules: HelmRules) -> list[str]:
    whole = text.lstrip()
    if rules.cuts_at_lines:
        found = _AT_LINES.split(whole)
    else:
        *before, last = _SEPARATOR.split(f"\n{whole}" if whole.startswith("---") else whole)
        found = [*(one.rstrip(_SPACE) for one in before), last]
    if rules.trims_output:
        return [document for one in found if (document := one.strip())]
    return [document for one in found if (document := one.lstrip())]


def _joined(documents: Iterable[str]) -> str:
    return "---\n".join(f"{document}\n" for document in documents)


def _trimmed(files: list[tuple[str, list[str]]]) -> list[tuple[str, list[str]]]:
    """Return the documents, with the end of the one that is printed last cut off, hooks aside."""
    places = [
        (number, at)
        for number, (_, documents) in enumerate(files)
        for at, document in enumerate(documents)
        if not _HOOK.search(document)
    ]
    if places:
        # The last of several of one kind.
        number, at = max(reversed(places), key=lambda place: _order(files[place[0]][1][place[1]]))
        files[number][1][at] = files[number][1][at].rstrip()
    return files


def _order(document: str) -> tuple[int, str]:
    found = _KIND.search(document)
    kind = found[1] if found else ""
    return (_ORDER.index(kind), "") if kind in _ORDER else (len(_ORDER), kind)
