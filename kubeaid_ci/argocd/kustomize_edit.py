"""A kustomization with what an Application changes in it, as Argo CD has ``kustomize edit`` change it."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from kubeaid_ci.argocd.kustomize_source import KustomizeSource
from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.rendered import Rendered

_ORIGIN = "config.kubernetes.io/origin"
_ORIGINS = "originAnnotations"
_TAGGED = re.compile(r"(.*):([A-Za-z0-9._-]*|\*)")
_KEEP = "*"

Kustomization = dict[str, Any]


def edited(kustomization: Kustomization, source: KustomizeSource, substituted: Callable[[str], str]) -> Kustomization:
    """Return the kustomization with the changes; `substituted` puts the variables of the build in.

    Raises `UserError` if `kustomize edit` would refuse.
    """
    names = {"namePrefix": source.name_prefix, "nameSuffix": source.name_suffix, "namespace": source.namespace}
    made = {**kustomization, **{key: value for key, value in names.items() if value}}
    if source.images:
        made["images"] = _images(_list(made, "images"), [substituted(one) for one in source.images])
    if source.replicas:
        new = {name: {"name": name, "count": count} for name, count in source.replicas.items()}
        made["replicas"] = _by_name(_list(made, "replicas"), new)
    _label(made, source, substituted)
    if source.common_annotations:
        keep = (lambda text: text) if not source.annotations_have_variables else substituted
        new_ones = {name: keep(value) for name, value in source.common_annotations.items()}
        made["commonAnnotations"] = _added(made, "commonAnnotations", new_ones, force=source.force_annotations)
    if source.patches:
        made["patches"] = [*_list(made, "patches"), *source.patches]
    if source.components:
        made["components"] = list(dict.fromkeys((*_list(made, "components"), *source.components)))
    return made


def with_origins(kustomization: Kustomization) -> Kustomization:
    """Return the kustomization with each object to name its file, for `placed`."""
    wanted = _list(kustomization, "buildMetadata")
    return {**kustomization, "buildMetadata": wanted if _ORIGINS in wanted else [*wanted, _ORIGINS]}


def keeps_origins(kustomization: Kustomization) -> bool:
    """Return whether the names of the files are there to stay."""
    return _ORIGINS in _list(kustomization, "buildMetadata")


def origin(item: Rendered) -> Mapping[str, str]:
    """Return where an object is from, as kustomize wrote it: ``path``, or ``configuredIn`` of what a generator made."""
    written = str(_annotations(item).get(_ORIGIN, ""))
    lines = [line.partition(": ") for line in written.splitlines() if not line.startswith(" ")]
    return {key: value.strip("'\"") for key, _, value in lines}


def without_origin(item: Rendered) -> Rendered:
    """Return the object without the marks of its source."""
    annotations = {key: value for key, value in _annotations(item).items() if key != _ORIGIN}
    metadata = {key: value for key, value in item.body["metadata"].items() if key != "annotations"}
    if annotations:
        metadata["annotations"] = annotations
    return Rendered(item.path, {**item.body, "metadata": metadata})


def _annotations(item: Rendered) -> Mapping[str, Any]:
    metadata = item.body.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    return annotations if isinstance(annotations, Mapping) else {}


def _images(there: list[Any], written: list[str]) -> list[Any]:
    old = {entry.get("name"): entry for entry in there if isinstance(entry, Mapping)}
    new = {}
    for text in written:
        image = _image(text)
        present = old.get(image["name"], {})
        new[image["name"]] = {
            key: present.get(key) if value == _KEEP else value
            for key, value in image.items()
            if value != _KEEP or present.get(key)
        }
    return _by_name(there, new)


def _image(text: str) -> dict[str, str]:
    """Return an image as ``kustomize edit set image`` reads it: ``name=new:tag``, ``name:tag``, ``name@digest``."""
    name, replaced, rest = text.partition("=")
    rest = rest if replaced else text
    at, digest = "", ""
    if "@" in rest:
        rest, at, digest = rest.partition("@")
    tagged = _TAGGED.fullmatch(rest)
    new_name, tag = (tagged[1], tagged[2]) if tagged else (rest, "")
    if not name or not (at or tagged or (replaced and rest)):
        raise UserError(f"kustomize.images: {text!r}: expected name=new:tag, name:tag or name@digest")
    image = {"name": name if replaced else new_name, "newName": new_name if replaced else ""}
    return {key: value for key, value in {**image, "newTag": tag, "digest": digest}.items() if value}


def _by_name(there: list[Any], new: Mapping[str, Any]) -> list[Any]:
    known = {str(entry.get("name")): entry for entry in there if isinstance(entry, Mapping)}
    return [one for _, one in sorted({**known, **new}.items())]


def _label(made: Kustomization, source: KustomizeSource, substituted: Callable[[str], str]) -> None:
    new = {name: substituted(value) for name, value in source.common_labels.items()}
    if not new:
        return
    if not source.labels_without_selector:
        made["commonLabels"] = _added(made, "commonLabels", new, force=source.force_labels)
        return
    labels = [dict(one) for one in _list(made, "labels")]
    sought = (False, source.labels_in_templates)
    for entry in labels:
        if (entry.get("includeSelectors") is True, entry.get("includeTemplates") is True) == sought:
            entry["pairs"] = _added(entry, "pairs", new, force=source.force_labels)
            break
    else:
        labels.append({"pairs": new, "includeTemplates": source.labels_in_templates})
    made["labels"] = labels


def _added(kustomization: Mapping[str, Any], key: str, new: Mapping[str, str], *, force: bool) -> dict[str, Any]:
    there = kustomization.get(key) or {}
    if not isinstance(there, Mapping):
        raise UserError(f"{key} of the kustomization: expected keys with values")
    for name in new:
        if name in there and not force:
            raise UserError(f"{key}: {name} is in the kustomization too, and is replaced only with force")
    return {**there, **new}


def _list(kustomization: Mapping[str, Any], key: str) -> list[Any]:
    value = kustomization.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise UserError(f"{key} of the kustomization: expected a list")
    return value
