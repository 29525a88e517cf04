"""Objects in one form, whatever way they are written: as the API server, or Argo CD, makes of them."""

import base64
import binascii
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.compare.api_defaults import CONTAINER, EMPTY, defaults
from kubeaid_ci.compare.matching import same
from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.image import Image
from kubeaid_ci.k8s.manifest import ObjectId

_Body = Mapping[str, Any]
_MOST_GRANTS = 5_000
_LONGEST_VALUES = 256 * 1024
_RBAC = "rbac.authorization.k8s.io"
_OPEN = frozenset(
    {"annotations", "binaryData", "data", "labels", "matchLabels", "nodeSelector", "selector", "versions"}
)
"""Mappings whose keys are names that somebody chose, and schemas: they stay as they are."""


def in_one_form(old: _Body, new: _Body, key: ObjectId) -> tuple[_Body, _Body]:
    """Return both states of an object in one form: without server defaults, and with one form for equivalent fields.

    The very same values where the kind has no other forms.
    """
    at = defaults(key.group, key.kind)
    if at is None:
        return old, new
    if key.group == "argoproj.io":
        old, new = _application(old, new)
    elif key.group == _RBAC and same_grants(old.get("rules"), new.get("rules")):
        new = {**new, "rules": old.get("rules")}
    special = _SPECIAL.get(key.kind)
    before, after = (_plain(special(side) if special else side, (), at) for side in (old, new))
    return before, after


def _plain(value: Any, place: tuple[str, ...], at: Callable[[tuple[str, ...]], _Body]) -> Any:
    """Return a value without defaults, nulls and empty fields that mean nothing."""
    if isinstance(value, list):
        return [_plain(item, place, at) for item in value]
    if not isinstance(value, dict) or (place and place[-1] in _OPEN):
        return value
    known = at(place)
    found: dict[str, Any] = {}
    for name, item in value.items():
        below = _plain(item, (*place, str(name)), at) if isinstance(item, dict | list) else item
        empty = below is None or (name in EMPTY and below in ({}, []))
        if not empty and not (name in known and same(below, known[name])):
            found[name] = below
    if known is CONTAINER and found.get("imagePullPolicy") == _pull_policy(value.get("image")):
        del found["imagePullPolicy"]
    return found


def _pull_policy(image: Any) -> str:
    """Return the policy of a container without one (`SetDefaults_Container` in Kubernetes' pkg/apis/core/v1)."""
    if not isinstance(image, str) or not image:
        return ""
    reference = Image.parse(image)
    newest = reference.tag == "latest" or not (reference.tag or reference.digest)
    return "Always" if newest else "IfNotPresent"


def same_grants(old: Any, new: Any) -> bool:
    """Return whether two lists of rules of a role allow the same, however it is spread over them."""
    before, after = _grants(old), _grants(new)
    return before is not None and before == after


def _grants(rules: Any) -> set[tuple[str, ...]] | None:
    """Return every single permission; None if there are too many, or a rule has another form."""
    found: set[tuple[str, ...]] = set()
    for rule in rules if isinstance(rules, list) else []:
        fields: list[Any] = [rule.get(name) or [] for name in _GRANTS] if isinstance(rule, dict) else [None]
        if not all(isinstance(field, list) and all(isinstance(item, str) for item in field) for field in fields):
            return None
        verbs, groups, resources, names, addresses = fields
        if len(verbs) * (len(groups) * len(resources) * max(len(names), 1) + len(addresses)) > _MOST_GRANTS:
            return None
        # The name `*` is no wildcard: it permits nothing more than an object of that name.
        found |= set(product(verbs, groups, resources, names) if names else product(verbs, groups, resources))
        found |= set(product(verbs, addresses))
    return found


_GRANTS = ("verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs")


def _secret(body: _Body) -> _Body:
    """Move what is given as text into the data, which it overrides."""
    texts, data = body.get("stringData"), body.get("data") or {}
    if not isinstance(data, dict) or not (texts is None or isinstance(texts, dict)):
        return body
    joined = {name: _unwrapped(item) for name, item in data.items()}
    joined |= {name: _encoded(item) for name, item in (texts or {}).items()}
    return {name: item for name, item in body.items() if name != "stringData"} | {"data": joined}


