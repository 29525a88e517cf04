"""Objects, Applications and files that hold anything anywhere: no check of a cluster may crash, that ends the run."""

import base64
import copy
import json
import os
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from kubeaid_ci import documents
from kubeaid_ci.argocd.application import Application, is_application
from kubeaid_ci.check import families
from kubeaid_ci.check.context import CheckContext, ConfigFiles
from kubeaid_ci.check.gitops import alerts, secrets
from kubeaid_ci.check.gitops import objects as stored
from kubeaid_ci.check.installed_schemas import PackagedSchemas
from kubeaid_ci.check.schema.objects import OBJECT_INVALID, check
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.config_repo.general_settings import GeneralSettings
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.helm.version import ClusterHelm
from kubeaid_ci.k8s.manifest import objects
from kubeaid_ci.net.address import Remote
from kubeaid_ci.render.cluster_state import ClusterState
from kubeaid_ci.render.rendering import RenderedApp, RenderStatus, SourcePlan, ValuesLayer
from kubeaid_ci.semver.version import Version
from kubeaid_ci.settings import CheckSettings, Profile
from tests.check.cases import CLUSTER, deployment
from tests.check.test_rules import CASES
from tests.renders import CONFIG, application, helm

STATES = int(os.environ.get("KUBEAID_CI_TEST_HOSTILE", "150"))
VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 10**30, float("nan"), float("inf"), "", "x", "0", "100%", "*", "٣", "é", "9" * 400),
    *("x" * 200_000, "\x00\n: {", "\ud800", [], [None], ["a"], [[1]], [{}] * 50, {}, {"a": None}, {"name": "x"}),
    *([{"name": "a"}], {1: 2}, {None: []}, {"": ""}),
)
TEXTS = ("\0", "é", "\n", "  ", "{", "}", "- ", '"', ": ", "|", "A" * 60, "%", "[", "&a ", "*a", "---\n", "null")
SETTINGS = CheckSettings(Profile.STRICT, {}, ("quay.io/acme",), (Remote.parse("https://git.example.com/acme/allowed"),))
ORIGIN = Remote.parse("https://git.example.com/acme/config")
APPS = "k8s/one/argocd-apps"
OUTPUT = "k8s/one/kube-prometheus"


@cache
def corpus() -> tuple[Mapping[str, str], tuple[dict[str, Any], ...]]:
    """The files of all cases, as those of one cluster, and the objects in them."""
    files: dict[str, str] = {}
    bodies: list[dict[str, Any]] = []
    for case in CASES:
        for path, text in (pair for each in case.clusters().values() for pair in each.items()):
            own = text.replace(CLUSTER, "one")
            files[f"k8s/one/{path}" if "/" in path else f"{APPS}/templates/{path}"] = own
            try:
                loaded = documents.load_all(own, where=path) if path.endswith((".yaml", ".yml")) else []
            except UserError:
                continue
            bodies += (body for body in loaded if isinstance(body, dict) and body.get("kind"))
    return files, tuple(bodies)


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from paths(item, (*path, key))


def spoil(choose: random.Random, body: dict[str, Any]) -> None:
    """Replace a value somewhere in an object by one of any type."""
    *above, last = choose.choice([path for path in paths(body) if path and path != ("kind",)])
    holder: Any = body
    for step in above:
        holder = holder[step]
    holder[last] = copy.deepcopy(choose.choice(VALUES))


def spoiled_files(choose: random.Random) -> dict[str, str]:
    files = dict(corpus()[0])
    for path in choose.sample(sorted(files), 6):
        text = files[path]
        for _ in range(choose.randrange(5)):
            at = choose.randrange(len(text) + 1)
            text = text[:at] + choose.choice(TEXTS) + text[at + choose.randrange(3) :]
        files[path] = text
    return files


def context_of(files: Mapping[str, str]) -> CheckContext:
    readable = ConfigFiles(dict.fromkeys(files, "id"), lambda path: files[path].encode("utf-8", "surrogatepass"))
    return CheckContext(SETTINGS, readable, PackagedSchemas(), ORIGIN, ("k8s/one", "k8s/two"))


