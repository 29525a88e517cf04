"""Repositories that Applications name: no address, another config repo, or one that is not allowed."""

import re
from collections.abc import Iterator

from kubeaid_ci.check import places
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.sources import NamedSource, is_pinned, root, sources
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.net.address import Remote
from kubeaid_ci.render.cluster_state import ClusterState
from kubeaid_ci.render.rendering import RenderedApp, RenderStatus

ADDRESS_INVALID = Rule(
    "gitops/address-invalid",
    Severity.ERROR,
    "Argo CD cannot reach a repository by this text, so it cannot sync the Application. Set repoURL to the address of "
    "the repository.",
)
VALUES_FILE_LOCAL = Rule(
    "gitops/values-file-local",
    Severity.ERROR,
    "The values file is a path of somebody's machine, which Argo CD does not have, so it cannot render the "
    "Application. Commit the file and name it relative to the chart, or as $ref/path of a second source.",
)
OTHER_CONFIG_REPO = Rule(
    "gitops/other-config-repo",
    Severity.WARNING,
    "Argo CD reads this cluster, or a part of it, from another config repo, so edits of these files have no effect. "
    "Set repoURL to this repository, or remove the copy.",
)
REPOSITORY_NOT_ALLOWED = Rule(
    "gitops/repository-not-allowed",
    Severity.ERROR,
    "The settings name the repositories that Applications may use, and this one is not among them, so its owners "
    "could change the cluster. Use an allowed repository, or add this one to check.repositories.",
)
RULES = (ADDRESS_INVALID, VALUES_FILE_LOCAL, OTHER_CONFIG_REPO, REPOSITORY_NOT_ALLOWED)
REPLACES = ("gitops/repository-unknown",)

_LOCAL = re.compile(r"(?:file://|~|/(?:tmp|home|root|Users|var|mnt)/).*")


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield what is wrong with the repositories of a cluster."""
    own_root = root(state)
    if own_root:
        yield from _root(own_root, state, context)
    named = list(sources(state, context))
    reported: set[tuple[str, str]] = set()
    for source in named:
        for finding in _source(source, own_root, state, context):
            if (finding.rule.id, f"{source.app.app} {source.source.shown_url}") not in reported:
                reported.add((finding.rule.id, f"{source.app.app} {source.source.shown_url}"))
                yield finding


def _root(app: RenderedApp, state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield a finding if the root Application takes the cluster from another repository than this one."""
    folder = f"{state.cluster.path}/argocd-apps"
    sources_of_root = app.application.sources if app.application else ()
    source = next(named for named in sources_of_root if named.path == folder)
    remote = source.remote
    origin = context.origin
    if origin is None or origin.is_local or remote is None or remote.is_local or remote == origin:
        return
    line = places.source_line(context.files, app, source, "repoURL")
    message = f"the cluster is taken from {source.shown_url}, not from {origin}, so edits here have no effect"
    yield OTHER_CONFIG_REPO.at(app.path, message, subject=state.cluster.label, line=line, key="root")


def _source(
    one: NamedSource, own_root: RenderedApp | None, state: ClusterState, context: CheckContext
) -> Iterator[Finding]:
    subject, source = f"{state.cluster.label}/{one.app.app}", one.source
    line = places.source_line(context.files, one.app, source, "repoURL")
    if not source.chart and one.app.path in context.files.ids and (problem := _problem(one, context)):
        yield ADDRESS_INVALID.at(one.app.path, problem, subject=subject, line=line, key=source.shown_url)
        return
    if not one.repository:
        for number, file in enumerate(source.helm.value_files):
            if _LOCAL.match(file):
                at = places.source_line(context.files, one.app, source, "helm", "valueFiles", number)
                message = f"valueFiles names {file}, a path of a machine"
                yield VALUES_FILE_LOCAL.at(one.app.path, message, subject=subject, line=at, key=file)
    is_invalid = source.remote is None and not source.chart  # rendering reports it
    if one.repository or is_invalid or source.remote in context.settings.repositories:
        return
    if _is_config_path(one) and own_root:
        named = next((s.shown_url for s in own_root.application.sources if s.path), "") if own_root.application else ""
        message = f"takes files from {source.shown_url}, but the root Application takes the cluster from {named}"
        yield OTHER_CONFIG_REPO.at(one.app.path, message, subject=subject, line=line, key=source.shown_url)
    elif context.settings.repositories:
        pinned = "" if is_pinned(source.revision) else ", and it is not pinned"
        message = f"{source.shown_url} is not one of check.repositories{pinned}"
        yield REPOSITORY_NOT_ALLOWED.at(one.app.path, message, subject=subject, line=line, key=source.shown_url)


def _is_config_path(named: NamedSource) -> bool:
    """Return whether a source has the form of a config repo: a path in ``k8s/``, or only values from there."""
    source = named.source
    if source.path:
        return source.path.startswith("k8s/")
    application = named.app.application
    files = [file for each in application.sources for file in each.helm.value_files] if application else []
    return bool(source.ref) and any(file.startswith(f"${source.ref}/k8s/") for file in files)


def _problem(source: NamedSource, context: CheckContext) -> str:
    """Return why a text is no address; empty if rendering failed, because that finding names the address too."""
    try:
        remote = Remote.parse(source.source.url)
    except UserError as error:
        return "" if source.app.status is RenderStatus.FAILED else f"repoURL: {error}"
    if not remote.is_local or (context.origin is not None and context.origin.is_local):
        return ""
    url = source.source.shown_url
    return f"repoURL: {url!r} is a path or no address; write the https or ssh address of the repository"
