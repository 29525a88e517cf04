from typing import Any

from tests.check.cases import Case, deployment, objects

OBJECTS = "app/objects.yaml"
DISCOVERY = "--node-group-auto-discovery=clusterapi:clusterName=prod,namespace=apps"
ODD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: odd}
spec:
  replicas: "3"
  template:
    spec: {containers: [{name: a, image: x/cluster-autoscaler, command: [./cluster-autoscaler, --nodes, "--x"], args: {a: b}}]}
---
apiVersion: cluster.x-k8s.io/v1beta1
kind: MachineDeployment
metadata: {name: odd, annotations: [1]}
spec: [1]
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: odd}
spec: {scaleTargetRef: odd, minReplicas: "1", metrics: {type: Resource}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: odder}
spec: [scaleTargetRef]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: odd}
spec: {maxUnavailable: [0], minAvailable: "x%", selector: {matchLabels: [app]}}
---
apiVersion: autoscaling.k8s.io/v1
kind: VerticalPodAutoscaler
metadata: {name: odd}
spec: {targetRef: [1], updatePolicy: Off}
"""


def manifest(api_version: str, kind: str, name: str, spec: Any, **annotations: str) -> dict[str, Any]:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": name, "annotations": annotations},
        "spec": spec,
    }


def autoscaler(*options: str, tag: str = "v1.34.2") -> dict[str, Any]:
    image = f"registry.example.com/autoscaling/cluster-autoscaler:{tag}"
    made = deployment("autoscaler")
    made["spec"]["template"]["spec"]["containers"] = [
        {"name": "autoscaler", "image": image, "command": ["./cluster-autoscaler", *options]}
    ]
    return made


def group(low: str | None = "1", high: str | None = "3", *, name: str = "workers", **more: str) -> dict[str, Any]:
    prefix = "cluster.x-k8s.io/cluster-api-autoscaler-node-group-"
    sizes = {f"{prefix}min-size": low, f"{prefix}max-size": high}
    annotations = {name: size for name, size in sizes.items() if size is not None}
    return manifest(
        "cluster.x-k8s.io/v1beta2", "MachineDeployment", name, {"clusterName": "prod"}, **annotations, **more
    )


def general(version: str = "v1.34.6") -> dict[str, str]:
    return {"./kubeaid-cli.general.yaml": f"cluster: {{name: x, type: workload, k8sVersion: {version}}}\n"}


CLUSTER_API = "--cloud-provider=clusterapi"
CAPACITY = {f"capacity.cluster-autoscaler.kubernetes.io/{name}": "2" for name in ("cpu", "memory")}
TEMPLATES = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRole",
    "metadata": {"name": "templates"},
    "rules": [
        {
            "apiGroups": ["infrastructure.cluster.x-k8s.io"],
            "resources": ["hcloudmachinetemplates"],
            "verbs": ["get", "list", "watch"],
        }
    ],
}


def hpa(name: str = "web", *, target: str = "web", **spec: Any) -> dict[str, Any]:
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}
    utilization = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}
    wanted = {"scaleTargetRef": reference, "maxReplicas": 5, "metrics": [{"type": "Resource", "resource": utilization}]}
    return manifest("autoscaling/v2", "HorizontalPodAutoscaler", name, {**wanted, **spec})


def scaled(**spec: Any) -> dict[str, Any]:
    made = deployment(resources={"requests": {"cpu": "10m"}})
    made["spec"] |= spec
    return made


def budget(**spec: Any) -> dict[str, Any]:
    return manifest("policy/v1", "PodDisruptionBudget", "web", {"selector": {"matchLabels": {"app": "web"}}, **spec})


VPA = manifest(
    "autoscaling.k8s.io/v1",
    "VerticalPodAutoscaler",
    "web",
    {"targetRef": {"kind": "Deployment", "name": "web"}, "updatePolicy": {"updateMode": "Off"}},
)
IGNORED = {"ignoreDifferences": [{"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}]}

CASES = (
    Case(
        "autoscaling/no-groups",
        firing=objects(autoscaler(CLUSTER_API, DISCOVERY), group() | {"spec": {"clusterName": "other"}}),
        at=f"{OBJECTS}:1",
        says="no MachineDeployment or MachinePool matches clusterapi:clusterName=prod,namespace=apps",
        quiet=objects(
            autoscaler(CLUSTER_API, DISCOVERY),
            group(),
            # The groups of this one are in the cluster that the kubeconfig names.
            autoscaler(CLUSTER_API, "--cloud-config=/etc/kubeconfig") | {"metadata": {"name": "remote"}},
            autoscaler("--cloud-provider", "aws", "--nodes", "1:3:workers") | {"metadata": {"name": "aws"}},
            autoscaler("--cloud-provider=gce", "--node-group-auto-discovery=mig:namePrefix=gke,min=1,max=3")
            | {"metadata": {"name": "gke"}},
        ),
        hostile=objects(ODD, autoscaler("--cloud-provider=azure", "--node-group-auto-discovery=")),
        hostile_fires=True,
    ),
    Case(
        "autoscaling/group-unbounded",
        firing=objects(autoscaler(CLUSTER_API), group(), group("1", None, name="more")),
        at=f"{OBJECTS}:31",
        says="no annotation cluster.x-k8s.io/cluster-api-autoscaler-node-group-max-size",
        quiet=objects(autoscaler(CLUSTER_API), group(), group(None, None, name="fixed")),
        hostile=objects(ODD, autoscaler("--cloud-provider=aws", "--nodes=workers")),
        hostile_fires=True,
    ),
    Case(
        "autoscaling/bounds-invalid",
        firing=objects(autoscaler(CLUSTER_API), group("3", "1")),
        at=f"{OBJECTS}:21",
        says="3 is above 1",
        quiet=objects(autoscaler(CLUSTER_API), group("3", "3"), scaled(), hpa(minReplicas=5)),
        hostile=objects(ODD, autoscaler("--cloud-provider=aws", "--nodes=a:٣:workers"), scaled(), hpa(minReplicas=9)),
        hostile_fires=True,
    ),
    Case(
        "autoscaling/scale-from-zero",
        firing=objects(autoscaler(CLUSTER_API), group("0")),
        at=f"{OBJECTS}:1",
        says="workers: smallest size 0, no capacity, and no role to read templates",
        quiet=objects(autoscaler(CLUSTER_API), group("0", **CAPACITY), group("1", name="more")),
        hostile=objects(ODD, autoscaler(CLUSTER_API), group("0"), TEMPLATES),
    ),
    Case(
        "autoscaling/image-release",
        firing={**objects(autoscaler("--nodes=1:3:a", tag="v1.33.0")), **general()},
        at=f"{OBJECTS}:1",
        says="image v1.33.0 for Kubernetes 1.34",
        quiet={**objects(autoscaler("--nodes=1:3:a")), **general()},
        hostile={**objects(ODD, autoscaler("--nodes=1:3:a", tag="latest")), **general()},
    ),
    Case(
        "autoscaling/requests-missing",
        firing=objects(deployment(), hpa()),
        at=f"{OBJECTS}:18",
        says="no cpu request in web of Deployment web",
        quiet=objects(scaled(), hpa()),
        hostile=objects(ODD, deployment(resources={"limits": {"cpu": 1}}), hpa(metrics=[{"resource": [1]}, None])),
    ),
    Case(
        "autoscaling/target-shared",
        firing=objects(scaled(), hpa(), hpa("other")),
        at=f"{OBJECTS}:21",
        says="Deployment apps/web is scaled by HorizontalPodAutoscaler web and HorizontalPodAutoscaler other",
        quiet=objects(scaled(), hpa(), VPA),
        hostile=objects(
            ODD,
            scaled(),
            hpa(),
            manifest("keda.sh/v1alpha1", "ScaledObject", "web", {"scaleTargetRef": {"name": "web"}}),
        ),
        hostile_fires=True,
    ),
    Case(
        "autoscaling/target-missing",
        firing=objects(hpa(target="gone")),
        at=f"{OBJECTS}:1",
        says="no Deployment apps/gone",
        quiet=objects(scaled(), hpa()),
        hostile=objects(ODD),
    ),
    Case(
        "autoscaling/replicas-overwritten",
        firing=objects(scaled(replicas=2), hpa()),
        at=f"{OBJECTS}:1",
        says="Deployment apps/web: replicas 2 in Git, scaled by HorizontalPodAutoscaler web",
        quiet=objects(scaled(replicas=2), hpa(), **IGNORED),
        hostile=objects(ODD, group() | {"spec": {"clusterName": "prod", "replicas": 1}}),
        hostile_fires=True,
    ),
    Case(
        "autoscaling/drain-blocked",
        firing=objects(scaled(replicas=2), budget(minAvailable=2)),
        at=f"{OBJECTS}:22",
        says="minAvailable 2 allows no eviction of 2 pods of Deployment web",
        quiet=objects(scaled(replicas=1), hpa(minReplicas=2), budget(minAvailable="50%")),
        hostile=objects(ODD, scaled(replicas=3), budget(maxUnavailable="0%")),
        hostile_fires=True,
    ),
)
