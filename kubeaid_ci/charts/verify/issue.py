"""The issue about vendored charts that are not what was reviewed or published."""

from kubeaid_ci.charts.verify.verdict import ChartStatus
from kubeaid_ci.publishing.issue import IssueTopic

CHARTS = IssueTopic(
    "charts-verify",
    "Vendored charts",
    "The nightly comparison of vendored charts with what was reviewed and published found what must not be synced "
    "before\nsomebody has looked at it. This text is kept up to date, and the issue is closed when nothing is left of "
    "it.\n",
    "Closed by kubeaid-ci: every vendored chart is what was reviewed and published.",
    unknown=ChartStatus.UNVERIFIABLE.value,
)
