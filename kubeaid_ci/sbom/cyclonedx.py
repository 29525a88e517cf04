"""The parts of clusters as CycloneDX 1.6 JSON: https://cyclonedx.org/docs/1.6/json/.

The same parts give the same bytes: the serial number is derived from the content, and no time is in the file.
"""

import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.contact import OrganizationalContact
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from kubeaid_ci import __version__
from kubeaid_ci.sbom.model import AppPart, ChartPart, FleetParts, ImagePart

_PREFIX = "kubeaid-ci"
_SERIAL = uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/Obmondo/kubeaid-ci/sbom")


def serialize(parts: FleetParts) -> tuple[str, str]:
    """Return the JSON text, and its serial number (an URN)."""
    content = json.loads(JsonV1Dot6(_bom(parts)).output_as_string())
    # The library puts a random number and the time of the run there.
    content.pop("serialNumber", None)
    content["metadata"].pop("timestamp", None)
    serial = uuid.uuid5(_SERIAL, hashlib.sha256(_dump(content).encode()).hexdigest()).urn
    return _dump({**content, "serialNumber": serial}), serial


def _dump(content: object) -> str:
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=True) + "\n"


def _bom(parts: FleetParts) -> Bom:
    fleet = Component(name=parts.name, type=ComponentType.PLATFORM, bom_ref=f"fleet:{parts.name}")
    clusters = {name: _cluster(name, version) for name, version in sorted(parts.clusters.items())}
    apps = {(app.cluster, app.app): _app(app) for app in parts.apps}
    charts = {key: _chart(chart) for key, chart in sorted(parts.charts.items())}
    images = {key: _image(image) for key, image in sorted(parts.images.items())}
    bom = Bom(
        metadata=BomMetaData(
            component=fleet,
            tools=ToolRepository(components=[_tool()]),
            properties=[Property(name="cdx:reproducible", value="true")],
        ),
        components=[*clusters.values(), *apps.values(), *charts.values(), *images.values()],
    )
    bom.register_dependency(fleet, clusters.values())
    for name, cluster in clusters.items():
        bom.register_dependency(cluster, [apps[app.cluster, app.app] for app in parts.apps if app.cluster == name])
    for app in parts.apps:
        direct = [*(charts[key] for key in app.charts), *(images[key] for key in app.images)]
        bom.register_dependency(apps[app.cluster, app.app], direct)
    for key, needed in _edges_of_charts(parts).items():
        below = [*(charts[inner] for inner in parts.charts[key].subcharts), *(images[image] for image in needed)]
        bom.register_dependency(charts[key], below)
    for component in images.values():
        bom.register_dependency(component)
    return bom


def _tool() -> Component:
    return Component(name="kubeaid-ci", version=__version__, type=ComponentType.APPLICATION, bom_ref="tool:kubeaid-ci")


def _edges_of_charts(parts: FleetParts) -> dict[str, set[str]]:
    """Return the images that templates of each chart name, in any Application."""
    found: dict[str, set[str]] = {key: set() for key in parts.charts}
    for app in parts.apps:
        for key, images in app.chart_images.items():
            found[key].update(images)
    return found


def _cluster(name: str, version: str) -> Component:
    properties = _properties({"kind": ["cluster"], "kubernetes-version": [version]})
    return Component(name=name, type=ComponentType.PLATFORM, bom_ref=f"cluster:{name}", properties=properties)


def _app(app: AppPart) -> Component:
    return Component(
        name=app.app,
        group=app.cluster,
        version=app.revision or None,
        type=ComponentType.APPLICATION,
        bom_ref=f"application:{app.cluster}/{app.app}",
        properties=_properties({"kind": ["application"], "images-unknown": app.unknown}),
    )


def _chart(chart: ChartPart) -> Component:
    place = {"repository_url": chart.repository} if chart.repository else {}
    if chart.source:
        address, _, rest = chart.source.rpartition("@")
        place["vcs_url"] = f"git+{address}.git@{rest}"
    return Component(
        name=chart.name,
        version=chart.version or None,
        type=ComponentType.APPLICATION,
        bom_ref=f"chart:{chart.key}",
        purl=PackageURL("helm", None, chart.name, chart.version or None, place),
        licenses=[LicenseFactory().make_from_string(text) for text in chart.licenses[:1]],
        authors=[OrganizationalContact(name=person.name, email=person.email or None) for person in chart.maintainers],
        external_references=list(_home(chart)),
        properties=_properties(
            {
                "kind": ["chart"],
                "app-version": [chart.app_version] if chart.app_version else [],
                "git-tree": [chart.tree] if chart.tree else [],
            }
        ),
    )


def _home(chart: ChartPart) -> Iterator[ExternalReference]:
    if chart.home:
        yield ExternalReference(type=ExternalReferenceType.WEBSITE, url=XsUri(chart.home))


def _image(part: ImagePart) -> Component:
    """Return an image with a package URL of https://github.com/package-url/purl-spec, type ``oci``."""
    image = part.image
    algorithm, _, digest = part.digest.partition(":")
    qualifiers = {"repository_url": image.name.lower(), **({"tag": image.tag} if image.tag else {})}
    name = image.repository.rpartition("/")[2].lower()
    return Component(
        name=image.name,
        version=image.tag or part.digest or None,
        type=ComponentType.CONTAINER,
        bom_ref=f"image:{part.key}",
        purl=PackageURL("oci", None, name, part.digest or None, qualifiers),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)] if algorithm == "sha256" and digest else [],
        properties=_properties({"kind": [part.type], "digest": [] if part.digest else ["unknown"]}),
    )


def _properties(values: dict[str, Iterable[str]]) -> list[Property]:
    return [Property(name=f"{_PREFIX}:{name}", value=value) for name, many in values.items() for value in many]
