"""Policies that select nothing: the reason in the message, and pods that only the cluster makes."""

from typing import Any

import pytest

from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.network.ineffective_policies import POLICY_SELECTS_NOTHING, check
from kubeaid_ci.render.rendering import RenderStatus
from tests.check.network.states import state


def named(version: str, kind: str, name: str, namespace: str, spec: Any = None, **metadata: Any) -> dict[str, Any]:
    place = {"namespace": namespace} if namespace else {}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **place, **metadata}, "spec": spec or {}}


def workload(namespace: str, **labels: str) -> dict[str, Any]:
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main"}]}}
    return named("apps/v1", "Deployment", "web", namespace, {"template": template})


def policy(namespace: str, **labels: str) -> dict[str, Any]:
    selector = {"matchLabels": {key.replace("__", "/").replace("_", "."): value for key, value in labels.items()}}
    return named("networking.k8s.io/v1", "NetworkPolicy", "policy", namespace, {"podSelector": selector})


def messages(*bodies: dict[str, Any], status: RenderStatus = RenderStatus.RENDERED) -> list[str]:
    found = check(state(bodies, status), CheckContext())
    return [finding.message for finding in found if finding.rule == POLICY_SELECTS_NOTHING]


@pytest.mark.parametrize(
    ("bodies", "reason"),
    [
        ([policy("shop", app="web")], "the namespace shop has no pods"),
        ([policy("shop", app="web"), workload("apps", app="web")], "has no pods; such pods are in apps"),
        ([policy("shop", app="web"), workload("shop", app="api")], "none in the namespace shop has app=web"),
        (
            [policy("shop", app="web", tier="back"), workload("shop", app="web", tier="front")],
            "has app=web, tier=back; Deployment shop/web has tier=front",
        ),
        (
            [policy("shop", app="web", tier="back"), workload("shop", app="web")],
            "Deployment shop/web has no label tier",
        ),
        ([named("crd.projectcalico.org/v1", "NetworkPolicy", "old", "system")], "the namespace system has no pods"),
    ],
)
def test_the_message_names_what_is_near(bodies: list[dict[str, Any]], reason: str) -> None:
    (message,) = messages(*bodies)
    assert reason in message


@pytest.mark.parametrize(
    ("made", "labels"),
    [
        (("monitoring.coreos.com/v1", "Prometheus", "k8s"), {"app_kubernetes_io__name": "prometheus"}),
        (("monitoring.coreos.com/v1", "Alertmanager", "main"), {"alertmanager": "main"}),
        (("postgresql.cnpg.io/v1", "Cluster", "db"), {"cnpg_io__cluster": "db"}),
        (("postgresql.cnpg.io/v1", "Cluster", "db"), {"cnpg_io__cluster": "db", "cnpg_io__instanceRole": "primary"}),
        (("kafka.strimzi.io/v1", "Kafka", "log"), {"strimzi_io__cluster": "log"}),
        (("rabbitmq.com/v1beta1", "RabbitmqCluster", "mq"), {"app_kubernetes_io__name": "mq"}),
        (("example.com/v1", "Store", "cart"), {"app": "cart"}),
        (("example.com/v1", "Store", "cart"), {"role": "store"}),
        (("stores.example.com/v1", "Store", "cart"), {"example_com__part": "cache"}),
    ],
)
def test_pods_that_an_operator_makes_count(made: tuple[str, str, str], labels: dict[str, str]) -> None:
    assert messages(named(*made, "shop"), policy("shop", **labels)) == []
    assert len(messages(named(*made, "other"), policy("shop", **labels))) == 1


@pytest.mark.parametrize(
    "labels",
    [{"app": "web"}, {"app_kubernetes_io__name": "prometheus", "app_kubernetes_io__instance": "other"}],
)
def test_other_labels_than_those_of_an_operator_select_nothing(labels: dict[str, str]) -> None:
    made = named("monitoring.coreos.com/v1", "Prometheus", "k8s", "shop")
    assert len(messages(made, policy("shop", **labels))) == 1


def test_an_application_that_could_not_be_rendered_may_have_the_pods() -> None:
    assert messages(policy("apps", app="web"), status=RenderStatus.FAILED) == []
    assert len(messages(policy("shop", app="web"), status=RenderStatus.FAILED)) == 1


def test_pods_in_the_network_of_their_node_are_selected() -> None:
    agent = workload("shop", app="agent")
    agent["spec"]["template"]["spec"]["hostNetwork"] = True
    assert messages(agent, policy("shop", app="agent")) == []


def test_a_default_for_a_namespace_that_exists_may_be_there_before_its_pods() -> None:
    assert messages(policy("default")) == []
    assert messages(policy("shop"), named("v1", "Namespace", "shop", "")) == []
    assert len(messages(policy("shpo"), named("v1", "Namespace", "shop", ""))) == 1
