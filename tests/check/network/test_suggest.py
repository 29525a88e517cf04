"""Suggested policies: no workload without one, and what is asked for stays reachable."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kubeaid_ci import documents
from kubeaid_ci.argocd.application import Source
from kubeaid_ci.check import families
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.network.suggest import suggest
from kubeaid_ci.render.rendering import SourcePlan
from tests.check.cases import CLUSTER, deployment
from tests.check.cases import objects as case_objects
from tests.check.network import promises
from tests.check.network.generated import cluster
from tests.check.network.states import state
from tests.renders import World

SEEDS = int(os.environ.get("KUBEAID_CI_TEST_SUGGESTIONS", "150"))


def test_no_workload_is_left_and_every_service_scrape_target_and_webhook_stays_reachable() -> None:
    compared = sum(promises.check(state(cluster(seed)), f"seed {seed}") for seed in range(SEEDS))
    assert compared > 5 * SEEDS


def suggested(*bodies: dict[str, Any]) -> dict[str, Any]:
    (one,) = suggest(state(bodies), CheckContext())
    return {"path": one.path, "text": one.text, **documents.load(one.text, where=one.path)["spec"]}


def named(kind: str, spec: dict[str, Any], name: str = "web", version: str = "v1", **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "namespace": "apps", **metadata},
        "spec": spec,
    }


def web(**container: Any) -> dict[str, Any]:
    body = deployment(**container)
    body["metadata"]["namespace"] = "apps"
    return body


def test_the_rules_of_a_policy_have_their_reasons() -> None:
    probe = {"httpGet": {"path": "/", "port": 8081}}
    policy = suggested(
        web(ports=[{"name": "http", "containerPort": 8080}, {"containerPort": 7000}], livenessProbe=probe),
        named("Service", {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "http"}]}),
    )
    assert policy["path"] == "k8s/one/network-policies/apps/deployment-web.yaml"
    assert policy["podSelector"] == {"matchLabels": {"app": "web"}}
    assert policy["ingress"] == [
        {"from": [{"namespaceSelector": {}}], "ports": [{"protocol": "TCP", "port": 8080}]},
        {
            "from": [{"podSelector": {}}],
            "ports": [{"protocol": "TCP", "port": 7000}, {"protocol": "TCP", "port": 8081}],
        },
    ]
    assert "# ingress from pods of the cluster: 8080/TCP (Service apps/web)\n" in policy["text"]
    assert "8081/TCP (livenessProbe)" in policy["text"]


def test_prometheus_is_let_in_where_only_prometheus_calls() -> None:
    monitor = {"selector": {"matchLabels": {"app": "web"}}, "podMetricsEndpoints": [{"port": "metrics"}]}
    policy = suggested(
        web(ports=[{"name": "metrics", "containerPort": 9090}]),
        named("PodMonitor", monitor, version="monitoring.coreos.com/v1"),
        named("Prometheus", {}, "k8s", version="monitoring.coreos.com/v1"),
    )
    (rule,) = policy["ingress"]
    (peer,) = rule["from"]
    assert peer["podSelector"]["matchLabels"] == {
        "app.kubernetes.io/name": "prometheus",
        "app.kubernetes.io/instance": "k8s",
    }


def test_the_api_server_calls_webhooks_from_no_pod() -> None:
    hook = {"clientConfig": {"service": {"name": "web", "namespace": "apps"}}}
    webhook = {
        **named("MutatingWebhookConfiguration", {}, version="admissionregistration.k8s.io/v1"),
        "webhooks": [hook],
    }
    service = named("Service", {"selector": {"app": "web"}, "ports": [{"port": 443, "targetPort": 9443}]})
    assert suggested(web(), service, webhook)["ingress"] == [{"ports": [{"protocol": "TCP", "port": 9443}]}]


def test_egress_is_dns_pods_the_api_server_and_the_hosts_that_a_workload_names() -> None:
    subjects = {"subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": "apps"}]}
    binding = named("RoleBinding", {}, version="rbac.authorization.k8s.io/v1")
    plain = suggested(web(args=["--peer=http://web.apps.svc:8080", "--cache=redis://cache"]))
    assert [sorted(rule) for rule in plain["egress"]] == [["ports", "to"], ["to"]]
    (_, _, server, outside) = suggested(web(args=["--from=ssh://git@git.example.com:2222/x"]), {**binding, **subjects})[
        "egress"
    ]
    assert [port["port"] for port in server["ports"]] == [443, 6443]
    assert [port["port"] for port in outside["ports"]] == [2222]


def test_the_repo_server_of_argo_cd_keeps_its_repositories() -> None:
    labels = {"app.kubernetes.io/component": "repo-server"}
    server = web()
    server["spec"] = {"template": {"metadata": {"labels": labels}, "spec": server["spec"]["template"]["spec"]}}
    one = state([server])
    urls = ("git@git.example.com:shop/config.git", "https://charts.example.com", "ssh://git@git.example.com:2222/x.git")
    plans = tuple(SourcePlan(Source(url)) for url in urls)
    sourced = replace(one, apps=(replace(one.apps[0], sources=plans),))
    (suggestion,) = suggest(sourced, CheckContext())
    rule = documents.load(suggestion.text, where="")["spec"]["egress"][-1]
    assert [port["port"] for port in rule["ports"]] == [22, 443, 2222]


def test_only_the_open_direction_gets_a_policy() -> None:
    closed = named("NetworkPolicy", {"podSelector": {}}, version="networking.k8s.io/v1")
    policy = suggested(web(), closed)
    assert policy["policyTypes"] == ["Egress"]
    assert "ingress" not in policy
    assert documents.load(policy["text"], where="")["metadata"]["name"] == "web-egress"


def test_a_workload_that_is_restricted_in_both_directions_gets_none() -> None:
    both = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert (
        list(suggest(state([web(), named("NetworkPolicy", both, version="networking.k8s.io/v1")]), CheckContext()))
        == []
    )


def test_pods_without_labels_are_selected_by_the_labels_that_they_do_not_have() -> None:
    container = {"containers": [{"name": "main", "image": "example.com/main:1"}]}
    job = named("CronJob", {"jobTemplate": {"spec": {"template": {"spec": container}}}}, version="batch/v1")
    policies = [documents.load(one.text, where="")["spec"] for one in suggest(state([web(), job]), CheckContext())]
    selectors = [policy["podSelector"] for policy in policies]
    assert {"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]} in selectors


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\nb: c", "..", "", "x" * 5000, "A/B"])
def test_hostile_names_stay_in_the_folder_and_in_their_comments(name: str) -> None:
    body = web()
    body["metadata"]["name"] = name
    (one,) = suggest(state([body]), CheckContext())
    folder = "k8s/one/network-policies/apps/"
    assert one.path.startswith(folder)
    assert "/" not in one.path.removeprefix(folder)
    assert not one.path.removeprefix(folder).startswith(".")
    assert len(one.path) < 300
    assert documents.load(one.text, where="")["kind"] == "NetworkPolicy"


def test_the_family_can_be_asked_for_suggestions() -> None:
    assert families.suggesting("network") is not None


def test_the_command_writes_the_files_of_a_rendered_cluster(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.cluster("one", {path: text.replace(CLUSTER, "one") for path, text in case_objects(deployment()).items()})
    world.chart("web")
    world.commit("1.0.0")
    places = ["--config-repo", str(world.config), "--kubeaid", str(world.kubeaid), "--no-cache"]
    argv = [sys.executable, "-m", "kubeaid_ci", "check", "--suggest", "network", "--out", str(tmp_path), *places]
    subprocess.run(argv, check=True, capture_output=True)
    written = tmp_path / "k8s/one/network-policies/apps/deployment-web.yaml"
    assert documents.load(written.read_text(), where="")["metadata"] == {"name": "web", "namespace": "apps"}