def state_of(bodies: list[dict[str, Any]], choose: random.Random) -> ClusterState:
    """A cluster with these objects, whose Applications are read from them as far as Argo CD reads them."""
    apps: list[RenderedApp] = []
    manifests = [
        replace(manifest, cluster="one", app="app")
        for body in bodies
        for manifest in objects("k8s/one/app/objects.yaml", body)
    ]
    for number, body in enumerate(bodies):
        try:
            application = Application.parse(body) if is_application(body) else None
        except UserError:
            application = None  # rendering reports it
        if application:
            layer = ValuesLayer(f"{APPS}/values.yaml", "image: x\n", repository="config")
            plans = tuple(
                SourcePlan(source, choose.choice(("config", "kubeaid", "")), "k8s/one/app", "HEAD", "", (layer,))
                for source in application.sources
            )
            rendered = RenderedApp("one", "one", f"app-{number}", choose.choice(list(RenderStatus)), "apps")
            path = f"{APPS}/templates/web.yaml"
            apps.append(replace(rendered, path=path, application=application, sources=plans, sync=application.sync))
    path = f"{APPS}/templates/app.yaml"
    apps.append(RenderedApp("one", "one", "app", RenderStatus.RENDERED, "apps", manifests=tuple(manifests), path=path))
    cluster = Cluster("one", "one", f"{APPS}/one-vars.jsonnet")
    return ClusterState(cluster, Version.parse("1.34.0"), "general", tuple(apps), {}, (), {}, ClusterHelm("4.1.4"))


def every_finding(family: str, state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    for module in families.modules(family):
        if hasattr(module, "check"):
            yield from module.check(state, context)
        if hasattr(module, "check_repository"):
            yield from module.check_repository(context)
        if hasattr(module, "suggest"):
            assert all(each.path and each.text for each in module.suggest(state, context))
        if hasattr(module, "coverage"):
            module.coverage(state, context)


@pytest.mark.parametrize("family", families.FAMILIES)
def test_values_of_any_type_are_no_crash(family: str) -> None:
    found = 0
    for seed in range(STATES):
        choose = random.Random(seed)
        bodies = copy.deepcopy(choose.sample(corpus()[1], 8))
        for body in bodies:
            for _ in range(choose.randrange(4)):
                spoil(choose, body)
        state, context = state_of(bodies, choose), context_of(spoiled_files(choose))
        for finding in every_finding(family, state, context):
            assert finding.message
            assert finding.subject
            found += 1
    assert found or family == "values"  # those come from rendering


@pytest.mark.parametrize("wrong", [[], "text", 1, True], ids=repr)
def test_a_specification_of_a_wrong_type_is_reported(wrong: Any) -> None:
    """What cannot be read is not clean: nothing else looks at the pods of such an object."""
    broken = [
        {**deployment(), "spec": wrong},
        {**deployment(), "spec": {**deployment()["spec"], "template": wrong}},
        {**deployment(), "spec": {**deployment()["spec"], "template": {"spec": {"containers": {"a": wrong}}}}},
    ]
    for body in broken:
        state = state_of([body], random.Random(0))
        assert OBJECT_INVALID in {finding.rule for finding in check(state, context_of({}))}


def test_data_of_a_secret_that_is_not_base64_is_no_crash() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login"}, "data": {"password": "geheim-é-x"}}
    path = "k8s/one/app/objects.yaml"
    state, context = state_of([secret], random.Random(0)), context_of({path: documents.dump(secret)})
    assert list(stored.check(state, context)) == []
    assert [(finding.rule, finding.path, finding.line) for finding in secrets.check(state, context)] == [
        (secrets.SECRET_PLAIN, path, 3)
    ]


def test_names_that_look_like_patterns_are_no_crash() -> None:
    """Names and versions of the repository under review are looked up in its files."""
    body = {**deployment(), "metadata": {"name": "web", "namespace": "a("}}
    state = state_of([body, *with_monitoring()], random.Random(0))
    general = GeneralSettings("k8s/one/general.yaml", kubeaid_version="1.0(")
    objects_of_all = state.apps[-1].manifests
    apps = (
        replace(
            app,
            manifests=objects_of_all,
            sources=tuple(replace(plan, repository="kubeaid") for plan in app.sources if plan.source.path != OUTPUT),
        )
        for app in state.apps
    )
    state = replace(state, cluster=replace(state.cluster, general=general), apps=tuple(apps))
    texts = {"k8s/one/general.yaml": 'kubeaidVersion: "1.0("\n', f"{APPS}/one-vars.jsonnet": "{ namespaces: ['a('] }\n"}
    places = {(finding.path, finding.line) for finding in every_finding("gitops", state, context_of(texts))}
    assert places >= {("k8s/one/general.yaml", 1), (f"{APPS}/one-vars.jsonnet", 1)}


def with_monitoring() -> list[dict[str, Any]]:
    """An Application of built monitoring, and one of a chart at a release."""
    sources = {"kube-prometheus": {"repoURL": CONFIG, "path": OUTPUT}, "web": helm()}
    return [documents.load(application(name, source=source), where=name) for name, source in sources.items()]


def test_a_regular_expression_takes_linear_time() -> None:
    """Python's own engine takes years for this one."""
    alert = {"alert": "OutOfSync", "expr": 'argocd_app_info{name=~"(a+)+$"} == 0'}
    name = "a" * 60 + "-b"
    rules = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "argocd"},
        "spec": {"groups": [{"name": "argocd", "rules": [alert]}]},
    }
    bodies = [rules, documents.load(application(name), where=name)]
    (finding,) = alerts.check(state_of(bodies, random.Random(0)), context_of({}))
    assert finding.rule is alerts.ALERTS_MISSING


