from typing import Any

import pytest

from kubeaid_ci.build.objects import check, rule_findings, rule_groups
from kubeaid_ci.build.promtool import RuleProblem
from kubeaid_ci.build.rules import OBJECT_DUPLICATE, OBJECT_INVALID, RULES_INVALID
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.k8s.manifest import Manifest, ObjectId


def at(path: str, body: Any) -> Manifest:
    return Manifest(ObjectId.of(body), body, path)


def service(name: str, namespace: str = "a", **more: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace}, **more}


def found(*manifests: Manifest) -> list[Finding]:
    return list(check(manifests, subject="demo"))


def test_whole_and_different_objects_give_no_finding() -> None:
    assert found(at("1.yaml", service("a")), at("2.yaml", service("a", "b")), at("3.yaml", service("b"))) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"kind": "Service", "metadata": {"name": "a"}}, "Service a has no apiVersion"),
        ({"apiVersion": "v1", "metadata": {"name": "a"}}, "a has no kind"),
        ({"apiVersion": "v1", "kind": "Service", "metadata": {}}, "Service has no metadata.name"),
        ({"apiVersion": "v1", "kind": "Service", "metadata": {"name": 7}}, "Service has no metadata.name"),
        ({"apiVersion": "v1", "kind": "", "metadata": None}, "the document has no kind and no metadata.name"),
        ({}, "the document has no apiVersion and no kind and no metadata.name"),
    ],
)
def test_an_object_that_lacks_what_names_it_is_invalid(body: Any, message: str) -> None:
    (finding,) = found(at("x.yaml", body))
    assert (finding.rule, finding.path, finding.subject) == (OBJECT_INVALID, "x.yaml", "demo")
    assert finding.message == message


def test_items_of_a_list_are_checked_each() -> None:
    items = [service("a"), {"apiVersion": "v1", "kind": "Service", "metadata": {}}, service("a", spec=1)]
    findings = found(at("x.yaml", {"apiVersion": "v1", "kind": "List", "items": items}))
    assert [finding.rule for finding in findings] == [OBJECT_INVALID, OBJECT_DUPLICATE]


def test_one_object_in_two_files_is_an_error_that_names_both() -> None:
    (finding,) = found(at("1.yaml", service("a")), at("2.yaml", service("a", spec={"x": 1})))
    assert (finding.rule, finding.severity, finding.path) == (OBJECT_DUPLICATE, Severity.ERROR, "2.yaml")
    assert finding.message == "Service a/a is in 1.yaml as well, with other content"


def test_twins_of_the_same_content_are_a_warning() -> None:
    (finding,) = found(at("1.yaml", service("a")), at("1.yaml", service("a")))
    assert finding.severity is Severity.WARNING
    assert finding.message == "Service a/a is twice in this file, with the same content"


def test_objects_with_a_generated_name_are_each_another() -> None:
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"generateName": "migrate-"}}
    assert found(at("1.yaml", job), at("2.yaml", {**job, "spec": {}})) == []


def test_a_namespace_does_not_make_another_object_of_a_cluster_scoped_kind() -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "a"}}
    placed = {**role, "metadata": {"name": "a", "namespace": "x"}}
    assert [finding.rule for finding in found(at("1.yaml", role), at("2.yaml", placed))] == [OBJECT_DUPLICATE]


def test_another_api_version_does_not_make_another_object() -> None:
    older = {**service("a"), "apiVersion": "v1beta1"}
    assert [finding.rule for finding in found(at("1.yaml", service("a")), at("2.yaml", older))] == [OBJECT_DUPLICATE]


def rule_object(name: str, *groups: Any) -> dict[str, Any]:
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": name},
        "spec": {"groups": list(groups)},
    }


def test_rule_groups_are_gathered_by_file() -> None:
    one, two = {"name": "g", "rules": []}, {"name": "h", "rules": []}
    manifests = [at("1.yaml", rule_object("a", one, two)), at("2.yaml", rule_object("b", one))]
    manifests.append(at("3.yaml", service("a", spec={"groups": [one]})))
    assert rule_groups(manifests) == {"1.yaml": [one, two], "2.yaml": [one]}


def test_groups_of_two_objects_in_one_file_keep_apart() -> None:
    group: dict[str, Any] = {"name": "g", "rules": []}
    listed = {"kind": "List", "items": [rule_object("a", group), rule_object("b", group)]}
    assert [group["name"] for group in rule_groups([at("1.yaml", listed)])["1.yaml"]] == ["g", "g (b)"]


def test_a_group_that_is_twice_in_one_object_is_left_for_prometheus_to_refuse() -> None:
    group: dict[str, Any] = {"name": "g", "rules": []}
    assert rule_groups([at("1.yaml", rule_object("a", group, group))]) == {"1.yaml": [group, group]}


@pytest.mark.parametrize("group", ["text", None, {"name": ["g"]}, {"rules": []}])
def test_groups_without_a_name_are_left_for_prometheus_to_refuse(group: Any) -> None:
    manifests = [at("1.yaml", rule_object("a", group)), at("1.yaml", rule_object("b", group))]
    assert rule_groups(manifests) == {"1.yaml": [group, group]}


def test_a_rule_object_without_groups_has_none() -> None:
    assert rule_groups([at("1.yaml", {**rule_object("a"), "spec": None})]) == {"1.yaml": []}


def test_a_refused_rule_is_named_with_its_group() -> None:
    problems = [RuleProblem("1.yaml", "g", "A", "parse error"), RuleProblem("1.yaml", None, None, "bad")]
    findings = list(rule_findings(problems, subject="demo"))
    assert [finding.message for finding in findings] == ["group g, rule A: parse error", "bad"]
    assert {finding.rule for finding in findings} == {RULES_INVALID}
