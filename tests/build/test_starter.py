"""The starter library, evaluated as a KubeAid repo's template is."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import _gojsonnet
import pytest
import rjsonnet

from kubeaid_ci.build import promtool
from kubeaid_ci.build.objects import check, rule_groups
from kubeaid_ci.k8s.manifest import Manifest, objects

TEMPLATE_FOLDER = Path(__file__).parents[2] / "jsonnet" / "starter" / "build" / "kube-prometheus"
MAIN = str(TEMPLATE_FOLDER / "common-template.jsonnet")
LIBRARY = [str(TEMPLATE_FOLDER / "libraries" / "v0.1.0" / "vendor")]

SMALL = "{ platform: 'eks', kube_prometheus_version: 'v0.1.0' }"
FULL = """{
  platform: 'kops',
  kube_prometheus_version: 'v0.1.0',
  namespace: 'watch',
  prometheus+: { retention: '30d', storage+: { size: '50Gi', classname: 'fast' } },
  prometheus_resources+: { limits+: { memory: '4Gi' } },
  prometheus_scrape_namespaces: ['shop', 'default'],
  alertmanager_webhook_url: 'https://alerts.example.com/hook',
  grafana_ingress_host: 'grafana.example.com',
  addMixins+: { 'batch-jobs': true, 'container-limits': true },
  mixin_configs+: { 'batch-jobs': { lateSeconds: 600 } },
}"""


def by_rust(vars_file: str) -> Any:
    return json.loads(rjsonnet.evaluate_file(MAIN, jpathdir=LIBRARY, ext_codes={"vars": vars_file}))


def by_go(vars_file: str) -> Any:
    return json.loads(_gojsonnet.evaluate_file(MAIN, jpathdir=LIBRARY, ext_codes={"vars": vars_file}))


def by_cpp(vars_file: str) -> Any:
    jsonnet = pytest.importorskip("_jsonnet", reason="the C++ jsonnet has no wheel for this machine")
    return json.loads(jsonnet.evaluate_file(MAIN, jpathdir=LIBRARY, ext_codes={"vars": vars_file}))


def manifests(vars_file: str) -> list[Manifest]:
    return [found for name, body in by_rust(vars_file).items() for found in objects(f"{name}.yaml", body)]


def named(vars_file: str, kind: str, name: str) -> Any:
    return next(found.body for found in manifests(vars_file) if (found.key.kind, found.key.name) == (kind, name))


@pytest.mark.parametrize("engine", [by_go, by_cpp])
def test_every_engine_gives_the_same_manifests(engine: Callable[[str], Any]) -> None:
    assert engine(FULL) == by_rust(FULL)


@pytest.mark.parametrize("vars_file", [SMALL, FULL])
def test_the_build_is_a_set_of_different_objects_that_name_themselves(vars_file: str) -> None:
    found = manifests(vars_file)
    assert len(found) > 40
    assert list(check(found, subject="demo")) == []


@pytest.mark.skipif(promtool.find() is None, reason="promtool (Debian: prometheus) is not installed")
def test_prometheus_takes_every_rule() -> None:
    groups = rule_groups(manifests(FULL))
    assert len(groups) == 7
    assert promtool.check_rules(groups) == ()


def test_the_namespace_comes_in_the_setup_folder() -> None:
    assert by_rust(FULL)["setup/0namespace-namespace"]["metadata"]["name"] == "watch"
    assert {found.key.namespace for found in manifests(FULL)} == {
        "",
        "watch",
        "default",
        "kube-system",
        "shop",
    }


def test_settings_reach_the_objects_that_they_are_for() -> None:
    spec = named(FULL, "Prometheus", "k8s")["spec"]
    claim = spec["storage"]["volumeClaimTemplate"]["spec"]
    assert spec["retention"] == "30d"
    assert claim["resources"]["requests"]["storage"] == "50Gi"
    assert claim["storageClassName"] == "fast"
    assert spec["resources"] == {"limits": {"memory": "4Gi"}, "requests": {"cpu": "200m", "memory": "512Mi"}}
    assert named(FULL, "Ingress", "grafana")["spec"]["rules"][0]["host"] == "grafana.example.com"
    routing = json.loads(named(FULL, "Secret", "alertmanager-main")["stringData"]["alertmanager.yaml"])
    assert routing["receivers"][1]["webhook_configs"][0]["url"] == "https://alerts.example.com/hook"


def test_a_mixin_is_there_only_where_it_is_switched_on() -> None:
    small, full = by_rust(SMALL), by_rust(FULL)
    mixins = {"batch-jobs-prometheus-rules", "container-limits-prometheus-rules"}
    assert mixins & small.keys() == set()
    assert mixins <= full.keys()
    late = full["batch-jobs-prometheus-rules"]["spec"]["groups"][0]["rules"][0]
    assert "> 600" in late["expr"]


def test_a_mixin_that_is_off_is_not_even_read() -> None:
    read: list[str] = []

    def load(folder: str, name: str) -> tuple[str, str]:
        for base in (folder, *LIBRARY):
            path = Path(base, name)
            if path.is_file():
                read.append(path.parent.name)
                return str(path), path.read_text()
        raise FileNotFoundError(name)

    only_one = SMALL[:-1] + ", addMixins+: { 'batch-jobs': true } }"
    rjsonnet.evaluate_file(MAIN, ext_codes={"vars": only_one}, import_callback=load)
    assert "batch-jobs" in read
    assert "container-limits" not in read


def test_the_control_plane_is_watched_where_the_cluster_runs_its_own() -> None:
    assert "kubernetes-serviceMonitorKubeScheduler" in by_rust(FULL)
    assert "kubernetes-serviceMonitorKubeScheduler" not in by_rust(SMALL)


def test_dashboards_are_json_that_grafana_loads() -> None:
    maps = by_rust(FULL)["grafana-dashboardDefinitions"]["items"]
    dashboards = {file: json.loads(text) for item in maps for file, text in item["data"].items()}
    assert sorted(dashboards) == ["container-limits.json", "nodes.json", "workloads.json"]
    for dashboard in dashboards.values():
        places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in dashboard["panels"]]
        assert len(set(places)) == len(places) > 0


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (
            "{ platform: 'aws' }",
            'platform must be one of kops, kubeadm, gke, eks, aks; it is "aws"',
        ),
        ("{}", "platform is missing: set it to one of kops, kubeadm, gke, eks, aks"),
        ("{ platform: 'gke' }", "kube_prometheus_version is missing"),
        (SMALL + " + { prometheus+: { retention: 15 } }", 'retention must be a text such as "15d"; it is 15'),
        (SMALL + " + { prometheus+: { storage: { size: '' } } }", "prometheus.storage.size must be a text"),
        (SMALL + " + { prometheus_scrape_namespaces: 'shop' }", "must be a list of texts"),
        (
            SMALL + " + { grafana_ingress_host: 'https://g.example.com' }",
            "a host name without scheme or path",
        ),
        (SMALL + " + { grafana_resources: '1Gi' }", "grafana_resources must be an object"),
        (SMALL + " + { addMixins+: { etdc: true } }", "addMixins names etdc; the mixins are batch-jobs, "),
        (SMALL + " + { addMixins+: { 'batch-jobs': 'yes' } }", "batch-jobs must be true or false"),
    ],
)
@pytest.mark.parametrize("engine", [by_rust, by_go])
def test_wrong_vars_fail_with_a_text_that_says_what_to_write(
    engine: Callable[[str], Any], wrong: str, text: str
) -> None:
    with pytest.raises(RuntimeError) as failure:
        engine(wrong)
    assert text in str(failure.value)


def test_alerts_are_told_apart_by_name_and_severity() -> None:
    alerts = [
        (rule["alert"], rule["labels"]["severity"])
        for groups in rule_groups(manifests(FULL)).values()
        for group in groups
        for rule in group["rules"]
        if "alert" in rule
    ]
    assert len(set(alerts)) == len(alerts) > 25
    assert ("Watchdog", "none") in alerts
