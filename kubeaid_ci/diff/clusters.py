"""Compares what is rendered for clusters before and after a change."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from kubeaid_ci.compare.difference import Difference, ObjectChange
from kubeaid_ci.compare.display import content, narrowed, object_change, unified
from kubeaid_ci.compare.ignores import standing
from kubeaid_ci.compare.images import images
from kubeaid_ci.compare.objects import Known, differences, twice
from kubeaid_ci.dangers import dangers
from kubeaid_ci.dangers.removals import Removals
from kubeaid_ci.diff.comparison import Comparison, ImageChange
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.k8s.image import Image
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.redaction.values import Remove, remover, secrets_of
from kubeaid_ci.render.rendering import RenderedApp

Applications = Mapping[str, RenderedApp]
"""The Applications of one cluster, by name."""
Rendered = Mapping[str, Iterable[Manifest]]
"""The manifests of each cluster by its name."""


def compare_clusters(before: Rendered, after: Rendered, *, noise: bool = False, diffs: bool = False) -> Comparison:
    """Compare clusters by object and meaning, and check what the change may break, give away or lose.

    A cluster that is only on one side is compared with an empty one. `noise` shows what noise rules
    leave out, `diffs` adds a unified diff of each object. Nothing in the result holds a secret.
    """
    names = sorted({*before, *after})
    return together(
        [compare_cluster(name, before.get(name, ()), after.get(name, ()), noise=noise, diffs=diffs) for name in names]
    )


def together(parts: Sequence[Comparison]) -> Comparison:
    """Return comparisons of different clusters as one."""
    return Comparison(
        tuple(dict.fromkeys(cluster for part in parts for cluster in part.clusters)),
        tuple(change for part in parts for change in part.changes),
        tuple(finding for part in parts for finding in part.findings),
        tuple(image for part in parts for image in part.images),
        {subject: diff for part in parts for subject, diff in part.diffs.items()},
        sum(part.noise_only for part in parts),
        added=tuple(item for part in parts for item in part.added),
        removed=tuple(item for part in parts for item in part.removed),
        not_compared=tuple(app for part in parts for app in part.not_compared),
        applications=sum(part.applications for part in parts),
        contents_left_out=sum(part.contents_left_out for part in parts),
    )


def compare_cluster(
    name: str,
    before: Iterable[Manifest],
    after: Iterable[Manifest],
    *,
    noise: bool = False,
    diffs: bool = False,
    contents: bool = True,
    apps: Collection[str] = (),
    known: Known | None = None,
    secrets: Collection[str] = (),
    applications: tuple[Applications, Applications] = ({}, {}),
) -> Comparison:
    """Compare one cluster; `apps` names the Applications to report (empty: all). Without `contents` objects have none.

    `known` is for `differences`, of all clusters together. `secrets` are values that the clusters give to charts:
    these, and the secrets of the objects themselves, are in no text of the result. `applications` are those of both
    sides by name: their settings for ignoring and keeping objects in Argo CD.
    """
    known = known or Known()
    old, new = _of(name, before), _of(name, after)
    ignores, removed = standing(*applications), Removals.of(*applications)
    found = [
        difference for difference in differences(old, new, ignores=ignores, known=known) if _concerns(difference, apps)
    ]
    wanted = found if noise else [difference for difference in found if difference.counts]
    without = _remover(wanted, (*old, *new), secrets, known)
    ran, runs = images(_held(old, apps)), images(_held(new, apps))
    before_it = images(old) if apps else ran
    return Comparison(
        (name,),
        tuple(_safe_change(difference, known, without, noise=noise, contents=contents) for difference in wanted),
        tuple(
            replace(finding, message=without(finding.message))
            for finding in (
                *dangers.check(found, images_before=before_it, removed=removed),
                *_duplicates(_held(old, apps), _held(new, apps)),
            )
        ),
        tuple(image_steps(name, ran - runs, runs - ran)),
        {subject: narrowed(without(text)) for subject, text in _diffs(wanted).items()} if diffs else {},
        len(found) - len(wanted),
    )


def _concerns(difference: Difference, apps: Collection[str]) -> bool:
    sides = (difference.before, difference.after)
    return not apps or any(side is not None and side.app in apps for side in sides)


def _held(manifests: list[Manifest], apps: Collection[str]) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest.app in apps] if apps else manifests


def _of(cluster: str, manifests: Iterable[Manifest]) -> list[Manifest]:
    return [manifest if manifest.cluster == cluster else replace(manifest, cluster=cluster) for manifest in manifests]


def _remover(
    wanted: Iterable[Difference], manifests: Iterable[Manifest], secrets: Collection[str], known: Known
) -> Remove:
    """Remove the secrets of every Application that something is shown of."""
    apps = {side.app for difference in wanted for side in (difference.before, difference.after) if side}
    held = {id(manifest.body): manifest for manifest in manifests if manifest.app in apps}
    for place, manifest in held.items():
        if place not in known.secrets:
            known.secrets[place] = secrets_of(manifest)
    return remover({*secrets, *(text for place in held for text in known.secrets[place])})


def _safe_change(difference: Difference, known: Known, without: Remove, *, noise: bool, contents: bool) -> ObjectChange:
    """Return a change for display; `without` removes secrets from its texts."""
    change = object_change(difference, noise=noise)
    fields = tuple(
        replace(field, before=field.before and without(field.before), after=field.after and without(field.after))
        for field in change.fields
    )
    if not contents:
        return replace(change, fields=fields)
    before, after = difference.before, difference.after
    hidden = frozenset(delta.steps for delta in difference.deltas if delta.noise and not noise)
    pair = (id(before.body) if before else 0, id(after.body) if after else 0, difference.manifest.key, hidden)
    if (text := known.contents.get(pair)) is None:
        text = known.contents[pair] = content(difference, noise=noise)
    return replace(change, fields=fields, content=narrowed(without(text)))


def _diffs(found: Iterable[Difference]) -> dict[str, str]:
    """Return diffs by subject; kinds of one name in two API groups share theirs."""
    diffs: dict[str, str] = {}
    for difference in found:
        subject = dangers.subject(difference.manifest)
        diffs[subject] = diffs.get(subject, "") + unified(difference)
    return diffs


def _duplicates(old: Iterable[Manifest], new: Iterable[Manifest]) -> Iterator[Finding]:
    """Yield the objects that are duplicates after the change."""
    known = {(manifest.key, manifest.app) for manifest in twice(old)}
    return dangers.duplicates(manifest for manifest in twice(new) if (manifest.key, manifest.app) not in known)


def image_steps(cluster: str, removed: set[str], added: set[str]) -> Iterator[ImageChange]:
    """Yield images that come and go; of one name in parallel, as another version."""
    gone = {Image.parse(image).name: image for image in sorted(removed)}
    for image in sorted(added):
        yield ImageChange(cluster, gone.pop(Image.parse(image).name, None), image)
    for image in sorted(gone.values()):
        yield ImageChange(cluster, image, None)
