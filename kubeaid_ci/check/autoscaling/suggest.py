"""Values of the chart cluster-autoscaler for the cloud of a cluster, from its general settings file.

Nodes that the platform creates by Cluster API are scaled by Cluster API, whatever the cloud. Managed control planes
(EKS, AKS, GKE) have groups of the cloud itself.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.result import Suggestion
from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.fields import mapping, mappings, text
from kubeaid_ci.render.cluster_state import ClusterState

CHART = "cluster-autoscaler"
_CLUSTER_API_NAMESPACE = "capi-cluster"
# The switch of the chart that allows reading the machine templates of a cloud.
_FROM_ZERO = {"aws": "aws", "azure": "azure", "hetzner": "hcloud"}
_GOOGLE = ("gcp", "gke", "google")

Values = dict[str, Any]


def suggest(state: ClusterState, context: CheckContext) -> Iterator[Suggestion]:
    """Yield the values file of the autoscaler, if the cluster is in a cloud whose nodes can be scaled."""
    general = state.cluster.general
    settings = _settings(context.files.text(general.path) or "", general.path)
    provider = general.provider or ""
    cloud = mapping(settings, "cloud", provider)
    if provider not in (*_FROM_ZERO, *_GOOGLE) or not isinstance(settings.get("cloud"), dict):
        return
    values, comments = _values(provider, cloud, general.name or state.cluster.name)
    if state.version_from != "default":
        release = ".".join(map(str, state.version.release[:2]))
        values[CHART]["image"] = {"tag": f"v{release}.0"}
    header = [f"Values of {CHART} for {state.cluster.name}, from {general.path}.", *comments, *_bounds(provider, cloud)]
    written = "".join(f"# {line}\n" for line in header if line.isprintable()) + documents.dump(values)
    yield Suggestion(state.cluster.label, f"{state.cluster.path}/argocd-apps/values-{CHART}.yaml", written)


def _settings(found: str, path: str) -> Mapping[str, Any]:
    try:
        settings = documents.load(found, where=path)
    except UserError:
        return {}
    return settings if isinstance(settings, dict) else {}


def _values(provider: str, cloud: Mapping[str, Any], name: str) -> tuple[Values, list[str]]:
    """Return the values for a cloud, and comments on what they need in the cloud."""
    if provider in _GOOGLE:
        return _gke(cloud, name)
    if provider == "aws" and cloud.get("eks") is True:
        return _eks(cloud, name)
    if provider == "azure" and cloud.get("aks") is True:
        return _aks(cloud, name)
    return _cluster_api(provider, name)


def _cluster_api(provider: str, name: str) -> tuple[Values, list[str]]:
    discovery = {"clusterName": name, "namespace": _CLUSTER_API_NAMESPACE}
    values = {
        "clusterAPIScaleFromZeroSupport": {"enabled": True, _FROM_ZERO[provider]: True},
        CHART: {"cloudProvider": "clusterapi", "clusterAPIMode": "incluster-incluster", "autoDiscovery": discovery},
    }
    return values, ["The sizes are those of nodeGroups in the values of capi-cluster, which annotate the groups."]


def _eks(cloud: Mapping[str, Any], name: str) -> tuple[Values, list[str]]:
    tags = ("k8s.io/cluster-autoscaler/enabled", f"k8s.io/cluster-autoscaler/{name}")
    values = {"cloudProvider": "aws", "awsRegion": text(cloud, "region"), "autoDiscovery": {"clusterName": name}}
    return {CHART: values}, [
        f"Tag each Auto Scaling group with {tags[0]} and {tags[1]}. The sizes are those of the group itself.",
        "Allow the role of the service account autoscaling:SetDesiredCapacity and the Describe actions of EC2 and EKS.",
    ]


def _aks(cloud: Mapping[str, Any], name: str) -> tuple[Values, list[str]]:
    values = {
        "cloudProvider": "azure",
        "azureVMType": "vmss",
        "azureSubscriptionID": text(cloud, "subscriptionID"),
        "azureTenantID": text(cloud, "tenantID"),
        "azureResourceGroup": text(cloud, "nodeResourceGroup") or f"MC_{name}",
        "azureUseWorkloadIdentityExtension": True,
        "autoDiscovery": {"clusterName": name},
    }
    return {CHART: values}, [
        "AKS scales agent pools with minSize and maxSize itself. Turn that off, or do not install this chart.",
        f"Tag each scale set with cluster-autoscaler-enabled=true, cluster-autoscaler-name={name}, min and max.",
        "azureResourceGroup is the resource group of the nodes, MC_<group>_<cluster>_<location>: correct it.",
    ]


def _gke(cloud: Mapping[str, Any], name: str) -> tuple[Values, list[str]]:
    groups = [
        {"name": f"gke-{name}-{text(group, 'name')}", "minSize": group.get("minSize"), "maxSize": group.get("maxSize")}
        for group in _groups(cloud)
    ]
    values = {"cloudProvider": "gce", "autoDiscovery": {"clusterName": name}, "autoscalingGroupsnamePrefix": groups}
    return {CHART: values}, [
        "GKE scales node pools with autoscaling enabled itself. Turn that off, or do not install this chart.",
        "The names are prefixes of managed instance groups. GKE shortens long names: compare them.",
    ]


def _groups(cloud: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the node groups: a list, or on Hetzner one for each kind of machine."""
    return mappings(cloud, "nodeGroups") or mappings(cloud, "nodeGroups", "hcloud")


def _bounds(provider: str, cloud: Mapping[str, Any]) -> Iterator[str]:
    """Yield the sizes of each group for the reader, and what is missing in the settings."""
    groups = _groups(cloud)
    if not groups:
        yield f"cloud.{provider}.nodeGroups is empty: there is nothing to scale until it has a group."
    for group in groups:
        low, high = group.get("minSize"), group.get("maxSize")
        if isinstance(low, int) and isinstance(high, int):
            yield f"Group {text(group, 'name')}: {low} to {high} nodes."
        else:
            yield f"Group {text(group, 'name')}: set minSize and maxSize in cloud.{provider}.nodeGroups."
