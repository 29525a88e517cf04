"""Changed settings of Argo CD: sync options, sources, ignored differences and permissions."""

from collections.abc import Iterator, Mapping
from typing import Any

from kubeaid_ci.argocd.application import destination_cluster
from kubeaid_ci.compare.difference import Difference
from kubeaid_ci.dangers import rules
from kubeaid_ci.dangers.reading import (
    Draft,
    annotations,
    at,
    both,
    is_kind,
    listed,
    mapping,
    mappings,
    sync_options,
    text,
    texts,
)
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Severity
from kubeaid_ci.net.address import Remote, without_credentials

_GRAVE_OPTIONS = frozenset(
    {"Force=true", "Prune=false", "Replace=true", "Validate=false", "Delete=false", "SkipDryRunOnMissingResource=true"}
)
_BY_ITSELF = (
    ("prune", "deletes what Git no longer has"),
    ("selfHeal", "reverts manual changes"),
    ("allowEmpty", "may delete everything"),
)
_GUARDS = frozenset({"Prune=false", "Prune=confirm", "Delete=false", "Delete=confirm"})
_BOUNDS = ("sourceRepos", "destinations", "sourceNamespaces", "clusterResourceWhitelist", "namespaceResourceWhitelist")
_LIMITS = ("clusterResourceBlacklist", "namespaceResourceBlacklist", "signatureKeys", "syncWindows")
_KEEP, _EXTRANEOUS = "helm.sh/resource-policy", "argocd.argoproj.io/compare-options"


def check(difference: Difference) -> Iterator[Draft]:
    """Yield drafts about options for syncing, sources, destinations, and fields that Argo CD must not compare."""
    if difference.after is None:
        return
    yield from _options(
        sync_options(difference.before), sync_options(difference.after), is_new=difference.before is None
    )
    yield from _annotated(difference)
    old, new = both(difference, "spec")
    if is_kind(difference, "argoproj.io", "Application"):
        yield from _application(old, new, is_new=difference.before is None)
    elif is_kind(difference, "argoproj.io", "ApplicationSet") and difference.before is not None:
        yield from _places(mapping(old, "template", "spec"), mapping(new, "template", "spec"))
    elif is_kind(difference, "argoproj.io", "AppProject"):
        yield from _project(old, new, is_new=difference.before is None)
    elif is_kind(difference, "", "ConfigMap") and difference.manifest.key.name == "argocd-rbac-cm":
        yield from _policy(*both(difference, "data"))


def _options(old: frozenset[str], new: frozenset[str], *, is_new: bool) -> Iterator[Draft]:
    if come := (new - old) & _GRAVE_OPTIONS - (_GUARDS if is_new else frozenset()):
        yield Draft(rules.SYNC_OPTION_CHANGED, f"Argo CD syncs it with {listed(list(come))}")
    if gone := (old - new) & _GUARDS:
        yield Draft(rules.SYNC_OPTION_CHANGED, f"it loses {listed(list(gone))}: Argo CD may delete it from then on")


def _annotated(difference: Difference) -> Iterator[Draft]:
    """Yield changes of annotations that Argo CD reads, except sync options."""
    old, new = annotations(difference.before), annotations(difference.after)
    if old.get(_KEEP) == "keep" != new.get(_KEEP):
        yield Draft(rules.SYNC_OPTION_CHANGED, f"it loses {_KEEP} keep: it goes with its Application from then on")
    was, now = (text(side, _EXTRANEOUS) for side in (old, new))
    if "IgnoreExtraneous" in now and "IgnoreExtraneous" not in was:
        yield Draft(rules.DRIFT_IGNORED, "Argo CD does not report it if it exists without being in Git")


def _application(old: Mapping[str, Any], new: Mapping[str, Any], *, is_new: bool) -> Iterator[Draft]:
    options = [frozenset(texts(side, "syncPolicy", "syncOptions")) for side in (old, new)]
    yield from _options(options[0], options[1], is_new=is_new)
    if is_new:
        return
    was, now = _automatic(old), _automatic(new)
    if now is not None and was is None:
        yield Draft(rules.SYNC_OPTION_CHANGED, "Argo CD syncs automatically")
    for field, what in _BY_ITSELF:
        if (now or {}).get(field) is True and (was or {}).get(field) is not True:
            yield Draft(rules.SYNC_OPTION_CHANGED, f"Argo CD {what} automatically")
    yield from _places(old, new)
    ignored = [entry for entry in mappings(new, "ignoreDifferences") if entry not in mappings(old, "ignoreDifferences")]
    if ignored:
        kinds = listed([text(entry, "kind") or "*" for entry in ignored])
        yield Draft(rules.DRIFT_IGNORED, f"Argo CD does not look at more fields of {kinds}")


