"""The issue about clusters with errors."""

from kubeaid_ci.check import report
from kubeaid_ci.publishing.issue import IssueTopic

CLUSTERS = IssueTopic("check", report.alarm, "Closed by kubeaid-ci: no cluster has errors.")
