"""Runs trivy or grype, whichever is installed. Their databases are theirs: set TRIVY_DB_REPOSITORY and the like."""

import shutil
import tempfile
from pathlib import Path

from kubeaid_ci.documents.plainjson import parse
from kubeaid_ci.errors import KubeaidCiError, UserError
from kubeaid_ci.runtime.files import read_regular
from kubeaid_ci.runtime.processes import run
from kubeaid_ci.scan.model import ScanReport
from kubeaid_ci.scan.readers import read_reports

SCANNERS = ("trivy", "grype")
MOST_BYTES = 256 * 1024 * 1024
"""Of one report: the largest that trivy writes for a public image have about 20 MiB."""
_TIMEOUT = 900.0
_SHOWN = 300


def installed_scanner(name: str = "auto") -> str | None:
    """Return the scanner to run; None if none is installed. Raises `UserError` for a named one that is not."""
    if name != "auto":
        if shutil.which(name) is None:
            raise UserError(
                f"{name}: not installed; install it and make sure it is on PATH, or pass reports with --from"
            )
        return name
    return next((scanner for scanner in SCANNERS if shutil.which(scanner)), None)


def scan_image(scanner: str, image: str, *, offline: bool = False) -> ScanReport | str:
    """Scan one image and return the report, or the reason that it is missing."""
    with tempfile.TemporaryDirectory(prefix="kubeaid-ci-") as folder:
        report = Path(folder, "report.json")
        try:
            argv = _command(scanner, image, report, offline=offline)
            # Both read settings and exceptions, such as .trivyignore, from the folder that they run in.
            done = run(argv, folder=Path(folder), env=_environment(scanner, offline=offline), timeout=_TIMEOUT)
            if done.code:
                return f"{scanner} ended with code {done.code}: {_last_line(done.stderr)}"
            (found,) = read_file(report)
        except KubeaidCiError as error:
            return str(error).replace(str(report), scanner)
        except ValueError:
            return f"{scanner} wrote no report, or more than one"
        return found


def read_file(path: Path) -> tuple[ScanReport, ...]:
    """Read a file with reports, as JSON or, with the suffix of YAML, as YAML. Raises `UserError` if that fails."""
    data = read_regular(path, most=MOST_BYTES)
    if data is None:
        raise UserError(f"{path}: no such file; correct --from")
    if path.suffix in (".yaml", ".yml"):
        from kubeaid_ci import documents

        content = documents.load_all(data, where=str(path))
        return read_reports([item for item in content if item is not None], where=str(path))
    try:
        return read_reports(parse(data), where=str(path))
    except ValueError as error:
        raise UserError(f"{path}: not JSON: {error}") from error


def _command(scanner: str, image: str, report: Path, *, offline: bool) -> list[str]:
    if scanner == "grype":
        return ["grype", "--quiet", "--output", "json", "--file", str(report), f"registry:{image}"]
    local = ["--offline-scan", "--skip-db-update", "--skip-java-db-update"] if offline else []
    fixed = ["--quiet", "--format=json", "--scanners=vuln", f"--output={report}"]
    return ["trivy", "image", *fixed, *local, image]


def _environment(scanner: str, *, offline: bool) -> dict[str, str]:
    return {"GRYPE_DB_AUTO_UPDATE": "false"} if offline and scanner == "grype" else {}


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][-_SHOWN:] if lines else "no message"
