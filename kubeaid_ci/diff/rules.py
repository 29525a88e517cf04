"""The rules of the family ``change/`` for what cannot be compared: it stops working, comes, goes or is not known."""

from kubeaid_ci.findings.finding import Rule, Severity

CHART_GONE = Rule(
    "change/chart-gone",
    Severity.ERROR,
    "Argo CD can no longer sync an Application whose chart is missing: its objects stay without updates. Use the "
    "chart's successor, or remove the Application.",
)
VALUES_REFUSED = Rule(
    "change/values-refused",
    Severity.ERROR,
    "The schema of the newer chart rejects the values, so Argo CD cannot sync the Application. Correct the named "
    "line before the change reaches the cluster.",
)
LIBRARY_GONE = Rule(
    "change/library-gone",
    Severity.ERROR,
    "The cluster's kube-prometheus release is no longer vendored after the change, so its monitoring can no "
    "longer be built. Set kube_prometheus_version to an available release.",
)
RENDER_BROKEN = Rule(
    "change/render-broken",
    Severity.ERROR,
    "This rendered before and fails after the change, so Argo CD cannot sync it. Correct the template or the "
    "values that the message names.",
)
RENDER_MENDED = Rule(
    "change/render-mended",
    Severity.INFO,
    "This failed before and renders after the change, so there is nothing to compare with. Show the objects with "
    "kubeaid-ci render.",
)
NOT_COMPARED = Rule(
    "change/not-compared",
    Severity.WARNING,
    "Not all objects of this Application are known before and after the change, so its effect on them is unknown. Fix "
    "the cause that the message names, or check the Application manually.",
)
NOT_FOLLOWED = Rule(
    "change/not-followed",
    Severity.WARNING,
    "Argo CD reads these files from another revision than the one that changes, so the change has no effect until"
    " it reaches that revision. If the change goes to that branch, name it with --base.",
)
SOURCE_HOST_NEW = Rule(
    "change/source-host-new",
    Severity.ERROR,
    "Whoever runs that host decides what Argo CD applies to the cluster, and the manifests are not known here. Check "
    "that the host is trusted, or take the manifests from a repository that the cluster uses already.",
)
CLUSTER_ADDED = Rule(
    "change/cluster-added",
    Severity.INFO,
    "The cluster is new, so its objects are not listed. Show them with kubeaid-ci render.",
)
CLUSTER_REMOVED = Rule(
    "change/cluster-removed",
    Severity.ERROR,
    "Argo CD on that cluster loses its root Application: nothing is deleted, but nothing is synced either. "
    "Decommission the cluster first, or keep the folder.",
)
CHART_ADDED = Rule(
    "change/chart-added",
    Severity.INFO,
    "The chart is new, so its objects are not listed. Show them with kubeaid-ci charts render.",
)

RULES = (
    CHART_GONE,
    VALUES_REFUSED,
    LIBRARY_GONE,
    RENDER_BROKEN,
    RENDER_MENDED,
    NOT_COMPARED,
    NOT_FOLLOWED,
    SOURCE_HOST_NEW,
    CLUSTER_ADDED,
    CLUSTER_REMOVED,
    CHART_ADDED,
)
