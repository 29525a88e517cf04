"""Check that manifests are valid and unique Kubernetes objects, with rules that Prometheus accepts."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kubeaid_ci.build.promtool import RuleProblem
from kubeaid_ci.build.rules import OBJECT_DUPLICATE, OBJECT_INVALID, RULES_INVALID
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.k8s.manifest import Manifest, ObjectId, objects


def check(manifests: Iterable[Manifest], *, subject: str) -> Iterator[Finding]:
    """Yield findings about objects that lack a name or kind, and about objects that exist twice.

    Items of a List are checked too; twins of the same content are only a warning. `subject` is what
    the manifests belong to, a cluster's name.
    """
    first_of: dict[ObjectId, Manifest] = {}
    for manifest in manifests:
        for item in objects(manifest.path, manifest.body):
            missing = _missing(item.body)
            if missing:
                yield _invalid(item, missing, subject)
            elif item.key in first_of:
                yield _duplicate(item, first_of[item.key], subject)
            elif not item.key.place:  # the API server makes a new object of each that has only a generateName
                first_of[item.key] = item


def rule_groups(manifests: Iterable[Manifest]) -> dict[str, list[Any]]:
    """Return the rule groups of every PrometheusRule, by file.

    Groups of two objects in one file may share a name, which Prometheus allows in two files only:
    the later one's name then ends in the name of its object.
    """
    found: dict[str, list[Any]] = {}
    for manifest in manifests:
        for item in objects(manifest.path, manifest.body):
            if item.key.kind == "PrometheusRule":
                earlier = found.setdefault(item.path, [])
                taken = {_name(group) for group in earlier}
                earlier += [_renamed(group, taken, item.key.name) for group in _groups(item.body)]
    return found


def rule_findings(problems: Iterable[RuleProblem], *, subject: str) -> Iterator[Finding]:
    """Yield a finding for each rule that Prometheus would refuse."""
    for problem in problems:
        named = (("group", problem.group), ("rule", problem.rule))
        place = ", ".join(f"{word} {name}" for word, name in named if name)
        message = f"{place}: {problem.message}" if place else problem.message
        yield RULES_INVALID.at(problem.file, message, subject=subject)


def _missing(body: Mapping[str, Any]) -> list[str]:
    metadata = body.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    name = metadata.get("name") or metadata.get("generateName")
    values = {"apiVersion": body.get("apiVersion"), "kind": body.get("kind"), "metadata.name": name}
    return [field for field, value in values.items() if not isinstance(value, str) or not value]


def _invalid(manifest: Manifest, missing: list[str], subject: str) -> Finding:
    what = str(manifest.key).strip() or "the document"
    return OBJECT_INVALID.at(manifest.path, f"{what} has no {' and no '.join(missing)}", subject=subject)


def _duplicate(manifest: Manifest, first: Manifest, subject: str) -> Finding:
    where = "twice in this file" if first.path == manifest.path else f"in {first.path} as well"
    # Twins do no harm yet: whichever is applied last, the object is the same.
    twins = first.body == manifest.body
    how = "with the same content" if twins else "with other content"
    return OBJECT_DUPLICATE.at(
        manifest.path,
        f"{manifest.key} is {where}, {how}",
        subject=subject,
        severity=Severity.WARNING if twins else None,
        key=str(manifest.key),
    )


def _groups(body: Mapping[str, Any]) -> list[Any]:
    spec = body.get("spec")
    groups = spec.get("groups") if isinstance(spec, Mapping) else None
    return groups if isinstance(groups, list) else []


def _renamed(group: Any, taken: set[str], owner: str) -> Any:
    name = _name(group)
    return {**group, "name": f"{name} ({owner})"} if name and name in taken else group


def _name(group: Any) -> str:
    name = group.get("name") if isinstance(group, Mapping) else None
    return name if isinstance(name, str) else ""