ENDLESS = (
    *("\n", " ", "a", "a.", "a:", ":", "-", "{", "{{", "A", "Ag", "://", "://:", "-----BEGIN ", "password", "x: ", "'"),
    *("argocd_app_info{", 'argocd_app_info{a="', "PRIVATE KEY-----", "ghp_", "xoxa-", "kind: Secret ", "$values/"),
)


@pytest.mark.parametrize("part", ENDLESS)
def test_a_text_that_repeats_itself_takes_linear_time(part: str) -> None:
    text = part * (200_000 // len(part))
    alert = {"alert": "OutOfSync", "expr": f"argocd_app_info {text}"}
    secret = "kind: Secret\napiVersion: v1\nmetadata: {name: x}\nstringData:\n  a: "
    texts = {
        f"{APPS}/templates/plain.yaml": f"{text}\n!",
        f"{APPS}/templates/secret.yaml": secret + json.dumps(f"{text}\n!"),
        f"{APPS}/values-x.yaml": f"password: abcdefghijkl{text}!\n",
        f"{APPS}/sealed.yaml": f"kind: SealedSecret\n{text}!\n",
        f"{OUTPUT}/secret.yaml": secret + json.dumps(f"{text}\n!"),
        "k8s/one/kubeaid-cli.secrets.yaml": f"{text}\n!",
        "k8s/one/one-vars.jsonnet": f"{{ a: '{text}' }}",
    }
    rules = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "argocd", "namespace": "apps"},
        "spec": {"groups": [{"name": "argocd", "rules": [alert]}]},
    }
    bodies = [rules, documents.load(application("web"), where="web"), deployment(image=text, args=[f"{text}!"])]
    state, context = state_of(bodies, random.Random(0)), context_of(texts)
    start = time.process_time()
    found = [finding for family in families.FAMILIES for finding in every_finding(family, state, context)]
    assert time.process_time() - start < 10
    assert max(len(finding.message) for finding in found) < 2_000


def many(**fields: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "many", "namespace": "apps"}, **fields}


def policy(ingress: list[Any]) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "many", "namespace": "apps"},
        "spec": {"podSelector": {}, "ingress": ingress},
    }


NUMBERS = range(1, 10_001)
LARGE: Mapping[str, list[dict[str, Any]]] = {
    "containers": [deployment(pod={"containers": [{"name": f"c{each}", "image": "a:1"} for each in NUMBERS]})],
    "volumes": [deployment(pod={"volumes": [{"name": f"v{each}", "hostPath": {"path": "/"}} for each in NUMBERS]})],
    "text": [deployment(image="x" * 2_000_000, args=["https://" + "a" * 1_000_000])],
    "keys": [many(data={f"key{each}": "x" * 200 for each in NUMBERS})],
    "binary": [many(binaryData={f"key{each}": base64.b64encode(b"x" * 9).decode() for each in NUMBERS})],
    "peers": [
        deployment(),
        policy([{"from": [{"podSelector": {"matchLabels": {"a": str(each)}}} for each in NUMBERS]}]),
    ],
    "ports of peers": [
        deployment(),
        policy(
            [{"from": [{"podSelector": {"matchLabels": {"a": "b"}}}], "ports": [{"port": each}]} for each in NUMBERS]
        ),
    ],
    "open ports": [deployment(), policy([{"ports": [{"port": each}]} for each in NUMBERS])],
}


@pytest.mark.parametrize("name", LARGE)
def test_ten_thousand_items_take_seconds(name: str) -> None:
    bodies = [{**body, "metadata": {**body["metadata"], "namespace": "apps"}} for body in LARGE[name]]
    state, context = state_of(bodies, random.Random(0)), context_of({})
    start = time.process_time()
    found = [finding for family in families.FAMILIES for finding in every_finding(family, state, context)]
    assert time.process_time() - start < 10
    assert max(len(finding.message) for finding in found) < 2_000
