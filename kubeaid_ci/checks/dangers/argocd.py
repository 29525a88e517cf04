"""What ArgoCD is told to do otherwise."""

from collections.abc import Iterator, Mapping
from typing import Any

from kubeaid_ci.checks import change_rules as rules
from kubeaid_ci.checks.dangers.reading import (
    Said,
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
from kubeaid_ci.model.difference import Difference
from kubeaid_ci.model.remote import Remote, without_credentials

_GRAVE_OPTIONS = frozenset(
    {"Force=true", "Prune=false", "Replace=true", "Validate=false", "Delete=false", "SkipDryRunOnMissingResource=true"}
)
_GUARDS = frozenset({"Prune=false", "Prune=confirm", "Delete=false", "Delete=confirm"})
_BOUNDS = ("sourceRepos", "destinations", "clusterResourceWhitelist", "namespaceResourceWhitelist")


def check(difference: Difference) -> Iterator[Said]:
    """Options for syncing, sources, destinations, and fields that ArgoCD is not to look at."""
    if difference.after is None:
        return
    yield from _options(
        sync_options(difference.before), sync_options(difference.after), is_new=difference.before is None
    )
    if is_kind(difference, "argoproj.io", "Application"):
        old, new = both(difference, "spec")
        yield from _application(old, new, is_new=difference.before is None)
    elif is_kind(difference, "argoproj.io", "AppProject") and difference.before is not None:
        yield from _project(difference)


def _options(old: frozenset[str], new: frozenset[str], *, is_new: bool) -> Iterator[Said]:
    if come := (new - old) & _GRAVE_OPTIONS - (_GUARDS if is_new else frozenset()):
        yield Said(rules.SYNC_OPTION_CHANGED, f"ArgoCD syncs it with {listed(list(come))}")
    if gone := (old - new) & _GUARDS:
        yield Said(rules.SYNC_OPTION_CHANGED, f"it loses {listed(list(gone))}: ArgoCD may delete it from then on")


def _application(old: Mapping[str, Any], new: Mapping[str, Any], *, is_new: bool) -> Iterator[Said]:
    options = [frozenset(texts(side, "syncPolicy", "syncOptions")) for side in (old, new)]
    yield from _options(options[0], options[1], is_new=is_new)
    if is_new:
        return
    for field, what in (
        ("prune", "deletes what Git no longer has"),
        ("selfHeal", "undoes changes made by hand"),
        ("allowEmpty", "may delete everything"),
    ):
        was, now = (at(side, "syncPolicy", "automated", field) is True for side in (old, new))
        if now and not was:
            yield Said(rules.SYNC_OPTION_CHANGED, f"ArgoCD {what}, by itself")
    yield from _places(old, new)
    ignored = [entry for entry in mappings(new, "ignoreDifferences") if entry not in mappings(old, "ignoreDifferences")]
    if ignored:
        kinds = listed([text(entry, "kind") or "*" for entry in ignored])
        yield Said(rules.DRIFT_IGNORED, f"ArgoCD does not look at more fields of {kinds}")


def _places(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Said]:
    if come := _repositories(new) - _repositories(old):
        yield Said(rules.SOURCE_CHANGED, f"its manifests come from {listed(list(come))}")
    was, now = (_destination(mapping(side, "destination")) for side in (old, new))
    if was != now:
        yield Said(
            rules.SOURCE_CHANGED,
            f"it is deployed to {now} instead of {was}; what is in {was} stays there or is deleted",
        )
    if text(old, "project") != text(new, "project"):
        yield Said(rules.SOURCE_CHANGED, f"its project is {text(new, 'project')} instead of {text(old, 'project')}")


def _repositories(spec: Mapping[str, Any]) -> set[str]:
    """The addresses of the sources, however they are spelled."""
    sources = [mapping(spec, "source"), *mappings(spec, "sources")]
    return {_address(text(source, "repoURL")) for source in sources if text(source, "repoURL")}


def _address(url: str) -> str:
    try:
        return str(Remote.parse(url)).lower()
    except UserError:  # such as an address with a scheme of Helm's
        return without_credentials(url)


def _destination(destination: Mapping[str, Any]) -> str:
    cluster = text(destination, "name") or text(destination, "server") or "the cluster"
    return f"{cluster}, namespace {text(destination, 'namespace') or '(none)'}"


def _project(difference: Difference) -> Iterator[Said]:
    old, new = both(difference, "spec")
    for field in _BOUNDS:
        was, now = at(old, field) or [], at(new, field) or []
        if isinstance(was, list) and isinstance(now, list) and any(item not in was for item in now):
            yield Said(rules.SOURCE_CHANGED, f"Applications of this project may use more: {field}")
