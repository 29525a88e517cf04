"""Every rule by its id. A rule's help says in two sentences why it matters and what to do."""

from collections.abc import Mapping

from kubeaid_ci.checks import change_rules, cluster_rules, doctor_rules, gitops_rules, not_compared_rules
from kubeaid_ci.checks.chart_rules import CHART_RULES
from kubeaid_ci.model.finding import Rule, Severity

VARS_INVALID = Rule(
    "build/vars-invalid",
    Severity.ERROR,
    "A vars file that does not evaluate, or sets what the template does not know, leaves the cluster without "
    "the monitoring it asks for. Correct the line that the message names.",
)
LIBRARY_MISSING = Rule(
    "build/library-missing",
    Severity.ERROR,
    "The cluster asks for a kube-prometheus release whose libraries the KubeAid repo does not hold, so "
    "nothing can be built for it. Set kube_prometheus_version to a release that is there, or install the "
    "libraries of this one.",
)
STALE = Rule(
    "build/stale",
    Severity.ERROR,
    "The committed manifests are not what the cluster's vars give, so what Argo CD applies is not what was "
    "asked for. Build the cluster and commit the result; a change made by hand belongs into the vars file.",
)
PINNED_REVISION_MISSING = Rule(
    "build/pinned-revision-missing",
    Severity.ERROR,
    "The KubeAid revision that the cluster pins cannot be found, so its manifests cannot be built as Argo CD "
    "would. Fetch the repository's tags and branches, or set targetRevision to a revision that exists.",
)
ENGINES_DIFFER = Rule(
    "build/engines-differ",
    Severity.WARNING,
    "Two jsonnet engines give different manifests for the same input, so the result depends on who builds. "
    "Look at the named manifest, and avoid what the engines disagree on, such as numbers turned to text.",
)
RENDER_UNSTABLE = Rule(
    "chart/render-unstable",
    Severity.WARNING,
    "The chart gives other objects, or objects of another shape, each time it is rendered, so no comparison of "
    "it can be trusted and Argo CD never finds it in sync. Set the value that the chart makes up.",
)
VALUES_UNKNOWN = Rule(
    "chart/values-unknown",
    Severity.WARNING,
    "A key that the chart neither has a default for nor names in a template does nothing: a typo, or one that "
    "a newer version of the chart dropped. Correct or remove it.",
)
VALUES_REPEATED = Rule(
    "chart/values-repeated",
    Severity.WARNING,
    "Of a key that is given twice Helm takes the last without a word, so a setting is lost. Merge the two.",
)
HELM_VERSION_UNKNOWN = Rule(
    "chart/helm-version-unknown",
    Severity.INFO,
    "Versions of Helm treat nulls in values differently, so Argo CD may render the named cluster's charts in another "
    "way. Set clusters.<name>.helm to the version that helm has in the repo server of its cluster.",
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
    "Settings are read from .kubeaid-ci.yaml only, so what this file says has no effect. Rename the file.",
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

RULES: Mapping[str, Rule] = {
    rule.id: rule
    for rule in (
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
        SUPPRESSION_UNUSED,
        SUPPRESSION_EXPIRED,
        *cluster_rules.RULES,
        *CHART_RULES,
        *change_rules.RULES,
        *not_compared_rules.RULES,
        *gitops_rules.RULES,
        *doctor_rules.RULES.values(),
    )
}
