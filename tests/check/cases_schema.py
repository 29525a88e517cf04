from typing import Any

from tests.check.cases import Case, deployment, objects

OBJECTS = "app/objects.yaml"


def general(version: str) -> dict[str, str]:
    return {"./kubeaid-cli.general.yaml": f"cluster: {{name: x, type: workload, k8sVersion: {version}}}\n"}


def definition(schema: dict[str, Any], *, version: str = "v1") -> dict[str, Any]:
    served = {"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "lamps.example.com"},
        "spec": {
            "group": "example.com",
            "names": {"kind": "Lamp", "plural": "lamps"},
            "scope": "Namespaced",
            "versions": [served],
        },
    }


def lamp(version: str = "v1", **spec: Any) -> dict[str, Any]:
    return {"apiVersion": f"example.com/{version}", "kind": "Lamp", "metadata": {"name": "desk"}, "spec": spec}


SPEC = {
    "type": "object",
    "properties": {
        "watts": {"type": "integer", "maximum": 100},
        "port": {"x-kubernetes-int-or-string": True},
        "colour": {"type": "string", "default": "white"},
        "note": {"type": "string", "nullable": True},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    },
    "required": ["colour"],
}
SCHEMA = {"type": "object", "properties": {"spec": SPEC}}
BUDGET = {
    "apiVersion": "policy/v1beta1",
    "kind": "PodDisruptionBudget",
    "metadata": {"name": "web"},
    "spec": {"minAvailable": 1},
}
FLOW = {
    "apiVersion": "flowcontrol.apiserver.k8s.io/v1beta3",
    "kind": "FlowSchema",
    "metadata": {"name": "web"},
    "spec": {"priorityLevelConfiguration": {"name": "exempt"}},
}
FLOW_NOW = FLOW | {"apiVersion": "flowcontrol.apiserver.k8s.io/v1"}
# Values of types and depths that no schema expects.
ODD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: odd}
spec: [{template: {spec: {containers: {name: a}}}}]
---
apiVersion: ../../etc/v1
kind: ../passwd
metadata: {name: odd}
"""
# Objects that the API server takes: nulls are absent, defaults fill required fields, unknown fields may be kept.
TAKEN = lamp(watts=None, port="http", note=None, free={"anything": [1, {"goes": None}]})

CASES = (
    Case(
        "schema/object-invalid",
        firing=objects(deployment(pod={"terminationGracePeriodSeconds": "soon"})),
        at=f"{OBJECTS}:1",
        says="spec.template.spec.terminationGracePeriodSeconds must be integer, not string",
        quiet=objects(definition(SCHEMA), TAKEN, deployment(env=None)),
        hostile=objects(ODD),
        hostile_fires=True,
    ),
    Case(
        "schema/field-unknown",
        firing=objects(deployment(imagePullPolcy="Always")),
        at=f"{OBJECTS}:1",
        says="spec.template.spec.containers[0].imagePullPolcy",
        quiet=objects(definition(SCHEMA), TAKEN, deployment(imagePullPolicy="Always")),
        # The API server drops the status of a kind that has it as a subresource, and metadata has its own schema.
        hostile=objects(
            definition({"type": "object", "x-kubernetes-preserve-unknown-fields": True}),
            lamp(watts={"deep": [[{}]]}) | {"more": {"1": None}},
            ODD.split("---")[1],
        ),
    ),
    Case(
        "schema/not-validated",
        firing={**objects(deployment()), **general("v1.99.0")},
        at="kubeaid-cli.general.yaml",
        says="no schemas of Kubernetes",
        quiet=objects(deployment()),
        # A pattern that Go's engine refuses is refused when the definition is created.
        hostile=objects(
            definition({"type": "object", "properties": {"spec": {"type": "string", "pattern": "(?=a)"}}}), lamp()
        ),
        hostile_fires=True,
    ),
    Case(
        "schema/kind-not-served",
        firing=objects(lamp()),
        at=f"{OBJECTS}:1",
        says="no CustomResourceDefinition of the cluster serves this kind",
        quiet=objects(
            definition(SCHEMA),
            lamp(),
            {
                "apiVersion": "apiregistration.k8s.io/v1",
                "kind": "APIService",
                "metadata": {"name": "v1.metrics.example.com"},
                "spec": {"group": "metrics.example.com", "version": "v1", "service": {"name": "metrics"}},
            },
            {"apiVersion": "metrics.example.com/v1", "kind": "Metric", "metadata": {"name": "a"}},
            # Its operator installs the definitions when it starts.
            deployment(image="quay.io/tigera/operator:v1.40.0"),
            {
                "apiVersion": "operator.tigera.io/v1",
                "kind": "Installation",
                "metadata": {"name": "default"},
                "spec": {},
            },
        ),
        hostile=objects(ODD),
        hostile_fires=True,
    ),
    Case(
        "schema/version-not-served",
        firing=objects(definition(SCHEMA, version="v2"), lamp()),
        at=f"{OBJECTS}:39",
        says="the definition in Application app serves v2",
        quiet=objects(definition(SCHEMA), lamp()),
        hostile=objects(definition(SCHEMA) | {"spec": {"group": 1, "names": [], "versions": {"name": "v1"}}}),
    ),
    Case(
        "schema/api-removed",
        firing={**objects(BUDGET), **general("v1.31.0")},
        at=f"{OBJECTS}:1",
        says="was removed in Kubernetes 1.25; use policy/v1",
        quiet={**objects(BUDGET | {"apiVersion": "policy/v1"}), **general("v1.31.0")},
        hostile=objects(ODD),
    ),
    Case(
        "schema/api-removed-next",
        firing={**objects(FLOW), **general("v1.31.0")},
        at=f"{OBJECTS}:1",
        says="is removed in Kubernetes 1.32, the next release",
        quiet={**objects(FLOW_NOW), **general("v1.31.0")},
        hostile=objects(ODD),
    ),
    Case(
        "schema/api-deprecated",
        firing={**objects(FLOW), **general("v1.30.0")},
        at=f"{OBJECTS}:1",
        says="is deprecated since Kubernetes 1.29, removed in 1.32",
        quiet={**objects(FLOW), **general("v1.28.0")},
        hostile=objects(ODD),
    ),
)
