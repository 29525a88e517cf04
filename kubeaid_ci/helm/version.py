"""Versions of Helm: how they differ in what they make of the same chart, and which one an Argo CD runs.

Sources: the tags of https://github.com/helm/helm, and ``hack/tool-versions.sh`` in those of
https://github.com/argoproj/argo-cd. Tests compare each with real helm programs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from kubeaid_ci.semver.version import Version


@dataclass(frozen=True, slots=True)
class HelmRules:
    """A difference between versions of Helm, from version `since` on."""

    since: str
    shares_nested: bool = False
    """Aliases of one chart share the charts in it, so those in only one of them are rendered."""
    copies_nulls: bool = False
    """A null in the values also counts as the chart's default, so it deletes nothing below it."""
    keeps_new_nulls: bool = False
    """A null for a key that has no default stays."""
    drops_default_nulls: bool = False
    """Nulls in a chart's own values.yaml are dropped, except in tables that the values set as well."""
    joins_documents: bool = False
    """All YAML documents of a values file count, not only the first; an index that is not closed is ignored."""
    loses_last_line: bool = False
    """A last line of a values file is lost if it has no line break and a multiple of 4,096 bytes (helm#32506)."""
    trims_output: bool = True
    """White space at the end of a rendered document is cut off."""
    cuts_at_lines: bool = False
    """A separator between documents takes only its own line, not the empty lines before it."""


RULES = (
    HelmRules("3.14.0", shares_nested=True),
    HelmRules("3.19.5", shares_nested=True, copies_nulls=True),
    HelmRules("3.20.1", shares_nested=True, copies_nulls=True, keeps_new_nulls=True),
    HelmRules("4.0.0", copies_nulls=True, joins_documents=True, loses_last_line=True),
    HelmRules("4.1.3", copies_nulls=True, keeps_new_nulls=True, joins_documents=True, loses_last_line=True),
    HelmRules(
        "4.2.0",
        copies_nulls=True,
        keeps_new_nulls=True,
        drops_default_nulls=True,
        joins_documents=True,
        loses_last_line=True,
        trims_output=False,
    ),
    HelmRules(
        "4.2.4",
        copies_nulls=True,
        keeps_new_nulls=True,
        drops_default_nulls=True,
        joins_documents=True,
        loses_last_line=True,
        trims_output=False,
        cuts_at_lines=True,
    ),
    HelmRules(
        "4.3.0",
        copies_nulls=True,
        keeps_new_nulls=True,
        drops_default_nulls=True,
        joins_documents=True,
        trims_output=False,
        cuts_at_lines=True,
    ),
)
"""In order of version. Helm before 3.14 is taken for 3.14."""

ENGINE = RULES[5]
"""The rules of the Helm that runs in this process (4.2.3)."""

_SHIPPED = {
    (2, 10): "3.14.4",
    (2, 11): "3.14.4",
    (2, 12): "3.15.2",
    (2, 13): "3.15.4",
    (2, 14): "3.16.3",
    (3, 0): "3.17.1",
    (3, 1): "3.18.4",
    (3, 2): "3.18.4",
    (3, 3): "3.19.4",
    (3, 4): "3.19.4",
    (3, 5): "4.2.1",
}
"""The Helm in Argo CD's image, by Argo CD's major and minor version."""

NEWEST = _SHIPPED[max(_SHIPPED)]
"""The Helm of the newest Argo CD that is known here."""


def rules_named(since: str) -> HelmRules:
    """Return the rules that hold from this version on, as in `HelmRules.since`; those of the engine for no text."""
    return next((one for one in RULES if one.since == since), ENGINE)


@lru_cache(maxsize=64)
def rules(helm: str) -> HelmRules:
    """Return the rules of a version of Helm. Raises `UserError` if the text is no version."""
    version = Version.parse(helm)
    return next((one for one in reversed(RULES) if Version.parse(one.since) <= version), RULES[0])


def shipped_with(argocd: Version) -> str | None:
    """Return the Helm in an Argo CD's image; None if that Argo CD is older or newer than those known here."""
    return _SHIPPED.get(argocd.release[:2])


def of_charts(requested: Sequence[Version], of_clusters: Sequence[Version]) -> tuple[str, ...]:
    """Return the versions of Helm for charts that no cluster renders: each once, with other rules than those before.

    They are those `requested`, else those of clusters, else the newest that an Argo CD has.
    """
    by_rules: dict[str, str] = {}
    for version in [completed(one) for one in requested or of_clusters] or [NEWEST]:
        by_rules.setdefault(rules(version).since, version)
    return tuple(by_rules.values())


def rules_name(helm: str) -> str:
    """Return the name of a version's rules as `rules_named` takes it; empty for those of the engine."""
    found = rules(helm)
    return "" if found is ENGINE else found.since


@dataclass(frozen=True, slots=True)
class ClusterHelm:
    """The Helm that renders a cluster's charts, and how it is known.

    `argocd` is the version of the cluster's Argo CD, empty if it is not known or a setting decides. `doubt` is why
    `version` is only assumed; empty if it is known.
    """

    version: str
    argocd: str = ""
    doubt: str = ""

    @classmethod
    @lru_cache(maxsize=256)
    def of(cls, setting: Version | None, argocd: str) -> "ClusterHelm":
        """Return the Helm of a setting, else that of a version of Argo CD (empty: not known), else the newest."""
        if setting is not None:
            return cls(completed(setting))
        if not argocd:
            return cls(NEWEST, doubt="the version of its Argo CD is not known")
        argocd = argocd.removeprefix("v")
        version = Version.parse(argocd)
        if shipped := shipped_with(version):
            return cls(shipped, argocd)
        known = min(_SHIPPED) if version.release[:2] < min(_SHIPPED) else max(_SHIPPED)
        doubt = f"which Helm its Argo CD {argocd} has is not known here"
        return cls(_SHIPPED[known], argocd, doubt)

    @property
    def rules(self) -> HelmRules:
        """The rules of the version."""
        return rules(self.version)

    def __str__(self) -> str:
        if self.doubt:
            return f"Helm {self.version} (assumed: {self.doubt})"
        return f"Helm {self.version} (Argo CD {self.argocd})" if self.argocd else f"Helm {self.version}"


def completed(helm: Version) -> str:
    """Return the full version for one that may lack its patch number, as in a setting.

    ``3.19`` is the 3.19 that an Argo CD ships, any other the last of its minor version.
    """
    major, minor, patch = helm.release
    if helm.text.count(".") > 1:
        return f"{major}.{minor}.{patch}"
    shipped = [known for known in _SHIPPED.values() if known.startswith(f"{major}.{minor}.")]
    return shipped[-1] if shipped else f"{major}.{minor}.99"
