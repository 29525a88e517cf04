"""The issue about clusters with errors."""

from kubeaid_ci.publishing.issue import IssueTopic

CLUSTERS = IssueTopic(
    "check",
    "Clusters with errors",
    "`kubeaid-ci check` has found errors in the clusters that this repository describes. Each run updates this issue, "
    "and a run without errors closes it.\n",
    "Closed by kubeaid-ci: no cluster has errors.",
    name=lambda subject: subject.partition("/")[0],
)
