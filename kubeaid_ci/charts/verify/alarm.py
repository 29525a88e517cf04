"""The issue about vendored charts that are not what was reviewed or published."""

from kubeaid_ci.charts import report
from kubeaid_ci.charts.verify.verdict import ChartStatus
from kubeaid_ci.publishing.issue import IssueTopic

CHARTS = IssueTopic(
    "charts-verify",
    report.alarm,
    "Closed by kubeaid-ci: every vendored chart is what was reviewed and published.",
    unknown=ChartStatus.UNVERIFIABLE.value,
)