def _encoded(text: Any) -> Any:
    return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode() if isinstance(text, str) else text


def _unwrapped(text: Any) -> Any:
    """Return Base64 on one line, as it is stored; invalid text is kept, which the API server rejects."""
    if not isinstance(text, str) or "\n" not in text:
        return text
    try:
        return base64.b64encode(base64.b64decode("".join(text.split("\n")), validate=True)).decode()
    except (binascii.Error, ValueError):
        return text


def _service(body: _Body) -> _Body:
    """Drop a target port that is the same as the port, its default."""
    spec = _below(body, "spec")
    if not isinstance(spec.get("ports"), list):
        return body
    plain = [_without(port, "targetPort") if _leads_to_itself(port) else port for port in spec["ports"]]
    return {**body, "spec": {**spec, "ports": plain}}


def _leads_to_itself(port: Any) -> bool:
    return isinstance(port, dict) and same(port.get("targetPort"), port.get("port"))


def _binding(body: _Body) -> _Body:
    """Fill in the group of a subject, which follows from its kind."""
    subjects = body.get("subjects")
    if not isinstance(subjects, list):
        return body
    return {**body, "subjects": [_without(one, "apiGroup") if _of_the_group(one) else one for one in subjects]}


def _of_the_group(subject: Any) -> bool:
    if not isinstance(subject, dict):
        return False
    return subject.get("apiGroup") == ("" if subject.get("kind") == "ServiceAccount" else _RBAC)


def _policy(body: _Body) -> _Body:
    """Fill in the directions of a network policy: ingress, and egress if it has rules for it."""
    spec = _below(body, "spec")
    types = spec.get("policyTypes")
    if not isinstance(types, list) or not all(isinstance(one, str) for one in types):
        return body
    implied = {"Ingress", "Egress"} if spec.get("egress") else {"Ingress"}
    return {**body, "spec": _without(spec, "policyTypes")} if set(types) == implied else body


def _definition(body: _Body) -> _Body:
    """Fill in the two names of a kind that follow from it."""
    spec = _below(body, "spec")
    names = _below(spec, "names")
    kind = str(names.get("kind", ""))
    implied = {"singular": kind.lower(), "listKind": f"{kind}List"}
    plain = {name: item for name, item in names.items() if implied.get(name) != item}
    return {**body, "spec": {**spec, "names": plain}} if names else body


def _below(value: Any, field: str) -> dict[str, Any]:
    found = value.get(field) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _without(value: _Body, field: str) -> dict[str, Any]:
    return {name: item for name, item in value.items() if name != field}


_SPECIAL: Mapping[str, Callable[[_Body], _Body]] = {
    "ClusterRoleBinding": _binding,
    "CustomResourceDefinition": _definition,
    "NetworkPolicy": _policy,
    "RoleBinding": _binding,
    "Secret": _secret,
    "Service": _service,
}


def _application(old: _Body, new: _Body) -> tuple[_Body, _Body]:
    """Unify a single source or a list, and values as text or as an object, if the two sides differ in that."""
    before, after = _below(old, "spec"), _below(new, "spec")
    if _keys(before) == _keys(after):
        return old, new
    return {**old, "spec": _listed(before)}, {**new, "spec": _listed(after)}


def _keys(spec: _Body) -> list[Any]:
    """Return the form of an Application's sources and their values."""
    helms = [_below(source, "helm") for source in _sources(spec)]
    return ["sources" in spec, *((name in helm) for helm in helms for name in ("values", "valuesObject"))]


def _sources(spec: _Body) -> list[Any]:
    found = spec.get("sources")
    return found if isinstance(found, list) else [spec["source"]] if "source" in spec else []


def _listed(spec: _Body) -> _Body:
    return {**_without(spec, "source"), "sources": [_with_values(source) for source in _sources(spec)]}


def _with_values(source: Any) -> Any:
    helm = _below(source, "helm")
    values = helm.get("values")
    if not isinstance(values, str) or helm.get("valuesObject") is not None or len(values) > _LONGEST_VALUES:
        return source
    try:
        read = documents.load(values, where="values")
    except UserError:  # the rendering reports what is wrong with them
        return source
    return {**source, "helm": _without(helm, "values") | {"valuesObject": read}}
