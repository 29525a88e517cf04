"""Every rule by its id. A rule's help has two sentences: why it matters and what to do."""

import difflib
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import import_module

from kubeaid_ci.build import objects
from kubeaid_ci.bundle import rules as bundle_rules
from kubeaid_ci.charts.rules import CHART_RULES
from kubeaid_ci.checkup import rules as doctor_rules
from kubeaid_ci.config_repo import rules as cluster_rules
from kubeaid_ci.dangers import rules as change_rules
from kubeaid_ci.diff import rules as not_compared_rules
from kubeaid_ci.findings.finding import Rule, Severity
from kubeaid_ci.images import rules as image_rules
from kubeaid_ci.publishing import rules as publish
from kubeaid_ci.render import rules as gitops_rules
from kubeaid_ci.scan import rules as scan_rules
from kubeaid_ci.upgrade import rules as upgrade_rules

VARS_INVALID = Rule(
    "build/vars-invalid",
    Severity.ERROR,
    "The vars file does not evaluate or sets a key that the template does not know, so the cluster lacks the "
    "monitoring it asks for. Correct the line that the message names.",
)
LIBRARY_MISSING = Rule(
    "build/library-missing",
    Severity.ERROR,
    "The cluster needs a kube-prometheus release that is not vendored in KubeAid, so its manifests cannot be "
    "built. Set kube_prometheus_version to an available release, or vendor this one.",
)
STALE = Rule(
    "build/stale",
    Severity.ERROR,
    "The committed manifests are not what the cluster's vars produce, so Argo CD is applying outdated manifests. "
    "Build the cluster and commit the result; make manual changes in the vars file instead.",
)
PINNED_REVISION_MISSING = Rule(
    "build/pinned-revision-missing",
    Severity.ERROR,
    "The KubeAid revision that the cluster pins cannot be found, so its manifests cannot be built from the files "
    "that Argo CD uses. Fetch the repository's tags and branches, or set targetRevision to a revision that "
    "exists.",
)
ENGINES_DIFFER = Rule(
    "build/engines-differ",
    Severity.WARNING,
    "Two jsonnet engines produce different manifests from the same input, so the result depends on the engine. "
    "Look at the named manifest, and avoid what the engines evaluate differently, such as numbers converted to "
    "text.",
)
RENDER_UNSTABLE = Rule(
    "chart/render-unstable",
    Severity.WARNING,
    "The chart renders differently every time, so it cannot be compared reliably and Argo CD never reports it as "
    "in sync. Set the value that the chart generates.",
)
VALUES_UNKNOWN = Rule(
    "chart/values-unknown",
    Severity.WARNING,
    "The chart has no default for this key and uses it in no template, so the key has no effect: it is a typo, or"
    " the chart dropped it. Correct or remove it.",
)
VALUES_REPEATED = Rule(
    "chart/values-repeated",
    Severity.WARNING,
    "Helm silently uses the last of two equal keys, so a setting is lost. Merge the two.",
)
HELM_VERSION_UNKNOWN = Rule(
    "chart/helm-version-unknown",
    Severity.INFO,
    "Versions of Helm treat nulls in values differently, so Argo CD may render the charts of the named cluster "
    "differently. Set clusters.<name>.helm to the version of helm in the repo server of that cluster.",
)
SETTINGS_WEAKENED = Rule(
    "settings/weakened",
    Severity.ERROR,
    "The change loosens a rule by which it is judged, so it takes effect only after the merge. Check that this is "
    "wanted, have an owner of the settings approve it, and merge it on its own.",
)
SETTINGS_MISNAMED = Rule(
    "settings/file-misnamed",
    Severity.WARNING,
    "Settings are read only from .kubeaid-ci.yaml, so this file has no effect. Rename the file.",
)
SETTINGS_CLUSTER_UNKNOWN = Rule(
    "settings/cluster-unknown",
    Severity.WARNING,
    "Settings of a cluster that does not exist have no effect. Correct the name to that of a folder or a cluster in "
    "k8s/, or remove the settings.",
)
SUPPRESSION_UNUSED = Rule(
    "suppression-unused",
    Severity.INFO,
    "A suppression that silences nothing today may silence something new tomorrow. Remove it, or correct its "
    "rule, subject and path.",
)
SUPPRESSION_EXPIRED = Rule(
    "suppression-expired",
    Severity.WARNING,
    "The date until which this suppression was meant to hold has passed, so it silences nothing any more. "
    "Fix what it silenced, or look at the reason again and set a new date.",
)


class _Registry(Mapping[str, Rule]):
    """Rules by id. Those of `kubeaid_ci.check` are imported only when no other rule has the id, or all are listed."""

    def __init__(self, *own: Rule) -> None:
        self._own = {rule.id: rule for rule in own}

    @cached_property
    def _all(self) -> Mapping[str, Rule]:
        # By name, because this package is below that one. Other commands start without it.
        return {**import_module("kubeaid_ci.check.families").rules(), **self._own}

    def __getitem__(self, name: str) -> Rule:
        return self._own[name] if name in self._own else self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


RULES: Mapping[str, Rule] = _Registry(
    VARS_INVALID,
    LIBRARY_MISSING,
    STALE,
    ENGINES_DIFFER,
    PINNED_REVISION_MISSING,
    RENDER_UNSTABLE,
    VALUES_REPEATED,
    HELM_VERSION_UNKNOWN,
    VALUES_UNKNOWN,
    SETTINGS_WEAKENED,
    SETTINGS_MISNAMED,
    SETTINGS_CLUSTER_UNKNOWN,
    SUPPRESSION_UNUSED,
    SUPPRESSION_EXPIRED,
    *cluster_rules.RULES,
    *CHART_RULES,
    *change_rules.RULES,
    *not_compared_rules.RULES,
    *gitops_rules.RULES,
    *image_rules.RULES,
    *doctor_rules.RULES.values(),
    *objects.RULES,
    *publish.RULES,
    *bundle_rules.RULES,
    *scan_rules.RULES,
    *upgrade_rules.RULES,
)


def unknown(rule: str) -> str | None:
    """Return what is wrong with the id of a rule, with the nearest ones; None if there is such a rule."""
    if rule in RULES:
        return None
    near = difflib.get_close_matches(rule, sorted(RULES), 2)
    return f"no such rule: {rule}" + (f"; did you mean {' or '.join(near)}?" if near else "")