def _automatic(spec: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what Argo CD does automatically; empty if nothing."""
    found = at(spec, "syncPolicy", "automated")
    return found if isinstance(found, dict) and found.get("enabled") is not False else None


def _places(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Draft]:
    if come := _repositories(new) - _repositories(old):
        yield Draft(rules.SOURCE_CHANGED, f"its manifests come from {listed(list(come))}")
    elif _charts(old) and (come := _charts(new) - _charts(old)):
        yield Draft(rules.SOURCE_CHANGED, f"its manifests come from chart {listed(list(come))}")
    elif come := _paths(new) - _paths(old):
        yield Draft(rules.SOURCE_CHANGED, f"its manifests come from {listed(list(come))}", Severity.INFO)
    was, now = (_destination(mapping(side, "destination")) for side in (old, new))
    if was != now:
        yield Draft(
            rules.SOURCE_CHANGED,
            f"it is deployed to {now} instead of {was}; what is in {was} stays there or is deleted",
        )
    project, before = (text(spec, "project") or "default" for spec in (new, old))
    if project != before:
        yield Draft(rules.SOURCE_CHANGED, f"its project is {project} instead of {before}")


def _sources(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [mapping(spec, "source"), *mappings(spec, "sources")]


def _repositories(spec: Mapping[str, Any]) -> set[str]:
    """Return the addresses of the sources, however they are spelled."""
    return {_address(text(source, "repoURL")) for source in _sources(spec) if text(source, "repoURL")}


def _charts(spec: Mapping[str, Any]) -> set[str]:
    return {text(source, "chart") for source in _sources(spec)} - {""}


def _paths(spec: Mapping[str, Any]) -> set[str]:
    return {text(source, "path").strip("/") for source in _sources(spec)} - {""}


def _address(url: str) -> str:
    try:
        return str(Remote.parse(url)).lower()
    except UserError:  # such as an address with a scheme of Helm's
        return without_credentials(url)


def _destination(destination: Mapping[str, Any]) -> str:
    server, name = text(destination, "server"), text(destination, "name")
    try:
        cluster = destination_cluster(server, name)
    except UserError:  # both, which Argo CD refuses
        cluster = name
    return f"{cluster or 'the cluster'}, namespace {text(destination, 'namespace') or '(none)'}"


def _project(old: Mapping[str, Any], new: Mapping[str, Any], *, is_new: bool) -> Iterator[Draft]:
    for field in _BOUNDS:
        was, now = _list(old, field), _list(new, field)
        come = [item for item in now if item not in was]
        # Namespaced kinds are restricted only if a list names them.
        open_now = field == "namespaceResourceWhitelist" and was and not now
        if open_now or (any(map(_is_all, come)) if is_new else come):
            yield Draft(rules.SOURCE_CHANGED, f"Applications of this project may use more: {field}")
    if gone := [field for field in _LIMITS if any(item not in _list(new, field) for item in _list(old, field))]:
        yield Draft(rules.SOURCE_CHANGED, f"Applications of this project are bounded less: {listed(gone)}")
    were, are = (
        {policy for role in mappings(spec, "roles") for policy in texts(role, "policies")} for spec in (old, new)
    )
    if more := len(are - were):
        yield Draft(
            rules.RBAC_WIDENED, f"its roles may do more in Argo CD: {more} other polic{'ies' if more > 1 else 'y'}"
        )


def _list(spec: Mapping[str, Any], field: str) -> list[Any]:
    found = at(spec, field)
    return found if isinstance(found, list) else []


def _is_all(item: Any) -> bool:
    return item == "*" or (isinstance(item, dict) and bool(item) and all(value == "*" for value in item.values()))


def _policy(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Draft]:
    """Yield changes of the permissions of people in Argo CD itself."""
    was, now = (
        {f"{name}: {line.strip()}" for name, value in data.items() for line in str(value).splitlines() if line.strip()}
        for data in (old, new)
    )
    if now - was:
        yield Draft(rules.RBAC_WIDENED, "permissions of people in Argo CD change")
