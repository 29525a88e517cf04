"""On a real KubeAid checkout (`KUBEAID_CHECKOUT`): exactly the defects that are known of one commit, and no others."""

import os
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from kubeaid_ci import list_charts, verify_charts
from kubeaid_ci.git.repository import Repository
from tests import repos

pytestmark = pytest.mark.real
COMMIT = "5f50b3d3374480006dc9754a8f458d8dade98df4"
MISSING = {"buzz", "funkwhale", "lemmy", "odoo", "open-xchange", "peertube", "twenty"}
STALE = {
    "calcom", "ciso-assistant", "gitea-runner", "mattermost-operator", "netbird", "odoo", "oncall", "opendesk-coturn",
    "openvox", "gitea-runner/act-runner", "open-xchange/appsuite", "step-ca/autocert",
}  # fmt: skip
MISMATCHED = {"opsbridge/opsbridge", "crossplane-compositions/azure", "step-ca/autocert/step-certificates"}
UNDECLARED = {
    "argo-cd/kubeaid-addons", "goalerts/kubeaid-addons", "graylog/kubeaid-addons", "oncall/kubeaid-addons",
    "prometheus-linuxaid/kubeaid-addons", "cert-manager/network-policies", "ciso-assistant/ciso-assistant-next",
    "gitea-runner/act-runner", "kubeaid-addons/mongodb", "kubeaid-addons/network-policies", "mail/mail",
    "mastodon/mastodon", "opendesk-coturn/coturn", "openvox/puppetserver", "pixelfed/pixelfed", "relate/relate",
}  # fmt: skip


@pytest.fixture(scope="module")
def kubeaid(tmp_path_factory) -> Path:
    """A clone at the commit."""
    checkout = Path(os.environ["KUBEAID_CHECKOUT"])
    if Repository(checkout).commit(COMMIT) is None:
        pytest.fail(f"{checkout}: lacks {COMMIT}; fetch it")
    folder = tmp_path_factory.mktemp("real") / "kubeaid"
    repos.git(checkout, "clone", "--quiet", "--shared", "--no-checkout", str(checkout), str(folder))
    repos.git(folder, "checkout", "--quiet", "--detach", COMMIT)
    return folder


def test_structure_findings_are_exactly_the_known_ones(kubeaid):
    found = verify_charts(kubeaid, ref=COMMIT, cache=False).findings
    assert Counter((one.rule.id, one.severity.value) for one in found) == {
        ("chart/subchart-missing", "error"): 5,
        ("chart/subchart-missing", "warning"): 2,
        ("chart/subchart-missing", "info"): 8,
        ("chart/subchart-undeclared", "error"): 16,
        ("chart/version-mismatch", "error"): 2,
        ("chart/version-mismatch", "info"): 1,
        ("chart/lock-out-of-date", "warning"): 9,
        ("chart/lock-out-of-date", "info"): 3,
        ("chart/deprecated", "warning"): 3,
        ("chart/not-in-ledger", "warning"): 1,
    }

    def subjects(rule, severity):
        return {one.subject for one in found if one.rule.id == f"chart/{rule}" and one.severity == severity}

    missing = subjects("subchart-missing", "error") | subjects("subchart-missing", "warning")
    assert {subject.partition("/")[0] for subject in missing} == MISSING
    assert subjects("lock-out-of-date", "warning") | subjects("lock-out-of-date", "info") == STALE
    assert subjects("version-mismatch", "error") | subjects("version-mismatch", "info") == MISMATCHED
    assert subjects("subchart-undeclared", "error") == UNDECLARED
    assert subjects("deprecated", "warning") == {
        "dokuwiki/dokuwiki",
        "loki-stack/loki-stack",
        "loki-stack/loki-stack/fluent-bit",
    }


def test_the_list_has_every_chart_and_dependency(kubeaid):
    lines = list_charts(kubeaid, ref=COMMIT, cache=False).lines
    assert len({line.chart for line in lines}) == 124
    assert Counter(line.kind for line in lines if line.state not in ("undeclared", "")) == {
        "http": 101,
        "file": 29,
        "oci": 7,
        "none": 2,
    }


def test_a_recorded_repository_is_silent_until_one_byte_changes(kubeaid):
    verify_charts(kubeaid, update_ledger=True, today=date(2026, 1, 2), cache=False)
    found = verify_charts(kubeaid, cache=False)
    assert Counter(result.status.value for result in found.results) == {"identical": 112, "local": 17}
    path = kubeaid / "argocd-helm-charts/cert-manager/charts/cert-manager/values.yaml"
    path.write_bytes(path.read_bytes() + b"\n")
    changed = verify_charts(kubeaid, cache=False)
    assert [result.subchart for result in changed.results if result.status == "different"] == ["cert-manager"]
    assert len(changed.findings) == len(found.findings) + 1
