"""The settings file ``.kubeaid-ci.yaml`` at the root of either repository."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

from kubeaid_ci import documents
from kubeaid_ci.findings.finding import FailOn, Severity
from kubeaid_ci.findings.suppression import Suppression
from kubeaid_ci.findings.vulnerability import AllowedVulnerability, VulnerabilitySeverity
from kubeaid_ci.net.address import Remote
from kubeaid_ci.semver.version import Version
from kubeaid_ci.settings.policy import ChartPolicy, Step
from kubeaid_ci.settings.publish import CommitVia, OnForeignCommits, PublishOptions
from kubeaid_ci.settings.readers import (
    Node,
    Reader,
    address,
    addresses,
    count,
    day,
    duration,
    flag,
    helm_version,
    many,
    matching,
    member,
    named,
    one_of,
    table,
    text,
    version,
    versions,
    with_line,
)


@dataclass(frozen=True, slots=True)
class UpstreamSettings:
    """Settings for chart repositories and registries; `mirrors` maps an address prefix to its mirror."""

    allow: tuple[str, ...] = ()
    plain_http: tuple[str, ...] = ()
    mirrors: Mapping[str, str] = field(default_factory=dict)
    ca_bundle: str | None = None


@dataclass(frozen=True, slots=True)
class ClusterSettings:
    """Capabilities of a cluster, for rendering without it."""

    kubernetes_version: Version | None = None
    api_versions: tuple[str, ...] = ()
    helm: Version | None = None


@dataclass(frozen=True, slots=True)
class ImageFields:
    """The fields of a custom resource, written ``group/Kind``, that name images."""

    kind: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeclaredImages:
    """Images that nothing in Git names: of the objects of a kind (``group/Kind``), or of Applications by name or glob.

    For charts by themselves, `app` is the name of the chart.
    """

    images: tuple[str, ...]
    reason: str
    kind: str | None = None
    app: str | None = None


@dataclass(frozen=True, slots=True)
class ImageSettings:
    """Settings for images. `mirror` is the registry, or a path below one, that images are copied to."""

    fields: tuple[ImageFields, ...] = ()
    declared: tuple[DeclaredImages, ...] = ()
    mirror: str | None = None


@dataclass(frozen=True, slots=True)
class WaveSettings:
    """Clusters that are upgraded together, by name or glob.

    `soak` is how long the wave before has to be at a revision first.
    """

    name: str
    clusters: tuple[str, ...]
    soak: timedelta | None = None


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """Settings for `images scan`; None or empty means not set. `allow` has vulnerabilities accepted for a time."""

    severity: VulnerabilitySeverity | None = None
    fixable_only: bool | None = None
    require_scan: bool | None = None
    allow: tuple[AllowedVulnerability, ...] = ()


@dataclass(frozen=True, slots=True)
class RepositorySettings:
    """Addresses that mean the two repositories, besides the origins of their clones."""

    config: frozenset[Remote] = frozenset()
    kubeaid: frozenset[Remote] = frozenset()


class Profile(StrEnum):
    """The rules that `check` reports: those about what is broken, or also those about posture."""

    BASELINE = "baseline"
    STRICT = "strict"


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """Settings for `check`; None or empty means not set.

    `severity` has severities by id of a rule. `registries` and `repositories` are the allowed ones: an image may come
    from a registry or from a path below it, and each of the two given repositories is always allowed.
    `backup_exempt` has globs of namespaces, or of ``namespace/Kind/name``, whose data may be lost.
    """

    profile: Profile | None = None
    severity: Mapping[str, Severity] = field(default_factory=dict)
    registries: tuple[str, ...] = ()
    repositories: tuple[Remote, ...] = ()
    backup_exempt: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """The content of a settings file; None or empty means not set.

    `charts` has policies by chart name or glob, `clusters` settings by cluster name.
    """

    kubeaid: str | None = None
    kubeaid_ref: str | None = None
    jobs: int | None = None
    fail_on: FailOn | None = None
    engine: str | None = None
    kubernetes_version: Version | None = None
    api_versions: tuple[str, ...] = ()
    suppress: tuple[Suppression, ...] = ()
    publish: PublishOptions = field(default_factory=PublishOptions)
    upstreams: UpstreamSettings = field(default_factory=UpstreamSettings)
    charts: Mapping[str, ChartPolicy] = field(default_factory=dict)
    clusters: Mapping[str, ClusterSettings] = field(default_factory=dict)
    repositories: RepositorySettings = field(default_factory=RepositorySettings)
    check: CheckSettings = field(default_factory=CheckSettings)
    images: ImageSettings = field(default_factory=ImageSettings)
    waves: tuple[WaveSettings, ...] = ()
    scan: ScanSettings = field(default_factory=ScanSettings)

    @property
    def kubernetes_versions(self) -> tuple[Version, ...]:
        """The versions of Kubernetes that clusters run, as far as they are named; each once, the oldest first."""
        own = [one.kubernetes_version for one in self.clusters.values()]
        return tuple(sorted({one for one in (self.kubernetes_version, *own) if one is not None}))

    @property
    def helm_versions(self) -> tuple[Version, ...]:
        """Return the versions of Helm that are set for clusters; each once, the oldest first."""
        return tuple(sorted({one.helm for one in self.clusters.values() if one.helm is not None}))

    def merge(self, other: "Settings") -> "Settings":
        """Return these settings, completed by the other's; the suppressions of both."""
        return replace(
            _filled(self, other),
            suppress=(*self.suppress, *other.suppress),
            publish=self.publish.completed_by(other.publish),
            upstreams=_filled(self.upstreams, other.upstreams),
            images=_filled(self.images, other.images),
            scan=replace(_filled(self.scan, other.scan), allow=(*self.scan.allow, *other.scan.allow)),
            charts={**other.charts, **self.charts},
            clusters={**other.clusters, **self.clusters},
            repositories=RepositorySettings(
                self.repositories.config | other.repositories.config,
                self.repositories.kubeaid | other.repositories.kubeaid,
            ),
            check=replace(_filled(self.check, other.check), severity={**other.check.severity, **self.check.severity}),
        )


