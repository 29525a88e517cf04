import pytest

from kubeaid_ci.build.vars import check, template
from kubeaid_ci.findings.finding import Severity

DEFAULTS = {
    "prometheus": {"storage": {"size": "30Gi"}, "retention": "30d"},
    "prometheus_scrape_namespaces": [],
    "addMixins": {"velero": False, "sealedsecrets": True},
    "replicas": 2,
    "grafana_root_url": "",
    "nothing": None,
    "dashboards": {},
}
TEXT = """
assert std.member(['kops', 'kubeadm', "eks"], vars.platform);
x: if std.objectHas(vars, 'certname') then vars.certname, y: std.get(vars, 'extra_configs', false), z: vars['blackbox-exporter'],
"""
KNOWN = template(DEFAULTS, [TEXT])


def found(values, text=""):
    return [
        (finding.severity, finding.line, finding.message)
        for finding in check(values, KNOWN, path="v.jsonnet", text=text, subject="x")
    ]


def test_template_knows_its_defaults_and_what_its_code_reads():
    assert {"certname", "extra_configs", "blackbox-exporter", "platform", "replicas"} <= KNOWN.names
    assert KNOWN.platforms == ("kops", "kubeadm", "eks")


def test_right_vars_say_nothing():
    assert found({"platform": "eks", "certname": "x", "prometheus": {"storage": {"size": "1Gi"}}, "mine": 1}) == []


def test_unknown_platform():
    text = "{\n  // platform: here\n  'platform': 'kop',\n}"
    message = "unknown platform 'kop'; it is one of kops, kubeadm, eks; did you mean kops?"
    assert found({"platform": "kop"}, text) == [(Severity.ERROR, 3, message)]


@pytest.mark.parametrize(
    ("values", "name", "right"),
    [
        ({"prometheus_scrape_namespace": []}, "prometheus_scrape_namespace", "prometheus_scrape_namespaces"),
        ({"prometheus": {"retentoin": "7d"}}, "prometheus.retentoin", "retention"),
        ({"prometheus": {"storage": {"sizes": "7d"}}}, "prometheus.storage.sizes", "size"),
        ({"addMixins": {"sealed-secrets": True}}, "addMixins.sealed-secrets", "sealedsecrets"),
    ],
)
def test_likely_typo_names_the_right_key(values, name, right):
    ((severity, _, message),) = found(values)
    assert severity is Severity.WARNING
    assert message == f"{name} is no variable that the template knows; did you mean {right}?"


def test_key_that_is_like_no_other_is_the_users_own():
    assert found({"my_own_setting": 1, "dashboards": {"a.json": {}}}) == []


def test_near_key_beside_the_right_one_is_no_typo():
    assert found({"replicas": 2, "replicass": 3}) == []


@pytest.mark.parametrize(
    ("values", "severity", "message"),
    [
        (
            {"addMixins": ["velero"]},
            Severity.ERROR,
            "addMixins is an array; the template's default is an object",
        ),
        ({"prometheus": {"storage": "1Gi"}}, Severity.ERROR, "prometheus.storage is a string"),
        ({"replicas": "2"}, Severity.WARNING, "replicas is a string; the template's default is a number"),
        ({"addMixins": {"velero": "yes"}}, Severity.WARNING, "addMixins.velero is a string"),
    ],
)
def test_wrong_types(values, severity, message):
    ((got, _, text),) = found(values)
    assert got is severity
    assert text.startswith(message)


def test_null_and_defaults_of_null_have_any_type():
    assert found({"replicas": None, "nothing": 3}) == []


def test_whole_numbers_and_fractions_are_one_type():
    assert found({"replicas": 1.5}) == []
