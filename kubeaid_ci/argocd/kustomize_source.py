"""Changes that an Application makes to a kustomization before the build."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.strict_fields import mapping, mappings, text, texts

_READ = {
    "namePrefix", "nameSuffix", "namespace", "commonLabels", "commonAnnotations", "commonAnnotationsEnvsubst",
    "forceCommonLabels", "forceCommonAnnotations", "labelWithoutSelector", "labelIncludeTemplates", "images",
    "replicas", "patches", "components", "ignoreMissingComponents",
}  # fmt: skip
# They are only for the charts of a kustomization, which are not followed in any case.
_WITHOUT_EFFECT = {"kubeVersion", "apiVersions"}


@dataclass(frozen=True, slots=True)
class KustomizeSource:
    """Changes to a kustomization. `unread` are the names of unknown options."""

    name_prefix: str = ""
    name_suffix: str = ""
    namespace: str = ""
    common_labels: Mapping[str, str] = field(default_factory=dict)
    common_annotations: Mapping[str, str] = field(default_factory=dict)
    annotations_have_variables: bool = False
    force_labels: bool = False
    force_annotations: bool = False
    labels_without_selector: bool = False
    labels_in_templates: bool = False
    images: tuple[str, ...] = ()
    replicas: Mapping[str, int] = field(default_factory=dict)
    patches: tuple[Mapping[str, Any], ...] = ()
    components: tuple[str, ...] = ()
    ignore_missing_components: bool = False
    unread: tuple[str, ...] = ()

    @classmethod
    def parse(cls, fields: Mapping[str, Any]) -> Self:
        """Read ``spec.source.kustomize``; raises `UserError` naming the field that cannot be read."""
        return cls(
            name_prefix=text(fields, "namePrefix"),
            name_suffix=text(fields, "nameSuffix"),
            namespace=text(fields, "namespace"),
            common_labels=_named_texts(fields, "commonLabels"),
            common_annotations=_named_texts(fields, "commonAnnotations"),
            annotations_have_variables=fields.get("commonAnnotationsEnvsubst") is True,
            force_labels=fields.get("forceCommonLabels") is True,
            force_annotations=fields.get("forceCommonAnnotations") is True,
            labels_without_selector=fields.get("labelWithoutSelector") is True,
            labels_in_templates=fields.get("labelIncludeTemplates") is True,
            images=texts(fields, "images"),
            replicas={text(entry, "name"): _count(entry) for entry in mappings(fields, "replicas")},
            patches=tuple(mappings(fields, "patches")),
            components=texts(fields, "components"),
            ignore_missing_components=fields.get("ignoreMissingComponents") is True,
            unread=tuple(sorted(name for name in fields if fields[name] and name not in _READ | _WITHOUT_EFFECT)),
        )


def _named_texts(fields: Mapping[str, Any], key: str) -> dict[str, str]:
    inside = mapping(fields, key)
    return {name: text(inside, name) for name in inside}


def _count(fields: Mapping[str, Any]) -> int:
    written = text(fields, "count")
    if not written.isdecimal():
        raise UserError(f"replicas: count of {text(fields, 'name')}: expected a number")
    return int(written)
