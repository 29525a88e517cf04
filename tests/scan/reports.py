"""Reports of scanners in the shapes that their documentation gives; none of the programs is needed."""

import json
from pathlib import Path
from typing import Any

DIGEST = f"sha256:{'ab' * 32}"


def trivy(image: str, *found: tuple[str, str, str, str], digests: tuple[str, ...] = ()) -> dict[str, Any]:
    """A report of trivy; each vulnerability has id, package, fixed version and severity."""
    listed = [
        {
            "VulnerabilityID": id_,
            "PkgName": package,
            "InstalledVersion": "1.0",
            "FixedVersion": fixed,
            "Severity": severity,
            "Title": f"{package}: a title",
            "PrimaryURL": f"https://avd.aquasec.com/nvd/{id_.lower()}",
        }
        for id_, package, fixed, severity in found
    ]
    result: dict[str, Any] = {"Target": f"{image} (alpine 3.20.0)", "Class": "os-pkgs", "Type": "alpine"}
    return {
        "SchemaVersion": 2,
        "ArtifactName": image,
        "ArtifactType": "container_image",
        "Metadata": {"OS": {"Family": "alpine", "Name": "3.20.0"}, "RepoDigests": list(digests)},
        "Results": [result | ({"Vulnerabilities": listed} if listed else {})],
    }


def grype(image: str, *found: tuple[str, str, str, str]) -> dict[str, Any]:
    matches = [
        {
            "vulnerability": {
                "id": id_,
                "severity": severity,
                "dataSource": f"https://nvd.nist.gov/vuln/detail/{id_}",
                "fix": {"versions": [fixed] if fixed else [], "state": "fixed" if fixed else "not-fixed"},
            },
            "artifact": {"name": package, "version": "1.0", "type": "apk"},
        }
        for id_, package, fixed, severity in found
    ]
    source = {"type": "image", "target": {"userInput": image, "repoDigests": []}}
    return {"matches": matches, "source": source, "distro": {"name": "alpine", "version": "3.20.0"}}


def cluster(registry: str, repository: str, tag: str, *found: tuple[str, str, str, str]) -> dict[str, Any]:
    listed = [
        {
            "vulnerabilityID": id_,
            "resource": package,
            "installedVersion": "1.0",
            "fixedVersion": fixed,
            "severity": severity,
        }
        for id_, package, fixed, severity in found
    ]
    report = {
        "artifact": {"repository": repository, "tag": tag},
        "registry": {"server": registry},
        "os": {"family": "debian", "name": "12"},
        "vulnerabilities": listed,
    }
    return {"apiVersion": "aquasecurity.github.io/v1alpha1", "kind": "VulnerabilityReport", "report": report}


def write(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content))
    return path