_Group = TypeVar("_Group", Settings, UpstreamSettings, CheckSettings, ImageSettings, ScanSettings)

_SUPPRESSION: Mapping[str, Reader] = {
    "rule": matching(r"[a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9]+(-[a-z0-9]+)*)?", "a rule such as build/stale"),
    "subject": text,
    "path": text,
    "reason": text,
    "until": day,
}

_ALLOWED: Mapping[str, Reader] = {
    "id": text,
    "image": text,
    "package": text,
    "reason": text,
    "until": day,
}

_SCAN: Mapping[str, Reader] = {
    "severity": member(VulnerabilitySeverity),
    "fixable-only": flag,
    "require-scan": flag,
    "allow": many(with_line(table(_ALLOWED, dict, required=("id", "reason", "until")), AllowedVulnerability)),
}

_PUBLISH: Mapping[str, Reader] = {
    "forge": one_of("auto", "github", "gitlab", "gitea", "none"),
    "forge-url": matching(r"https?://\S+", "an address such as https://git.example.com/api/v1"),
    "base": text,
    "per-cluster": flag,
    "title": text,
    "reviewers": many(text),
    "team-reviewers": many(text),
    "assignees": many(text),
    "labels": many(text),
    "milestone": text,
    "draft": flag,
    "auto-merge": flag,
    "author": matching(r"[^<>\n]*[^<>\s] <[^<>\s@]+@[^<>\s@]+>", "an author such as Name <name@example.com>"),
    "sign": one_of("ssh", "gpg"),
    "sign-off": flag,
    "commit-via": member(CommitVia),
    "on-foreign-commits": member(OnForeignCommits),
    "ca-bundle": text,
}

_UPSTREAMS: Mapping[str, Reader] = {
    "allow": many(text),
    "plain-http": many(text),
    "mirrors": named(matching(r"(https?|oci)://\S+", "an address such as https://charts.example.com")),
    "ca-bundle": text,
}

_CHART: Mapping[str, Reader] = {
    "pin": version,
    "ignore": many(versions),
    "allow": member(Step),
    "prereleases": flag,
    "minimum-age": duration,
    "group": text,
}

_CLUSTER: Mapping[str, Reader] = {
    "kubernetes-version": version,
    "api-versions": many(text),
    "helm": helm_version,
}

_REPOSITORIES: Mapping[str, Reader] = {
    "config": addresses,
    "kubeaid": addresses,
}

_CHECK: Mapping[str, Reader] = {
    "profile": member(Profile),
    "severity": named(member(Severity)),
    "registries": many(text),
    "backup-exempt": many(text),
    "repositories": many(address),
}

_KIND = matching(r"[a-z0-9.-]+/[A-Za-z0-9]+", "a kind such as postgresql.cnpg.io/Cluster")

_IMAGE_FIELDS: Mapping[str, Reader] = {
    "kind": _KIND,
    "paths": many(text),
}

_DECLARED_IMAGES: Mapping[str, Reader] = {
    "kind": _KIND,
    "app": text,
    "images": many(matching(r"[A-Za-z0-9][\w./:@-]+", "an image such as quay.io/example/web:1.2")),
    "reason": text,
}

_IMAGES: Mapping[str, Reader] = {
    "fields": many(table(_IMAGE_FIELDS, ImageFields, required=("kind", "paths"))),
    "declared": many(table(_DECLARED_IMAGES, DeclaredImages, required=("images", "reason"))),
    "mirror": matching(r"[A-Za-z0-9][\w.:/-]+", "a registry such as registry.example.com/mirror"),
}

_WAVE: Mapping[str, Reader] = {
    "name": text,
    "clusters": many(text),
    "soak": duration,
}

_SETTINGS: Mapping[str, Reader] = {
    "kubeaid": text,
    "kubeaid-ref": text,
    "jobs": count,
    "fail-on": member(FailOn),
    "engine": one_of("rjsonnet", "gojsonnet", "jsonnet"),
    "kubernetes-version": version,
    "api-versions": many(text),
    "suppress": many(with_line(table(_SUPPRESSION, dict, required=("rule", "subject", "reason")), Suppression)),
    "publish": table(_PUBLISH, PublishOptions),
    "upstreams": table(_UPSTREAMS, UpstreamSettings),
    "charts": named(table(_CHART, ChartPolicy)),
    "clusters": named(table(_CLUSTER, ClusterSettings)),
    "repositories": table(_REPOSITORIES, RepositorySettings),
    "waves": many(table(_WAVE, WaveSettings, required=("name", "clusters"))),
    "check": table(_CHECK, CheckSettings),
    "images": table(_IMAGES, ImageSettings),
    "scan": table(_SCAN, ScanSettings),
}


def parse(text: str, *, where: str) -> Settings:
    """Read the text of a settings file; `where` is its name in messages.

    Raises `UserError` naming file, line and key, and the nearest right key, where it cannot be read.
    """
    return table(_SETTINGS, Settings)(Node(text, where, documents.load(text, where=where)))


def _filled(first: _Group, second: _Group) -> _Group:
    """Return the first, with the fields of the second where the first has nothing."""
    unset = [each.name for each in fields(first) if getattr(first, each.name) in (None, (), {})]
    return replace(first, **{name: getattr(second, name) for name in unset})
