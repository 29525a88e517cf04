"""The request of an upgrade counts the vulnerabilities that its images fix and add."""

from kubeaid_ci import Upgrades
from kubeaid_ci.diff.comparison import Comparison, ImageChange
from kubeaid_ci.scan.readers import read_reports
from kubeaid_ci.scan.update_effect import note_of
from kubeaid_ci.upgrade import announcement
from kubeaid_ci.upgrade.result import ClusterUpgrade, UpgradeStatus
from tests.scan.reports import trivy


def test_the_text_counts_what_new_images_fix_and_add() -> None:
    clusters = tuple(ClusterUpgrade(name, name, "2.0.0", UpgradeStatus.UPGRADED) for name in ("staging", "production"))
    changes = tuple(ImageChange(one.cluster, "nginx:1", "nginx:2") for one in clusters)
    made = Upgrades("2.0.0", clusters, Comparison(("staging", "production"), images=changes))
    reports = read_reports([trivy("nginx:1", ("CVE-1", "zlib", "2", "HIGH")), trivy("nginx:2")], where="test")
    text = announcement.body(made, clusters, limit=100_000, scan_note=note_of(reports))
    assert "This update fixes 1 vulnerability (1 high) and adds 0." in text
    assert "vulnerabilit" not in announcement.body(made, clusters, limit=100_000)
