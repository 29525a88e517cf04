from collections.abc import Sequence
from typing import Any

import pytest

from kubeaid_ci.compare.noise import NOISE
from kubeaid_ci.k8s.quantity import quantity
from tests.compare.rendered import changed, changes, container, found, obj, paths, workload

POD = ("spec", "template", "metadata")
CRD = obj("CustomResourceDefinition", api="apiextensions.k8s.io/v1")
SCHEMA = ("spec", "versions", 0, "schema", "openAPIV3Schema")


def annotated(name: str, value: str | None, *, at: Any = POD, **more: Any) -> Any:
    body = workload(**more)
    return body if value is None else changed(body, *at, "annotations", name, to=value)


def labelled(name: str, value: str, *, at: Any = POD) -> Any:
    return changed(workload(), *at, "labels", name, to=value)


def limited(amount: Any) -> Any:
    return workload(pod={"containers": [container(resources={"limits": {"cpu": amount}})]})


def crd(schema: Any, **more: Any) -> Any:
    versions = [{"name": "v1", "schema": {"openAPIV3Schema": schema}}]
    return obj("CustomResourceDefinition", api="apiextensions.k8s.io/v1", spec={"versions": versions}, **more)


def webhook(bundle: str | None) -> Any:
    config = {} if bundle is None else {"caBundle": bundle}
    webhooks = [{"name": "w", "clientConfig": config}]
    return obj("MutatingWebhookConfiguration", api="admissionregistration.k8s.io/v1", webhooks=webhooks)


def application(*entries: Any, image: str = "a", options: Sequence[str] = ("RespectIgnoreDifferences=true",)) -> Any:
    spec = {"ignoreDifferences": list(entries), "image": image, "syncPolicy": {"syncOptions": list(options)}}
    return obj("Application", "web", api="argoproj.io/v1alpha1", spec=spec)


