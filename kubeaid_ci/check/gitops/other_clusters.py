"""SealedSecrets, values and manifests of another cluster."""

import re
from collections.abc import Iterator

from kubeaid_ci.check import places
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.sources import sources
from kubeaid_ci.dangers.reading import listed
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.render.cluster_state import ClusterState

SEALED_FOR_OTHER_CLUSTER = Rule(
    "gitops/sealed-for-other-cluster",
    Severity.WARNING,
    "Each cluster has its own sealing key, so a SealedSecret of another cluster cannot be decrypted and the Secret "
    "never appears. Seal the secret again with the certificate of this cluster.",
)
OTHER_CLUSTER_FILES = Rule(
    "gitops/other-cluster-files",
    Severity.WARNING,
    "The Application takes files from the folder of another cluster, so a change there changes this cluster too, and "
    "the files here have no effect. Name the folder of this cluster.",
)
RULES = (SEALED_FOR_OTHER_CLUSTER, OTHER_CLUSTER_FILES)

_CIPHER = re.compile(r"^[ \t]*[\"']?[\w.-]+[\"']?:\s*[\"']?(Ag[A-Za-z0-9+/=]{100,})", re.MULTILINE)
_CLUSTER = re.compile(r"k8s/([^/]+)/")


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield Applications that take manifests or values from the folder of another cluster."""
    for named in sources(state, context):
        source, subject = named.source, f"{state.cluster.label}/{named.app.app}"
        fields: list[tuple[tuple[str | int, ...], str]] = [(("path",), f"{source.path}/")]
        fields += [(("helm", "valueFiles", number), file) for number, file in enumerate(source.helm.value_files)]
        for field, written in fields:
            if named.repository == "kubeaid" and field == ("path",):
                continue
            match = _CLUSTER.search(written)
            folder = f"k8s/{match[1]}" if match else ""
            if folder == state.cluster.path or folder not in context.folders:
                continue
            sealed = field == ("path",) and any(manifest.key.kind == "SealedSecret" for manifest in named.app.manifests)
            rule = SEALED_FOR_OTHER_CLUSTER if sealed else OTHER_CLUSTER_FILES
            message = f"takes {written.rstrip('/')}, a file of the cluster {folder.removeprefix('k8s/')}"
            line = places.source_line(context.files, named.app, source, *field)
            yield rule.at(named.app.path, message, subject=subject, line=line, key=written)


def check_repository(context: CheckContext) -> Iterator[Finding]:
    """Yield SealedSecrets whose encrypted text is in the folders of several clusters: one at most can decrypt it."""
    found: dict[str, list[tuple[str, int]]] = {}
    for path in context.files.paths:
        if not path.endswith((".yaml", ".yml")) or _folder(path, context) is None:
            continue
        text = context.files.text(path) or ""
        if "SealedSecret" not in text:
            continue
        for match in _CIPHER.finditer(text):
            found.setdefault(match[1], []).append((path, text.count("\n", 0, match.start(1)) + 1))
    reported: set[str] = set()
    for uses in found.values():
        folders = {_folder(path, context) for path, _ in uses}
        for path, line in uses if len(folders) > 1 else ():
            if path in reported:
                continue
            reported.add(path)
            others = sorted({other for other, _ in uses if _folder(other, context) != _folder(path, context)})
            message = f"has the same encrypted text as {listed(others)}, and only one of the clusters can decrypt it"
            subject = str(_folder(path, context)).removeprefix("k8s/")
            yield SEALED_FOR_OTHER_CLUSTER.at(path, message, subject=subject, line=line, key="sealed")


def _folder(path: str, context: CheckContext) -> str | None:
    return next((folder for folder in context.folders if path.startswith(f"{folder}/")), None)
