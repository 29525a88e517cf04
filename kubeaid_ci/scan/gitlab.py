"""A scan as GitLab's container scanning report, for the security widget of merge requests.

Format: https://gitlab.com/gitlab-org/security-products/security-report-schemas, container-scanning-report-format 15.
"""

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from kubeaid_ci import __version__
from kubeaid_ci.images.reference import parse_reference
from kubeaid_ci.report.json import dump
from kubeaid_ci.scan.model import Scan, ScannedImage, Vulnerability
from kubeaid_ci.visible import one_line

SCHEMA_VERSION = "15.0.7"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/Obmondo/kubeaid-ci/scan")
_MOST = 250


def render(scan: Scan, *, started: datetime, ended: datetime) -> str:
    """Return the report as JSON. Images that are not scanned are messages of the scan.

    GitLab drops the vulnerabilities of a failed scan, so it is one only if no image is scanned.
    """
    return dump(
        {
            "version": SCHEMA_VERSION,
            "scan": _about(scan, started, ended),
            "vulnerabilities": [each for image in scan.images for each in _vulnerabilities(image)],
            "remediations": [],
        }
    )


def _about(scan: Scan, started: datetime, ended: datetime) -> dict[str, Any]:
    names = sorted({image.scanner for image in scan.images if image.scanner}) or ["none"]
    ours = {"id": "kubeaid-ci", "name": "kubeaid-ci", "version": __version__, "vendor": {"name": "kubeaid-ci"}}
    return {
        "type": "container_scanning",
        "status": "success" if len(scan.not_scanned) < len(scan.images) else "failure",
        "start_time": f"{started:%Y-%m-%dT%H:%M:%S}",
        "end_time": f"{ended:%Y-%m-%dT%H:%M:%S}",
        "analyzer": ours,
        "scanner": {"id": names[0], "name": ", ".join(names), "version": "unknown", "vendor": {"name": names[0]}},
        "messages": [
            {"level": "warn", "value": one_line(f"{image.image}: not scanned: {image.reason}")}
            for image in scan.not_scanned
        ],
    }


def _vulnerabilities(image: ScannedImage) -> Iterator[dict[str, Any]]:
    seen_ids: set[str] = set()
    for found in image.vulnerabilities:
        identity = str(uuid.uuid5(_NAMESPACE, f"{_name(image.image)} {found.package} {found.id}"))
        if identity not in seen_ids:
            seen_ids.add(identity)
            yield _vulnerability(image, found, identity)


def _vulnerability(image: ScannedImage, found: Vulnerability, identity: str) -> dict[str, Any]:
    location = {
        "dependency": {"package": {"name": one_line(found.package)}, "version": one_line(found.installed)},
        "operating_system": one_line(image.operating_system) or "unknown",
        "image": image.image,
    }
    solution = {"solution": one_line(f"Upgrade {found.package} to {found.fixed}")} if found.fixed else {}
    return {
        "id": identity,
        "name": one_line(found.title or found.id)[:_MOST],
        "description": one_line(found.title or f"{found.id} in {found.package}"),
        "severity": found.severity.value.capitalize(),
        "identifiers": [_identifier(found)],
        "links": [{"url": found.url}] if found.url else [],
        "location": location,
        **solution,
    }


def _identifier(found: Vulnerability) -> dict[str, str]:
    kind = {"CVE": "cve", "GHSA": "ghsa", "RHSA": "rhsa"}.get(found.id.partition("-")[0], "other")
    url = {"url": found.url} if found.url else {}
    return {"type": kind, "name": found.id, "value": found.id, **url}


def _name(image: str) -> str:
    parsed = parse_reference(image)
    return parsed.name if parsed else image
