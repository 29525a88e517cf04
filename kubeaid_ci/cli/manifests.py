"""Output of rendered objects: as files, or as YAML on standard output."""

from collections.abc import Sequence
from pathlib import Path

from kubeaid_ci.cli.terminal import print_documents
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.render import report
from kubeaid_ci.runtime.files import write_folder


def show(manifests: Sequence[Manifest], *, fmt: str | None, out: Path | None) -> bool:
    """Write the objects into a folder, or print them if the format is YAML. Return whether it printed."""
    if out is not None:
        write_folder(out, {path: text.encode() for path, text in report.as_files(manifests)})
        return False
    if fmt not in (None, "yaml"):
        return False
    for manifest in manifests:
        print_documents(report.as_document(manifest))
    return True
