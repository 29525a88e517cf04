"""The templates about vendored charts, run by `gitlab-ci-local` against a played GitLab and a chart repository."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import repos, umbrellas, updates
from tests.gitlab.site import JOB_TOKEN, Checkout, Site
from tests.gitlab.test_runs import assert_no_token, component, local
from tests.servers.charts import Charts
from tests.servers.git import git

VENDORED = "argocd-helm-charts/web/charts/web"
EVIL = {f"{VENDORED}/templates/evil.yaml": "kind: Pod\n"}


@pytest.fixture
def charts() -> Iterator[Charts]:
    served = Charts()
    with served.server:
        yield served


@pytest.fixture
def kubeaid(config: Checkout, charts: Charts, tmp_path: Path) -> Checkout:
    """A KubeAid repo with vendored charts. It is the project whose issues and merge requests the forge keeps."""
    root = umbrellas.served(tmp_path / "vendored", charts)
    config.pipeline(component("verify-charts", {"package": ""}))
    config.write({path: data.decode() for path, data in repos.snapshot(root).items()})
    git(config.folder, "commit", "-qm", "vendor web")
    return config


@pytest.mark.parametrize("kind", ["detached", "merged_result"])
def test_a_merge_request_is_compared_with_the_ledger_and_asks_nobody(
    site: Site, kubeaid: Checkout, charts: Charts, kind: str
) -> None:
    kubeaid.settings = {"CI_JOB_TOKEN": JOB_TOKEN}
    base = git(kubeaid.folder, "rev-parse", "HEAD")
    ledger = re.sub("tree: .{40}", f"tree: {'a' * 40}", (kubeaid.folder / "charts.ledger.yaml").read_text())
    kubeaid.write(EVIL | {"charts.ledger.yaml": ledger})
    git(kubeaid.folder, "commit", "-qm", "a change")
    known = {"CI_MERGE_REQUEST_EVENT_TYPE": kind}
    if kind == "detached":
        known["CI_MERGE_REQUEST_DIFF_BASE_SHA"] = base
    done = kubeaid.run(source="merge_request_event", **known)
    assert (done.code, done.jobs()) == (1, {"kubeaid-ci-verify": "FAIL"}), done.output
    quality = json.loads(done.artifact("kubeaid-ci-verify", "kubeaid-ci-reports/codequality.json"))
    assert {one["location"]["path"] for one in quality} == {VENDORED, "charts.ledger.yaml"}
    assert "<failure" in done.artifact("kubeaid-ci-verify", "kubeaid-ci-reports/junit.xml")
    assert charts.seen == []
    assert not [path for _, path, _ in site.server.seen if path.startswith("/api/")]


def test_an_alarm_at_night_fails_the_job_and_keeps_one_issue_until_the_charts_are_clean(
    site: Site, kubeaid: Checkout
) -> None:
    kubeaid.write(EVIL)
    done = kubeaid.run(source="schedule")
    assert (done.code, done.jobs()) == (1, {"kubeaid-ci-nightly": "FAIL"}), done.output
    (issue,) = site.open_tickets()
    assert issue.title == "Vendored charts: web/web"
    assert "verify-charts.html" in str(done.artifacts("kubeaid-ci-nightly"))
    (kubeaid.folder / next(iter(EVIL))).unlink()
    assert kubeaid.run(source="schedule").jobs() == {"kubeaid-ci-nightly": "PASS"}
    assert site.open_tickets() == []
    assert_no_token(done, kubeaid.folder)


def test_without_an_issue_no_token_is_needed(site: Site, kubeaid: Checkout) -> None:
    kubeaid.settings = {"CI_JOB_TOKEN": JOB_TOKEN}
    kubeaid.pipeline(local(kubeaid, "verify-charts", {"package": "", "issue": "false"}))
    assert kubeaid.run(source="schedule").jobs() == {"kubeaid-ci-nightly": "PASS"}
    assert site.server.writes() == []


def test_newer_releases_are_offered_as_merge_requests(
    site: Site, config: Checkout, charts: Charts, tmp_path: Path
) -> None:
    updates.publish(charts, "web", "1.0.0")
    root = updates.umbrella(tmp_path / "vendored", charts, "web")
    updates.publish(charts, "web", "1.1.0", {"values.yaml": "replicas: 2\n"}, created="2026-03-01")
    site.repo.commit("main", {path: data.decode() for path, data in repos.snapshot(root).items()}, "vendor web")
    config.pipeline(component("update-charts", {"package": "", "labels": "ci"}))
    done = config.run(source="schedule")
    assert (done.code, done.jobs()) == (0, {"kubeaid-ci-update": "PASS"}), done.output
    (change,) = site.open_changes("kubeaid-ci/charts/web")
    assert change.title == "chore(minor update): Updated web from version 1.0.0 to 1.1.0"
    assert {"charts", "update-minor", "ci"} <= set(change.labels)
    assert "OUTCOME=created" in done.artifact("kubeaid-ci-update", "kubeaid-ci-reports/outputs.env")
    assert [path for path in done.artifacts("kubeaid-ci-update") if path.endswith(".patch")]
    assert_no_token(done, config.folder)
