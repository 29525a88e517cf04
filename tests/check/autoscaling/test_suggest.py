"""The values that `check --suggest autoscaling` writes."""

from pathlib import Path
from typing import Any

import pytest

import kubeaid_ci
from kubeaid_ci import documents
from tests.renders import World

GROUPS = [{"name": "workers", "minSize": 0, "maxSize": 5}]


def suggestions(folder: Path, cloud: dict[str, Any]) -> list[tuple[str, str]]:
    world = World(folder)
    world.chart("web")
    settings = {"cluster": {"name": "prod", "type": "workload", "k8sVersion": "v1.34.6"}, "cloud": cloud}
    world.cluster("one", {"./kubeaid-cli.general.yaml": documents.dump(settings)})
    world.commit("1.0.0")
    checks = kubeaid_ci.check_clusters(world.config, world.kubeaid, suggest="autoscaling", cache=folder / "cache")
    return [(one.path, one.text) for one in checks.suggestions]


def values(folder: Path, cloud: dict[str, Any]) -> tuple[dict[str, Any], str]:
    ((path, text),) = suggestions(folder, cloud)
    assert path == "k8s/one/argocd-apps/values-cluster-autoscaler.yaml"
    found = documents.load(text, where=path)
    assert found["cluster-autoscaler"]["image"] == {"tag": "v1.34.0"}
    return found, text


@pytest.mark.parametrize(("provider", "switch"), [("aws", "aws"), ("azure", "azure")])
def test_nodes_of_cluster_api_are_scaled_by_it(tmp_path, provider, switch):
    found, text = values(tmp_path, {provider: {"nodeGroups": GROUPS}})
    chart = found["cluster-autoscaler"]
    assert chart["cloudProvider"] == "clusterapi"
    assert chart["autoDiscovery"] == {"clusterName": "prod", "namespace": "capi-cluster"}
    assert found["clusterAPIScaleFromZeroSupport"] == {"enabled": True, switch: True}
    assert "# Group workers: 0 to 5 nodes." in text


def test_hetzner_has_groups_by_machine(tmp_path):
    found, text = values(tmp_path, {"hetzner": {"nodeGroups": {"hcloud": GROUPS}}})
    assert found["clusterAPIScaleFromZeroSupport"] == {"enabled": True, "hcloud": True}
    assert "# Group workers: 0 to 5 nodes." in text


def test_eks_finds_groups_by_tags(tmp_path):
    found, text = values(tmp_path, {"aws": {"eks": True, "region": "eu-central-1", "nodeGroups": GROUPS}})
    chart = found["cluster-autoscaler"]
    assert (chart["cloudProvider"], chart["awsRegion"]) == ("aws", "eu-central-1")
    assert chart["autoDiscovery"] == {"clusterName": "prod"}
    assert "k8s.io/cluster-autoscaler/prod" in text


def test_aks_finds_scale_sets(tmp_path):
    cloud = {"aks": True, "subscriptionID": "s-1", "tenantID": "t-1", "nodeGroups": GROUPS}
    found, text = values(tmp_path, {"azure": cloud})
    chart = found["cluster-autoscaler"]
    assert (chart["cloudProvider"], chart["azureVMType"]) == ("azure", "vmss")
    assert (chart["azureSubscriptionID"], chart["azureTenantID"]) == ("s-1", "t-1")
    assert "AKS scales agent pools with minSize and maxSize itself." in text


def test_gke_has_prefixes_of_instance_groups(tmp_path):
    found, _ = values(tmp_path, {"gcp": {"nodeGroups": GROUPS}})
    chart = found["cluster-autoscaler"]
    assert chart["cloudProvider"] == "gce"
    assert chart["autoscalingGroupsnamePrefix"] == [{"name": "gke-prod-workers", "minSize": 0, "maxSize": 5}]


def test_missing_sizes_are_named(tmp_path):
    _, text = values(tmp_path, {"aws": {"nodeGroups": [{"name": "workers", "minSize": "many"}]}})
    assert "# Group workers: set minSize and maxSize in cloud.aws.nodeGroups." in text


def test_no_groups_are_named(tmp_path):
    _, text = values(tmp_path, {"aws": {"nodeGroups": None}})
    assert "# cloud.aws.nodeGroups is empty" in text


@pytest.mark.parametrize("cloud", [{"local": {}}, {"bare-metal": {}}, {}, {"aws": {}, "azure": {}}, []])
def test_other_clusters_have_no_nodes_to_scale(tmp_path, cloud):
    assert suggestions(tmp_path, cloud) == []


def test_a_name_does_not_leave_its_comment(tmp_path):
    group = {"name": "workers\ninjected: true", "minSize": 1, "maxSize": 2}
    found, _ = values(tmp_path, {"aws": {"nodeGroups": [group]}})
    assert "injected" not in found
