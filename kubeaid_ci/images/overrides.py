"""Find Helm values that move images to a mirror, and prove them by rendering again."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from kubeaid_ci.charts.render import chart_sources, check_charts, chosen_helm
from kubeaid_ci.git.revision import PINNED, WORK_TREE, Revision, TreeRevision, parse_tree_revision
from kubeaid_ci.images.chart_defaults import ChartFiles
from kubeaid_ci.images.kinds import ImageKind, with_declared
from kubeaid_ci.images.list import of_unknown
from kubeaid_ci.images.mirror_names import Mirror
from kubeaid_ci.images.mirror_settings import containerd_hosts, kyverno_policy
from kubeaid_ci.images.override_proof import Kinds, Use, uses_of
from kubeaid_ci.images.override_trials import Prover, Trial
from kubeaid_ci.images.override_values import override_text, written_name
from kubeaid_ci.images.reference import has_host
from kubeaid_ci.images.result import AppOverride, ImageOverrides, ImageUse
from kubeaid_ci.render.cluster_state import SideApp
from kubeaid_ci.render.fleet import fleet_at, open_renderer
from kubeaid_ci.render.options import RunOptions
from kubeaid_ci.render.renderer import Progress
from kubeaid_ci.render.rendering import RenderedApp, RenderStatus
from kubeaid_ci.render.repositories import LocalRepositories
from kubeaid_ci.render.results import Target
from kubeaid_ci.render.task import ChartTask, KustomizeTask, Note
from kubeaid_ci.settings import Settings

Proof = tuple[SideApp, RenderedApp, list[Trial]]
"""An Application, how it is rendered without the values, and the values that were tried."""
_HEADER = "# Images from {mirror}; written by kubeaid-ci images overrides. Name it last in valueFiles.\n"


def override_images(
    config_repo: str | os.PathLike[str],
    kubeaid: str | os.PathLike[str],
    mirror: str,
    *,
    clusters: Sequence[str] = (),
    kubeaid_ref: Revision | str = PINNED,
    config_ref: TreeRevision | str = WORK_TREE,
    settings: Settings | None = None,
    jobs: int | None = None,
    cache: bool | str | os.PathLike[str] = True,
    timeout: float = 300.0,
    progress: Progress | None = None,
) -> ImageOverrides:
    """Find values that make the Applications of clusters take their images from a mirror, and prove them.

    `mirror` is a registry, or a path below one. A use is proven if the Application, rendered with the values as its
    last values file, has the mirrored image there and nothing else changes. The other parameters and errors are those
    of `list_images`. Raises `UserError` if `mirror` is not a registry.
    """
    place = Mirror.parse(mirror)
    repositories = LocalRepositories.of(config_repo, kubeaid, config_ref=config_ref, kubeaid_ref=kubeaid_ref)
    run = RunOptions(settings or Settings(), jobs, cache, timeout, progress)
    with fleet_at(repositories, run, clusters=clusters) as fleet, closing(ChartFiles()) as files:
        prover, findings = Prover(fleet.renderer, place, _kinds(run.settings), files), [*fleet.findings]

        def proven() -> Iterator[Proof]:
            for state in fleet.clusters():
                for app in state.apps:
                    findings.extend(of_unknown(app, state.app_findings.get(app.app, ())))
                yield from prover.prove(state.side_apps)

        return replace(_result(prover, proven()), findings=tuple(findings))


def override_chart_images(
    kubeaid: str | os.PathLike[str],
    mirror: str,
    *,
    charts: Sequence[str] = (),
    ref: TreeRevision | str = WORK_TREE,
    settings: Settings | None = None,
    jobs: int | None = None,
    cache: bool | str | os.PathLike[str] = True,
    timeout: float = 300.0,
    progress: Progress | None = None,
) -> ImageOverrides:
    """Find and prove values for umbrella charts with their default values, as `override_images` does."""
    place, own, root = Mirror.parse(mirror), settings or Settings(), Path(kubeaid).resolve()
    revision = parse_tree_revision(ref)
    with open_renderer(RunOptions(own, jobs, cache, timeout, progress)) as renderer:
        every = chart_sources(root, revision, own, helm=chosen_helm(None, own))
        check_charts(charts, every)
        apps = [
            SideApp(name, ((task, name),), Target(namespace=name), str(revision), frozenset())
            for name, task in every.items()
            if not charts or name in charts
        ]
        renderer.render(part for app in apps for part, _ in app.parts if not isinstance(part, Note))
        with closing(ChartFiles()) as files:
            prover = Prover(renderer, place, _kinds(own), files)
            return _result(prover, prover.prove(apps))


def override_files(overrides: ImageOverrides) -> dict[str, bytes]:
    """Return the files to write, by path: values of Applications, a Kyverno policy, and containerd's hosts."""
    files = {f"values/{app.file}": app.values for app in overrides.apps}
    files["kyverno-policy.yaml"] = kyverno_policy(overrides.registries, overrides.mirror)
    hosts = containerd_hosts(overrides.registries, overrides.mirror)
    files |= {f"certs.d/{path}": text for path, text in hosts.items()}
    return {path: text.encode() for path, text in files.items()}


