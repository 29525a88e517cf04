"""Changes of general settings files, which name the repositories that count as the given ones.

They also name the Kubernetes version. Both decide what is checked, so that a change of them is a finding.
"""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from kubeaid_ci import documents
from kubeaid_ci.config_repo.general_settings import FILES, GeneralSettings
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.net.address import Remote
from kubeaid_ci.runtime.files import read_regular
from kubeaid_ci.settings.file import Base, files_at
from kubeaid_ci.settings.rules import SETTINGS_WEAKENED

_HOME = "k8s"
_MOST_BYTES = 4 * 1024 * 1024


def weakened(folder: Path, base: Base, known: Collection[Remote]) -> Iterator[Finding]:
    """Yield the repositories that a change makes count as the given ones, and each older Kubernetes version.

    `known` are addresses that count anyway. An address that another cluster of the base names is no news.
    """
    before = {path: _parsed(path, data) for path, data in files_at(folder, base, _HOME, FILES).items()}
    after = {path: _parsed(path, data) for path, data in _on_disk(folder).items()}
    trusted = {*known, *(remote for one in before.values() for remote in (*one.kubeaid, *one.config))}
    for path, general in after.items():
        for what, remotes in (("KubeAid", general.kubeaid), ("config", general.config)):
            for remote in sorted({*remotes} - trusted, key=str):
                message = f"{path}: takes {remote} for the given {what} repo"
                yield SETTINGS_WEAKENED.at(path, message, subject=path, key=f"{what} {remote}")
        old, new = before.get(path, GeneralSettings()).kubernetes_version, general.kubernetes_version
        if old is not None and (new is None or new.release[:2] < old.release[:2]):
            message = f"{path}: the Kubernetes version is {new or 'not set'}, before {old}"
            yield SETTINGS_WEAKENED.at(path, message, subject=path, severity=Severity.WARNING, key="kubernetes")


def _on_disk(folder: Path) -> Mapping[str, bytes]:
    """Return the general settings files of the work tree; what cannot be read is an error of its cluster."""
    found = {}
    for name in FILES:
        for path in sorted((folder / _HOME).glob(f"*/{name}")):
            try:
                data = read_regular(path, most=_MOST_BYTES)
            except UserError:
                continue
            if data is not None:
                found[path.relative_to(folder).as_posix()] = data
    return found


def _parsed(path: str, data: bytes) -> GeneralSettings:
    try:
        return GeneralSettings.parse(documents.load_texts(data, where=path), path)
    except UserError:
        return GeneralSettings(path)
