"""On real repositories: every cluster at what it pins, and whatever fails is the input's own fault."""

import os
from pathlib import Path

import pytest

import kubeaid_ci
from kubeaid_ci.render.rendering import RenderStatus
from tests import repos

pytestmark = pytest.mark.real


def test_every_cluster_of_the_public_config_repo_renders(tmp_path):
    made = kubeaid_ci.render_clusters(
        os.environ["KUBEAID_CONFIG_CHECKOUT"], os.environ["KUBEAID_CHECKOUT"], kubeaid_ref="pinned", cache=tmp_path
    )
    failed = {f"{one.cluster}/{one.app}": one.error for one in made.apps if one.status is not RenderStatus.RENDERED}
    assert sorted(failed) == ["capi-staging/cluster-api", "mytestcluster5/kubeaid-agent", "test.cluster.com/whoami"]
    assert len(made.apps) == 65


def test_charts_that_need_values_say_so_and_all_others_render(tmp_path):
    checkout = Path(os.environ["KUBEAID_CHECKOUT"])
    made = kubeaid_ci.render_charts(checkout, ref="31.1.1", cache=tmp_path)
    assert len(made.apps) == len(repos.git(checkout, "ls-tree", "31.1.1", "argocd-helm-charts/").splitlines())
    assert {one.rule.id for one in made.findings if one.severity == "error"} == {
        "chart/render-failed",
        "chart/subchart-missing",
    }