def _kinds(settings: Settings) -> Kinds:
    return with_declared(ImageKind.of(each.kind, each.paths) for each in settings.images.fields)


def _result(prover: Prover, proven: Iterable[Proof]) -> ImageOverrides:
    uses: list[ImageUse] = []
    apps: list[AppOverride] = []
    unknown: list[str] = []
    registries: set[str] = set()
    for app, before, trials in proven:
        registries |= {_registry(use) for use in uses_of(before.manifests, prover.kinds, prover.mirror)}
        if before.status is not RenderStatus.RENDERED:
            unknown.append("/".join(part for part in (before.cluster, before.app) if part))
        uses += _uses(prover, app, before, trials)
        apps += (_file(prover, before, trial) for trial in trials if trial.chosen and trial.proof and trial.proof.moved)
    return ImageOverrides(prover.mirror, tuple(uses), tuple(apps), tuple(unknown), tuple(sorted(registries)))


def _registry(use: Use) -> str:
    """Return the registry as the reference names it, which is what a node looks up."""
    return use.text.partition("/")[0].lower() if has_host(use.text) else use.image.registry


def _uses(prover: Prover, app: SideApp, before: RenderedApp, trials: Sequence[Trial]) -> Iterator[ImageUse]:
    """Yield each image of an Application once; it is proven if every place of it moves."""
    every = uses_of(before.manifests, prover.kinds, prover.mirror)
    moved = {(use.key, use.path) for trial in trials if trial.proof for use in trial.proof.moved}
    by_image: dict[str, list[Use]] = {}
    for use in every:
        by_image.setdefault(str(use.image), []).append(use)
    for image, places in sorted(by_image.items()):
        left = [use for use in places if (use.key, use.path) not in moved]
        target = str(prover.mirror.image(places[0].image))
        reason = _reason(prover, app, trials, left[0]) if left else ""
        keys = () if left else _keys(trials, places[0])
        yield ImageUse(before.cluster or None, before.app, image, target, not left, keys, reason)


def _keys(trials: Sequence[Trial], use: Use) -> tuple[str, ...]:
    """Return the values that are set for an image, as far as their text shows it."""
    return tuple(each.key for trial in trials for each in trial.chosen if _is_part(str(each.before), use))


def _is_part(value: str, use: Use) -> bool:
    """Return whether a value is an image, or the beginning of its name or repository, or a text that names it."""
    name, start = written_name(use.text), written_name(value.rstrip("/")) if " " not in value else value
    if not value:
        return True
    if "\n" in value or " " in value:
        return name in value
    return any(full == start or full.startswith((f"{start}/", f"{start}-")) for full in (name, use.image.name)) or (
        start in (use.image.repository, use.image.repository.removeprefix("library/"))
    )


def _reason(prover: Prover, app: SideApp, trials: Sequence[Trial], use: Use) -> str:
    """Return why an image could not be moved."""
    charts = [part for part, _ in app.parts if isinstance(part, ChartTask) and use.file.startswith(f"{part.folder}/")]
    if not charts:
        kind = "a kustomization" if any(isinstance(part, KustomizeTask) for part, _ in app.parts) else "plain manifests"
        return f"{use.file} is not from a chart but from {kind}, which no Helm value changes"
    if prover.files.writes_image(charts[0], use.file, use.text):
        return f"the template {use.file} has the image as fixed text"
    for trial in trials:
        for key, why in trial.dropped.items():
            return f"setting {key} moves more than the image: {why}" if "changes" in why else f"setting {key}: {why}"
    named = [each.key for trial in trials for each in trial.candidates if use.image.repository in each.before]
    if named:
        return f"the chart does not take the image from {named[0]}"
    return "no value of the chart holds the image or its registry"


def _file(prover: Prover, before: RenderedApp, trial: Trial) -> AppOverride:
    name = f"{before.app.replace('/', '.')}.yaml"
    if sum(isinstance(part, ChartTask) for part, _ in trial.app.parts) > 1:
        name = f"{before.app.replace('/', '.')}-{trial.index}.yaml"
    text = override_text(trial.values, trial.chosen, header=_HEADER.format(mirror=prover.mirror))
    folder = before.dir or "charts"
    return AppOverride(before.cluster or None, before.app, f"{folder}/{name}", text, trial.task.folder)
