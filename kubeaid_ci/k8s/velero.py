"""Velero's schedules: which objects and volumes they back up.

https://velero.io/docs/main/resource-filtering/, https://velero.io/docs/main/file-system-backup/ and
https://velero.io/docs/main/resource-filtering/#resource-policies
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.cron import CronSchedule
from kubeaid_ci.k8s.fields import at, mapping, mappings, text, text_map, texts
from kubeaid_ci.k8s.selectors import EVERYTHING, Answer, Labels, Selector, any_of, parse_selector

EXCLUDED_LABEL = "velero.io/exclude-from-backup"
_VOLUMES = "backup.velero.io/backup-volumes"
_CLAIMS = frozenset({"persistentvolumeclaims", "persistentvolumeclaim", "pvc"})


@dataclass(frozen=True, slots=True)
class Mount:
    """A pod that mounts a volume: the annotations of the pod, and the name of the volume in it."""

    annotations: Mapping[str, str]
    volume: str

    def names(self, annotation: str) -> bool:
        """Return whether an annotation with a list of volumes has this one."""
        return self.volume in [part.strip() for part in self.annotations.get(annotation, "").split(",")]


@dataclass(frozen=True, slots=True)
class SkipRule:
    """A volume policy of a resource policy with the action ``skip``. Conditions that are not known never match."""

    labels: Mapping[str, str]
    storage_classes: tuple[str, ...]

    def matches(self, labels: Labels, storage_class: str) -> bool:
        """Return whether the rule skips a volume for sure."""
        if self.storage_classes and storage_class not in self.storage_classes:
            return False
        return all(labels.known.get(key) == value for key, value in self.labels.items())


@dataclass(frozen=True, slots=True)
class Filter:
    """The template of a backup: what it selects, and how it saves volumes."""

    template: Mapping[str, Any]

    def has_namespace(self, namespace: str) -> bool:
        """Return whether a namespace is included; excluded namespaces win."""
        included = texts(self.template, "includedNamespaces") or ["*"]
        return _named(namespace, included) and not _named(namespace, texts(self.template, "excludedNamespaces"))

    def has_claims(self) -> bool:
        """Return whether volume claims are included, by the old filters or by the scoped ones."""
        included = [*texts(self.template, "includedResources"), *self._scoped("included")]
        excluded = [*texts(self.template, "excludedResources"), *self._scoped("excluded")]
        return (not included or _has_claims(included)) and not _has_claims(excluded)

    def _scoped(self, which: str) -> list[str]:
        return texts(self.template, f"{which}NamespaceScopedResources")

    def selects(self, labels: Labels) -> Answer:
        """Return whether an object with these labels is selected; None if it is not known."""
        if labels.known.get(EXCLUDED_LABEL) == "true":
            return False
        return any_of(selector.matches(labels) for selector in self._selectors())

    def _selectors(self) -> list[Selector]:
        several = mappings(self.template, "orLabelSelectors")
        written = several or [mapping(self.template, "labelSelector")]
        selectors = []
        for selector in written:
            try:
                selectors.append(parse_selector(selector, "labelSelector"))
            except UserError:
                selectors.append(EVERYTHING)
        return selectors

    def saves_files(self, mounts: Iterable[Mount]) -> bool:
        """Return whether the files of a volume are copied from one of the pods that mount it."""
        by_default = self.template.get("defaultVolumesToFsBackup", self.template.get("defaultVolumesToRestic")) is True
        if by_default:
            return any(not mount.names(f"{_VOLUMES}-excludes") for mount in mounts)
        return any(mount.names(_VOLUMES) for mount in mounts)

    @property
    def takes_snapshots(self) -> bool:
        """True unless snapshots of volumes are turned off."""
        return self.template.get("snapshotVolumes") is not False


@dataclass(frozen=True, slots=True)
class VeleroSchedule:
    """A Schedule. `cron` is None if it cannot be read, for the reason `problem`."""

    name: str
    namespace: str
    filter: Filter
    cron: CronSchedule | None
    problem: str = ""
    paused: bool = False

    @classmethod
    def parse(cls, body: Mapping[str, Any], *, name: str, namespace: str) -> "VeleroSchedule":
        """Read a Schedule."""
        found = Filter(mapping(body, "spec", "template"))
        paused = at(body, "spec", "paused") is True
        try:
            return cls(name, namespace, found, CronSchedule.parse(text(body, "spec", "schedule")), "", paused)
        except UserError as error:
            return cls(name, namespace, found, None, str(error), paused)


def skip_rules(policy: Any) -> tuple[SkipRule, ...]:
    """Return the rules of a resource policy, a YAML document of a ConfigMap, that skip volumes."""
    found = []
    for rule in mappings(policy, "volumePolicies"):
        conditions = mapping(rule, "conditions")
        known = set(conditions) <= {"pvcLabels", "storageClass"}
        if text(rule, "action", "type") == "skip" and conditions and known:
            found.append(SkipRule(text_map(conditions, "pvcLabels"), tuple(texts(conditions, "storageClass"))))
    return tuple(found)


def _named(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _has_claims(resources: Iterable[str]) -> bool:
    return any(name == "*" or name.lower().partition(".")[0] in _CLAIMS for name in resources)
