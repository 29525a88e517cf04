"""Reads the reports of scanners: trivy, grype, and VulnerabilityReports of a cluster.

- trivy: `Report` in https://github.com/aquasecurity/trivy/blob/main/pkg/types/report.go (schema version 2)
- grype: https://github.com/anchore/grype/blob/main/grype/presenter/models/document.go
- VulnerabilityReport: https://aquasecurity.github.io/trivy-operator/latest/docs/crds/vulnerability-report/
- VulnerabilityManifest of Kubescape, which has a report of grype in ``spec.payload``

A report that is not of one of these shapes is an error as a whole: a skipped part would look clean.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.vulnerability import VulnerabilitySeverity
from kubeaid_ci.scan.model import ScanReport, Vulnerability, by_severity

_MOST_TEXT = 500
_NO_PACKAGES = "trivy recognised no packages in it"
# Results of trivy that are about something else than the vulnerabilities of packages.
_OTHER_CLASSES = frozenset({"secret", "config", "license", "license-file", "custom"})
_SEVERITIES = {
    **{severity.value: severity for severity in VulnerabilitySeverity},
    "negligible": VulnerabilitySeverity.LOW,
}


def read_reports(content: Any, *, where: str) -> tuple[ScanReport, ...]:
    """Return the reports in a parsed JSON or YAML file. Raises `UserError` for any other content."""
    items = content if isinstance(content, list) else [content]
    return tuple(report for at, item in enumerate(items) for report in _read(item, f"{where}[{at}]" if at else where))


def _read(item: Any, where: str) -> Iterator[ScanReport]:
    if not isinstance(item, Mapping):
        raise UserError(f"{where}: not a report of a scanner: expected an object")
    kind = item.get("kind")
    if kind == "List" or (isinstance(kind, str) and kind.endswith("ReportList")):
        for at, inner in enumerate(_list(item, "items", where)):
            yield from _read(inner, f"{where}: items[{at}]")
    elif kind == "VulnerabilityReport":
        yield _cluster_report(item, where)
    elif kind == "VulnerabilityManifest":
        payload = _mapping(_mapping(item, "spec", where), "payload", where)
        yield _grype(payload, where, image=_annotation(item, "kubescape.io/image-tag"), scanner="kubescape")
    elif "matches" in item:
        yield _grype(item, where)
    elif "ArtifactName" in item:
        yield _trivy(item, where)
    else:
        raise UserError(f"{where}: not a report of trivy or grype, and no VulnerabilityReport; write it as JSON")


def _trivy(item: Mapping[str, Any], where: str) -> ScanReport:
    metadata = item.get("Metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    system = metadata.get("OS")
    system = system if isinstance(system, Mapping) else {}
    results = _list(item, "Results", where) if item.get("Results") is not None else []
    found: list[Vulnerability] = []
    looked_for_any = False
    for at, result in enumerate(results):
        place = f"{where}: Results[{at}]"
        if not isinstance(result, Mapping):
            raise UserError(f"{place}: expected an object")
        looked_for_any = looked_for_any or _optional(result, "Class") not in _OTHER_CLASSES
        if result.get("Vulnerabilities") is not None:
            found += (_trivy_one(each, place) for each in _objects(result, "Vulnerabilities", place))
    return ScanReport(
        _text(item, "ArtifactName", where),
        tuple(_texts(metadata.get("RepoDigests"))),
        "trivy",
        tuple(by_severity(found)),
        " ".join(filter(None, (_optional(system, "Family"), _optional(system, "Name")))),
        "" if looked_for_any else _NO_PACKAGES if not results else "trivy did not look for vulnerabilities in it",
    )


def _trivy_one(item: Mapping[str, Any], where: str) -> Vulnerability:
    return Vulnerability(
        _text(item, "VulnerabilityID", where),
        _text(item, "PkgName", where),
        _optional(item, "InstalledVersion"),
        _optional(item, "FixedVersion"),
        _severity(item.get("Severity")),
        _optional(item, "Title"),
        _url(item.get("PrimaryURL")),
    )


def _grype(item: Mapping[str, Any], where: str, *, image: str = "", scanner: str = "grype") -> ScanReport:
    source = item.get("source")
    target = source.get("target") if isinstance(source, Mapping) else None
    target = target if isinstance(target, Mapping) else {}
    distro = item.get("distro")
    distro = distro if isinstance(distro, Mapping) else {}
    name = image or _text(target, "userInput", f"{where}: source.target")
    found = [_grype_one(each, where) for each in _objects(item, "matches", where)]
    return ScanReport(
        name,
        tuple(_texts(target.get("repoDigests"))),
        scanner,
        tuple(by_severity(found)),
        " ".join(filter(None, (_optional(distro, "name"), _optional(distro, "version")))),
    )


def _grype_one(item: Mapping[str, Any], where: str) -> Vulnerability:
    vulnerability, artifact = _mapping(item, "vulnerability", where), _mapping(item, "artifact", where)
    fix = vulnerability.get("fix")
    fixed = ", ".join(_texts(fix.get("versions"))) if isinstance(fix, Mapping) else ""
    return Vulnerability(
        _text(vulnerability, "id", where),
        _text(artifact, "name", where),
        _optional(artifact, "version"),
        fixed[:_MOST_TEXT],
        _severity(vulnerability.get("severity")),
        _optional(vulnerability, "description"),
        _url(vulnerability.get("dataSource")),
    )


def _cluster_report(item: Mapping[str, Any], where: str) -> ScanReport:
    report = _mapping(item, "report", where)
    artifact = _mapping(report, "artifact", where)
    registry = report.get("registry")
    server = _optional(registry, "server") if isinstance(registry, Mapping) else ""
    repository, tag, digest = (
        _text(artifact, "repository", where),
        _optional(artifact, "tag"),
        _optional(artifact, "digest"),
    )
    name = f"{server}/{repository}" if server else repository
    found = [_cluster_one(each, where) for each in _objects(report, "vulnerabilities", where)]
    system = report.get("os")
    system = system if isinstance(system, Mapping) else {}
    return ScanReport(
        f"{name}:{tag}" if tag else name,
        (f"{name}@{digest}",) if digest else (),
        "trivy-operator",
        tuple(by_severity(found)),
        " ".join(filter(None, (_optional(system, "family"), _optional(system, "name")))),
    )


def _cluster_one(item: Mapping[str, Any], where: str) -> Vulnerability:
    return Vulnerability(
        _text(item, "vulnerabilityID", where),
        _text(item, "resource", where),
        _optional(item, "installedVersion"),
        _optional(item, "fixedVersion"),
        _severity(item.get("severity")),
        _optional(item, "title"),
        _url(item.get("primaryLink")),
    )


def _severity(value: Any) -> VulnerabilitySeverity:
    return _SEVERITIES.get(value.lower() if isinstance(value, str) else "", VulnerabilitySeverity.UNKNOWN)


def _text(item: Mapping[str, Any], name: str, where: str) -> str:
    value = item.get(name)
    if not isinstance(value, str) or not value.strip():
        raise UserError(f"{where}: {name} is missing or no text")
    return value.strip()[:_MOST_TEXT]


def _optional(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    return value.strip()[:_MOST_TEXT] if isinstance(value, str) else ""


def _texts(values: Any) -> Iterator[str]:
    yield from (value[:_MOST_TEXT] for value in (values if isinstance(values, list) else []) if isinstance(value, str))


def _url(value: Any) -> str:
    return value[:_MOST_TEXT] if isinstance(value, str) and value.startswith(("https://", "http://")) else ""


def _mapping(item: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    value = item.get(name)
    if not isinstance(value, Mapping):
        raise UserError(f"{where}: {name} is missing or no object")
    return value


def _list(item: Mapping[str, Any], name: str, where: str) -> list[Any]:
    value = item.get(name)
    if not isinstance(value, list):
        raise UserError(f"{where}: {name} is missing or no list")
    return value


def _objects(item: Mapping[str, Any], name: str, where: str) -> Iterator[Mapping[str, Any]]:
    for at, value in enumerate(_list(item, name, where)):
        if not isinstance(value, Mapping):
            raise UserError(f"{where}: {name}[{at}] is no object")
        yield value


def _annotation(item: Mapping[str, Any], name: str) -> str:
    metadata = item.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    return _optional(annotations, name) if isinstance(annotations, Mapping) else ""
