"""What a schedule backs up, by https://velero.io/docs/main/resource-filtering/."""

from typing import Any

import pytest

from kubeaid_ci.k8s.selectors import Labels
from kubeaid_ci.k8s.velero import Filter, Mount, skip_rules


@pytest.mark.parametrize(
    ("template", "included"),
    [
        ({}, True),
        ({"includedNamespaces": []}, True),
        ({"includedNamespaces": ["*"]}, True),
        ({"includedNamespaces": ["shop", "web"]}, True),
        ({"includedNamespaces": ["shop"]}, False),
        ({"includedNamespaces": ["w*"]}, True),
        ({"excludedNamespaces": ["web"]}, False),
        ({"includedNamespaces": ["web"], "excludedNamespaces": ["web"]}, False),
        ({"includedNamespaces": ["*"], "excludedNamespaces": ["shop"]}, True),
    ],
)
def test_excluded_namespaces_win(template, included):
    assert Filter(template).has_namespace("web") is included


@pytest.mark.parametrize(
    ("template", "included"),
    [
        ({}, True),
        ({"includedResources": ["*"]}, True),
        ({"includedResources": ["deployments", "persistentvolumeclaims"]}, True),
        ({"includedResources": ["pvc"]}, True),
        ({"includedResources": ["deployments"]}, False),
        ({"excludedResources": ["events"]}, True),
        ({"excludedResources": ["persistentvolumeclaims"]}, False),
        ({"includedNamespaceScopedResources": ["secrets"]}, False),
        ({"excludedNamespaceScopedResources": ["*"]}, False),
        ({"includedResources": ["*"], "excludedResources": ["PVC"]}, False),
    ],
)
def test_claims_are_resources_like_others(template, included):
    assert Filter(template).has_claims() is included


@pytest.mark.parametrize(
    ("template", "labels", "answer"),
    [
        ({}, Labels({}), True),
        ({}, Labels({"velero.io/exclude-from-backup": "true"}), False),
        ({}, Labels({"velero.io/exclude-from-backup": "false"}), True),
        ({"labelSelector": {"matchLabels": {"a": "b"}}}, Labels({"a": "b"}), True),
        ({"labelSelector": {"matchLabels": {"a": "b"}}}, Labels({"a": "c"}), False),
        ({"labelSelector": {"matchLabels": {"a": "b"}}}, Labels({}, complete=False), None),
        ({"orLabelSelectors": [{"matchLabels": {"a": "b"}}, {"matchLabels": {"c": "d"}}]}, Labels({"c": "d"}), True),
        ({"orLabelSelectors": [{"matchLabels": {"a": "b"}}, {"matchLabels": {"c": "d"}}]}, Labels({"c": "e"}), False),
        ({"labelSelector": {"matchLabels": [1]}}, Labels({}), True),
    ],
)
def test_labels_select(template, labels, answer):
    assert Filter(template).selects(labels) is answer


DEFAULT: dict[str, Any] = {"defaultVolumesToFsBackup": True}


@pytest.mark.parametrize(
    ("template", "annotations", "saved"),
    [
        ({}, {}, False),
        ({}, {"backup.velero.io/backup-volumes": "tmp, data"}, True),
        ({}, {"backup.velero.io/backup-volumes": "tmp"}, False),
        (DEFAULT, {}, True),
        (DEFAULT, {"backup.velero.io/backup-volumes-excludes": "data"}, False),
        ({"defaultVolumesToRestic": True}, {}, True),
    ],
)
def test_files_are_copied_from_pods(template, annotations, saved):
    assert Filter(template).saves_files([Mount(annotations, "data")]) is saved
    assert Filter(template).saves_files([]) is False


def policy(action: str = "skip", **conditions: Any) -> dict[str, Any]:
    return {"volumePolicies": [{"conditions": conditions, "action": {"type": action}}]}


@pytest.mark.parametrize(
    ("rules", "skipped"),
    [
        (policy(pvcLabels={"app": "db"}), True),
        (policy(pvcLabels={"app": "db", "tier": "x"}), False),
        (policy(storageClass=["fast", "slow"]), True),
        (policy(storageClass=["slow"]), False),
        (policy(pvcLabels={"app": "db"}, storageClass=["slow"]), False),
        (policy("fs-backup", pvcLabels={"app": "db"}), False),
        # Conditions that Git does not decide.
        (policy(pvcLabels={"app": "db"}, capacity="0,10Gi"), False),
        (policy(), False),
        ({"volumePolicies": "text"}, False),
        (None, False),
    ],
)
def test_a_resource_policy_skips_volumes(rules, skipped):
    assert any(rule.matches(Labels({"app": "db"}), "fast") for rule in skip_rules(rules)) is skipped
