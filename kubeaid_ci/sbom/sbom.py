"""Makes the bill of materials of clusters: their charts and images, with licences and digests."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.git.revision import PINNED, WORK_TREE, Revision, TreeRevision
from kubeaid_ci.images.inventory import Collector
from kubeaid_ci.images.lock_file import LOCK, read_lock
from kubeaid_ci.images.model import ImageInventory
from kubeaid_ci.render.fleet import Fleet, fleet_at
from kubeaid_ci.render.options import RunOptions
from kubeaid_ci.render.renderer import Progress
from kubeaid_ci.render.rendering import RenderedApp, RenderStatus
from kubeaid_ci.render.repositories import LocalRepositories
from kubeaid_ci.runtime.files import write_atomically
from kubeaid_ci.sbom.charts import ChartCatalog
from kubeaid_ci.sbom.model import AppPart, FleetParts, ImagePart, Sbom, lines_of
from kubeaid_ci.settings import Settings


def create_sbom(
    config_repo: str | os.PathLike[str],
    kubeaid: str | os.PathLike[str],
    *,
    clusters: Sequence[str] = (),
    kubeaid_ref: Revision | str = PINNED,
    config_ref: TreeRevision | str = WORK_TREE,
    out: str | os.PathLike[str] | None = None,
    settings: Settings | None = None,
    jobs: int | None = None,
    cache: bool = True,
    progress: Progress | None = None,
) -> Sbom:
    """Return the bill of materials of clusters (default: all) as one CycloneDX 1.6 JSON text, and write it to `out`.

    The parameters and errors are those of `list_images`. Digests are those of ``images.lock.yaml`` in the config repo.
    An Application that is not rendered in full is listed with the reason, and its findings are in the result.
    """
    repositories = LocalRepositories.of(config_repo, kubeaid, config_ref=config_ref, kubeaid_ref=kubeaid_ref)
    run = RunOptions(settings or Settings(), jobs, cache, progress=progress)
    with fleet_at(repositories, run, clusters=clusters) as fleet:
        parts, findings, unknown = _parts(fleet)
    # The library takes a tenth of a second to load.
    from kubeaid_ci.sbom.cyclonedx import serialize

    text, serial = serialize(parts)
    if out is not None:
        write_atomically(Path(out), text.encode())
    return Sbom(text, serial, lines_of(parts), tuple(findings), tuple(unknown))


def _parts(fleet: Fleet) -> tuple[FleetParts, list[Finding], list[str]]:
    catalog = ChartCatalog(fleet.repositories, fleet.renderer.cache)
    digests = _lock(fleet)
    findings = list(fleet.findings)
    unknown: list[str] = []
    versions: dict[str, str] = {}
    apps: list[AppPart] = []
    images: dict[str, ImagePart] = {}
    for state in fleet.clusters():
        versions[state.cluster.label] = str(state.version)
        catalog.read(state.apps)
        for app in state.apps:
            collector = Collector(fleet.settings.images)
            collector.add(app)
            inventory = collector.inventory()
            images |= _images(inventory, digests)
            apps.append(_app(app, inventory, catalog.keys_of(app)))
            if app.status is not RenderStatus.RENDERED:
                unknown.append(f"{app.cluster}/{app.app}")
                findings += state.app_findings.get(app.app, ())
    used = {key for app in apps for key in app.charts}
    charts = {key: part for key, part in catalog.parts.items() if key in used}
    return FleetParts(_name(fleet, list(versions)), versions, tuple(apps), charts, images), findings, unknown


def _lock(fleet: Fleet) -> Mapping[str, str]:
    files = fleet.config_files
    if LOCK not in files.files:
        return {}
    return read_lock(files.read(LOCK).decode("utf-8", "replace"), where=LOCK)


def _name(fleet: Fleet, clusters: Sequence[str]) -> str:
    """Return the name of the config repo, or of the only cluster; never a path of this machine."""
    repository = Repository.at(fleet.repositories.config)
    origin = repository.remote() if repository else None
    if len(clusters) == 1:
        return clusters[0]
    return origin.owner_and_name if origin and not origin.is_local else "clusters"


def _images(inventory: ImageInventory, digests: Mapping[str, str]) -> dict[str, ImagePart]:
    parts = (
        ImagePart(listed.reference, listed.digest or digests.get(listed.image, ""), listed.type)
        for listed in inventory.images
    )
    return {part.key: part for part in parts}


def _app(app: RenderedApp, inventory: ImageInventory, charts: Mapping[str, str]) -> AppPart:
    by_chart: dict[str, set[str]] = {}
    files = {
        (manifest.key.kind, manifest.key.namespace, manifest.key.full_name): manifest.path for manifest in app.manifests
    }
    for listed in inventory.images:
        for place in listed.found_in:
            key = _chart_of(files.get((place.kind, place.namespace, place.name), ""), charts)
            if key:
                by_chart.setdefault(key, set()).add(str(listed.reference))
    return AppPart(
        app.cluster,
        app.app,
        app.revision or "",
        tuple(sorted(set(charts.values()))),
        tuple(sorted(str(listed.reference) for listed in inventory.images)),
        {key: tuple(sorted(images)) for key, images in sorted(by_chart.items())},
        tuple(_unknown(app, inventory)),
    )


def _chart_of(file: str, charts: Mapping[str, str]) -> str | None:
    """Return the key of the innermost chart whose folder holds a file."""
    around = [folder for folder in charts if file.startswith(f"{folder}/")]
    return charts[max(around, key=len)] if around else None


def _unknown(app: RenderedApp, inventory: ImageInventory) -> Iterator[str]:
    if app.status is not RenderStatus.RENDERED:
        yield f"not rendered in full: {app.status.value}"
    for blind in inventory.blind:
        if not blind.declared:
            yield f"{blind.kind} {blind.namespace}/{blind.name}: {blind.reason}"
