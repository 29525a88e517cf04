"""What `build` writes for expressions on which jsonnet engines differ: the answer of the platform's go-jsonnet 0.20."""

import base64
import json
from pathlib import Path

import pytest

import kubeaid_ci
from kubeaid_ci import documents
from kubeaid_ci.build.result import BuildStatus
from tests import repos
from tests.repos import Repos, vars_file

OUTPUT = "k8s/one/kube-prometheus/extra.yaml"


@pytest.fixture
def two(tmp_path: Path) -> Repos:
    return Repos(repos.kubeaid(tmp_path / "kubeaid"), repos.config(tmp_path / "config", {"one": vars_file()}))


@pytest.fixture
def value_of(two: Repos):
    """Build a ConfigMap with an expression as its value; return what is written."""

    def run(expression: str, files: dict[str, str | bytes] | None = None, **options):
        more = (
            "{ extra: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { v: "
            + expression
            + " } } }"
        )
        repos.write(two.config, {"k8s/one/one-vars.jsonnet": vars_file(more=more), **(files or {})})
        builds = kubeaid_ci.build_clusters(two.config, two.kubeaid, cache=False, **options)
        assert builds.findings == ()
        assert [result.status for result in builds.results if result.dir == "one"] == [BuildStatus.CHANGED]
        (body,) = documents.load_all((two.config / OUTPUT).read_bytes(), where=OUTPUT)
        return body["data"]["v"]

    return run


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'%.1f%%' % 99.95", "100.0%"),
        ("'%.1f' % -0.25", "-0.3"),
        ("'%08.2f' % -3.14159", "-0003.14"),
        ("'%.2f' % 0.1 + '|%.2f' % (995 / 1000)", "0.10|1.00"),
        ("'> %.2f' % 1", "> 1.00"),
        ("std.format('> %.2f', -0.25)", "> -0.25"),
        ("'%(a).1f' % { a: 2.25 }", "2.3"),
        ("local f = std.format; f('%.1f', [99.95])", "100.0"),
        ("'%e' % 0", "0.000000e+00"),
        ("'%g' % 0.00001", "1e-05"),
        ("'%-6s|' % 'é'", "é     |"),
        ("'x > %s' % 0.00001", "x > 1.0000000000000001e-05"),
        ("'x > %s' % 1e-7", "x > 9.9999999999999995e-08"),
        ("'' + -0.00001", "-1.0000000000000001e-05"),
        ("'' + 1e22 / 3", "3333333333333333508096"),
        ("'%s' % [[0.1, 1]]", "[0.10000000000000001, 1]"),
        ("std.toString({ a: 0.1 })", '{"a": 0.10000000000000001}'),
        ("std.join(',', ['' + 0.7, std.toString(0.1)])", "0.69999999999999996,0.10000000000000001"),
        ("std.parseYaml('on: push')", {True: "push"}),
        (r"std.toString('\u2028\u0080')", "\u2028\u0080"),
        (r"std.toString(['\u0080'])", '["\\u0080"]'),
        (r"std.escapeStringJson('\u0080')", '"\\u0080"'),
        (r"std.manifestJsonEx('\u2028', ' ')", '"\\u2028"'),
        ("std.toString(0.1 + 0.2 == 0.3)", "false"),
        ("local f(x) = if x == 0 then 'end' else f(x - 1) tailstrict; f(100000)", "end"),
        ("local std = { toString(x): 'own' }; std.toString(0.1)", "own"),
        ("[x for x in std.range(1, 3) if x % 2 == 1]", [1, 3]),
    ],
)
def test_value_is_what_the_platform_builds(value_of, expression, expected):
    value = value_of(expression)
    if isinstance(expected, dict):
        assert {str(key).lower(): inner for key, inner in value.items()} == {"true": "push"}
    else:
        assert value == expected


DATA = "base: &d {k: 1}\nuse: {<<: *d, l: yes}\n"


def test_yaml_is_read_as_yaml_1_1_with_merged_keys(value_of):
    value = value_of("std.parseYaml(importstr 'data.yaml')", {"k8s/one/data.yaml": DATA})
    assert value == {"base": {"k": 1}, "use": {"k": 1, "l": True}}


def test_key_that_gojsontoyaml_refuses_fails_the_cluster(two):
    repos.write(two.config, {"k8s/one/one-vars.jsonnet": vars_file(more=r"{ extra: { 'a\u2028': 1 } }")})
    (result,) = kubeaid_ci.build_clusters(two.config, two.kubeaid, cache=False).results
    assert result.status is BuildStatus.FAILED


@pytest.mark.parametrize("engine", ["rjsonnet", "gojsonnet", "jsonnet"])
def test_data_keeps_its_bytes(value_of, engine):
    data = b"\xef\xbb\xbfa;b\r\n"
    files = {"k8s/one/x.csv": data, "k8s/one/y.libsonnet": b"\xef\xbb\xbf{ a: 'code' }"}
    if engine != "jsonnet":
        value = value_of("std.base64(importbin 'x.csv') + (import 'y.libsonnet').a", files, engine=engine)
        assert value == base64.b64encode(data).decode() + "code"
    value = value_of("std.base64(std.encodeUTF8(importstr 'x.csv'))", files, engine=engine)
    assert value == base64.b64encode(data).decode()


def test_one_file_as_code_and_as_data(value_of):
    files = {"k8s/one/y.libsonnet": "{ a: '%.1f' % 99.95 }"}
    value = value_of("[import 'y.libsonnet', importstr 'y.libsonnet', importstr './y.libsonnet']", files)
    assert value == [{"a": "100.0"}, files["k8s/one/y.libsonnet"], files["k8s/one/y.libsonnet"]]


@pytest.mark.parametrize("engine", ["rjsonnet", "gojsonnet", "jsonnet"])
def test_import_is_resolved_next_to_the_link(two, engine):
    for cluster, region in (("alpha", "north"), ("beta", "south")):
        vars_text = "(import 'common.libsonnet') { more: { extra: { a: $.region } } } + " + vars_file()
        repos.write(two.config, {f"k8s/{cluster}/{cluster}-vars.jsonnet": vars_text})
        repos.write(two.config, {f"k8s/{cluster}/local.libsonnet": json.dumps({"region": region})})
    common = "{ region: (import 'local.libsonnet').region }"
    repos.write(two.config, {"k8s/alpha/common.libsonnet": common})
    (two.config / "k8s/beta/common.libsonnet").symlink_to("../alpha/common.libsonnet")
    builds = kubeaid_ci.build_clusters(two.config, two.kubeaid, cache=False, engine=engine, clusters=["alpha", "beta"])
    assert builds.failed == ()
    written = [
        (two.config / f"k8s/{name}/kube-prometheus/extra.yaml").read_text().strip() for name in ("alpha", "beta")
    ]
    assert written == ["a: north", "a: south"]


def test_link_in_the_middle_of_a_path_does_not_lead_out(two):
    repos.write(two.config, {"../outside/secret.libsonnet": "'secret'"})
    (two.config / "k8s/one/lib").symlink_to("../../../outside")
    repos.write(two.config, {"k8s/one/one-vars.jsonnet": "{ a: import 'lib/secret.libsonnet' }"})
    (finding,) = kubeaid_ci.build_clusters(two.config, two.kubeaid, cache=False).findings
    assert "refused" in finding.message