NO_OPS = [
    ("checksum-annotation", annotated("checksum/config", "a" * 64), annotated("checksum/config", "b" * 64)),
    ("checksum-annotation", annotated("checksum/config", None), annotated("checksum/config", "b" * 64)),
    ("checksum-annotation", annotated("rollme", "aB3xY"), annotated("rollme", "Zy1Qq")),
    ("chart-label", labelled("helm.sh/chart", "web-1.0.0"), labelled("helm.sh/chart", "web-1.1.0")),
    ("chart-label", labelled("chart", "web-1.0.0", at=("metadata",)), labelled("chart", "web-1.1.0", at=("metadata",))),
    ("version-label", labelled("app.kubernetes.io/version", "1"), labelled("app.kubernetes.io/version", "2")),
    ("version-label", labelled("heritage", "Tiller"), labelled("heritage", "Helm")),
    (
        "generator-annotation",
        changed(CRD, "metadata", "annotations", to={"controller-gen.kubebuilder.io/version": "v1"}),
        changed(CRD, "metadata", "annotations", to={"controller-gen.kubebuilder.io/version": "v2"}),
    ),
    ("ca-bundle", webhook("QUFB"), webhook("QkJC")),
    ("server-field", workload(metadata={"generation": 1}), workload(metadata={"generation": 2})),
    ("status", workload(status={"replicas": 1}), workload()),
    ("server-field", workload(metadata={"creationTimestamp": None}), workload()),
    ("null-field", workload(spec={"paused": None}), workload()),
    ("quantity-spelling", limited("100m"), limited(0.1)),
    ("quantity-spelling", limited("1"), limited("1000m")),
    ("crd-description", crd({"description": "a"}), crd({"description": "b"})),
    ("text-spelling", obj("ConfigMap", data={"a": '{"x": 1}'}), obj("ConfigMap", data={"a": '{\n"x":1}'})),
    ("text-spelling", obj("ConfigMap", data={"a": "x: 1\ny: 2\n"}), obj("ConfigMap", data={"a": "y: 2\nx: 1 # one\n"})),
    ("api-spelling", workload(spec={"paused": False}), workload()),
    (
        "ignored-by-application",
        [
            application({"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}),
            workload(spec={"replicas": 1}),
        ],
        [
            application({"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}),
            workload(spec={"replicas": 2}),
        ],
    ),
    (
        "ignored-by-application",
        [
            application({"kind": "*", "group": "*", "jqPathExpressions": ['.metadata.annotations["a/b"]']}),
            annotated("a/b", "1", at=("metadata",)),
        ],
        [
            application({"kind": "*", "group": "*", "jqPathExpressions": ['.metadata.annotations["a/b"]']}),
            annotated("a/b", "2", at=("metadata",)),
        ],
    ),
]


@pytest.mark.parametrize(("rule", "old", "new"), NO_OPS)
def test_a_crafted_no_op_shows_nothing_but_under_its_rule(rule: str, old: Any, new: Any) -> None:
    assert changes(old, new) == []
    assert {field.noise for change in changes(old, new, noise=True) for field in change.fields} == {rule}


def test_every_rule_has_a_no_op() -> None:
    assert {rule for rule, _, _ in NO_OPS} == set(NOISE)


COVERED = [
    (
        annotated("checksum/config", "a" * 64),
        annotated("checksum/config", "rm -rf /"),
        f"{'.'.join(POD)}.annotations[checksum/config]",
    ),
    (
        labelled("helm.sh/chart", "web-1"),
        labelled("helm.sh/chart", "not a chart"),
        f"{'.'.join(POD)}.labels[helm.sh/chart]",
    ),
    (
        workload(spec={"selector": {"matchLabels": {"helm.sh/chart": "web-1.0.0"}}}),
        workload(spec={"selector": {"matchLabels": {"helm.sh/chart": "web-1.1.0"}}}),
        "spec.selector.matchLabels[helm.sh/chart]",
    ),
    (
        obj("Service", spec={"selector": {"app.kubernetes.io/version": "1"}}),
        obj("Service", spec={"selector": {"app.kubernetes.io/version": "2"}}),
        "spec.selector[app.kubernetes.io/version]",
    ),
    (webhook("QUFB"), webhook(None), "webhooks[w].clientConfig.caBundle"),
    (webhook("QUFB"), webhook(" <script>"), "webhooks[w].clientConfig.caBundle"),
    (obj("Thing", spec={"status": 1}), obj("Thing", spec={"status": 2}), "spec.status"),
    (obj("Thing", spec={"a": None}), obj("Thing", spec={"a": ""}), "spec.a"),
    (limited("100m"), limited("101m"), "spec.template.spec.containers[main].resources.limits.cpu"),
    (limited("1m"), limited("1M"), "spec.template.spec.containers[main].resources.limits.cpu"),
    (
        workload(pod={"containers": [container(args=["1"])]}),
        workload(pod={"containers": [container(args=["1000m"])]}),
        "spec.template.spec.containers[main].args[0]",
    ),
    (
        crd({"properties": {"description": {"type": "string"}}}),
        crd({"properties": {"description": {"type": "integer"}}}),
        "spec.versions[v1].schema.openAPIV3Schema.properties.description.type",
    ),
    (
        crd({"properties": {"a": {"default": {"description": "x"}}}}),
        crd({"properties": {"a": {"default": {"description": "y"}}}}),
        "spec.versions[v1].schema.openAPIV3Schema.properties.a.default.description",
    ),
    (
        obj("ConfigMap", data={"a": "metadata:\n  labels: {heritage: a}\n"}),
        obj("ConfigMap", data={"a": "metadata:\n  labels: {heritage: b}\n"}),
        "data.a.metadata.labels.heritage",
    ),
    (
        changed(
            workload("StatefulSet"),
            "spec",
            "volumeClaimTemplates",
            to=[{"metadata": {"name": "d", "labels": {"heritage": "a"}}}],
        ),
        changed(
            workload("StatefulSet"),
            "spec",
            "volumeClaimTemplates",
            to=[{"metadata": {"name": "d", "labels": {"heritage": "b"}}}],
        ),
        "spec.volumeClaimTemplates[0].metadata.labels.heritage",
    ),
]


@pytest.mark.parametrize(("old", "new", "path"), COVERED)
def test_a_change_under_cover_of_noise_is_shown(old: Any, new: Any, path: str) -> None:
    assert paths(old, new) == [path]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("3.10", "3.1"),
        ("010", "8"),
        ("0x10", "16"),
        ("1_000", "1000"),
        ("1e3", "1000.0"),
        ("0.1", "0.10000000000000001"),
        ("12345678901234567890123", "12345678901234567890124"),
        ("yes", "true"),
        ("y", "true"),
        ("True", "true"),
        ("2020-01-01", '"2020-01-01"'),
        ("12:30", '"12:30"'),
        ("!Ref x", "x"),
        ("!!binary aGk=", "hi"),
    ],
)
def test_a_scalar_that_programs_read_in_different_ways_is_shown_as_it_is_written(old: str, new: str) -> None:
    before, after = (f"version: {value}\nother: {{a: 1}}\n" for value in (old, new))
    assert paths(obj("ConfigMap", data={"a": before}), obj("ConfigMap", data={"a": after})) == ["data.a"]
    # The same next to another change: nothing of the text is left out.
    more = obj("ConfigMap", data={"a": f"{after}more: 1\n"})
    assert paths(obj("ConfigMap", data={"a": before}), more) == ["data.a"]


@pytest.mark.parametrize(
    ("old", "new"), [("~", "null"), ("'a'", "a"), ("[1, 2]", "\n- 1\n- 2"), ("&x 1", "1"), ("a != 1", '"a != 1"')]
)
def test_quotes_styles_and_nulls_of_a_text_mean_the_same(old: str, new: str) -> None:
    before, after = (f"version: {value}\nother: {{a: 1}}\n" for value in (old, new))
    assert paths(obj("ConfigMap", data={"a": before}), obj("ConfigMap", data={"a": after})) == []


@pytest.mark.parametrize(("_", "old", "new"), NO_OPS)
def test_noise_beside_an_image_hides_it_not(_: str, old: Any, new: Any) -> None:
    old, new = (side if isinstance(side, list) else [side] for side in (old, new))
    other = workload(metadata={"name": "other"})
    moved = changed(other, "spec", "template", "spec", "containers", 0, "image", to="evil.example.com/web:1")
    assert paths([*old, other], [*new, moved]) == ["spec.template.spec.containers[main].image"]


def ignoring(*entries: Any) -> Any:
    return application(*entries)


REPLICAS = {"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], [REPLICAS]),
        ([REPLICAS | {"name": "other"}], [REPLICAS | {"name": "other"}]),
        ([REPLICAS | {"kind": "StatefulSet"}], [REPLICAS | {"kind": "StatefulSet"}]),
        ([REPLICAS | {"jsonPointers": ["/spec/other"]}], [REPLICAS | {"jsonPointers": ["/spec/other"]}]),
        ([{"kind": "*", "group": "*", "jqPathExpressions": [".spec | .replicas"]}],) * 2,
    ],
)
def test_what_an_application_does_not_ignore_on_both_sides_is_shown(before: Any, after: Any) -> None:
    old, new = workload(spec={"replicas": 1}), workload(spec={"replicas": 2})
    made = found([ignoring(*before), old], [ignoring(*after), new])
    assert [one.counts for one in made if one.manifest.key.kind == "Deployment"] == [True]


@pytest.mark.parametrize(
    ("before", "after", "counts"),
    [
        ((), (), True),
        (("RespectIgnoreDifferences=false",), ("RespectIgnoreDifferences=false",), True),
        ((), ("RespectIgnoreDifferences=true",), True),
        (("RespectIgnoreDifferences=true",), (), True),
        (("RespectIgnoreDifferences=true",), ("Prune=false", "RespectIgnoreDifferences=true"), False),
    ],
)
@pytest.mark.parametrize("pointer", ["/spec/replicas", "/spec/template/spec/containers/0/env"])
def test_a_sync_applies_what_is_ignored_unless_the_application_respects_that(
    before: Sequence[str], after: Sequence[str], pointer: str, *, counts: bool
) -> None:
    entry = {"group": "apps", "kind": "Deployment", "jsonPointers": [pointer]}
    pods = [{"containers": [container(env=[{"name": "a", "value": str(n)}])]} for n in range(2)]
    bodies = [workload(spec={"replicas": n}) for n in range(2)]
    if pointer != "/spec/replicas":
        bodies = [workload(pod=pod) for pod in pods]
    sides = ([application(entry, options=options), body] for options, body in zip((before, after), bodies, strict=True))
    made = [one for one in found(*sides) if one.manifest.key.kind == "Deployment"]
    assert [one.counts for one in made] == [counts]


@pytest.mark.parametrize(
    ("image", "policy", "counts"),
    [
        ("web:1.0", "IfNotPresent", False),
        ("web:1.0", "Always", True),
        ("web", "Always", False),
        ("web:latest", "Always", False),
        ("web:latest", "IfNotPresent", True),
        ("registry.example.com:5000/web", "Always", False),
        ("registry.example.com:5000/web", "IfNotPresent", True),
        (f"web@sha256:{'a' * 64}", "IfNotPresent", False),
        (f"web:latest@sha256:{'a' * 64}", "Always", False),
        ("web:1.0", "Never", True),
    ],
)
def test_the_pull_policy_of_an_image_is_spelled_or_left_out(image: str, policy: str, *, counts: bool) -> None:
    old, new = (
        workload(pod={"containers": [{"name": "main", "image": image, **said}]})
        for said in ({}, {"imagePullPolicy": policy})
    )
    assert [one.counts for one in found(old, new)] == [counts]
    assert [one.counts for one in found(new, old)] == [counts]


def test_an_image_is_shown_whatever_the_application_ignores() -> None:
    everything = ignoring(
        {"group": "*", "kind": "*", "jsonPointers": ["/spec"], "jqPathExpressions": [".spec.template"]}
    )
    new = changed(workload(), "spec", "template", "spec", "containers", 0, "image", to="evil:1")
    assert paths([everything, workload()], [everything, new]) == ["spec.template.spec.containers[main].image"]
    whole = changed(workload(), "spec", "template", "spec", "initContainers", to=[container("evil")])
    assert paths([everything, workload()], [everything, whole]) == ["spec.template.spec.initContainers"]


@pytest.mark.parametrize(
    ("one", "other"),
    [("100m", 0.1), ("1Ki", 1024), ("1e3", "1k"), ("0.5Gi", "512Mi"), ("1E3", 1000), (".5", "500m"), ("2", 2)],
)
def test_one_amount_has_many_spellings(one: Any, other: Any) -> None:
    assert quantity(one) == quantity(other) is not None


@pytest.mark.parametrize("text", ["", "m", "1 Gi", "1e999", "9" * 30, True, None, [1], "0x10", "1KiB"])
def test_what_is_no_amount_has_none(text: Any) -> None:
    assert quantity(text) is None
