"""Makes the Applications of an ApplicationSet (`GenerateApplications` in Argo CD's applicationset/controllers)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubeaid_ci.argocd import UnsupportedError
from kubeaid_ci.argocd.application_schema import TEMPLATE
from kubeaid_ci.argocd.application_set.generators import Generators
from kubeaid_ci.argocd.application_set.git import Lookup
from kubeaid_ci.argocd.application_set.model import ApplicationSet
from kubeaid_ci.argocd.application_set.template import Renderer, filled_template, patched

_MOST = 2000


@dataclass(slots=True)
class Made:
    """An Application that a set makes.

    `is_repeated` is true if the set makes another one with the same name: Argo CD reports an error then. `leftover`
    are the tags in its texts that are no parameter, which Argo CD leaves as they are.
    """

    body: dict[str, Any]
    leftover: tuple[str, ...] = ()
    is_repeated: bool = False

    @property
    def name(self) -> str:
        """The name of the Application."""
        return str(self.body["metadata"].get("name") or "")


def expand(body: Mapping[str, Any], lookup: Lookup) -> list[Made]:
    """Return the Applications of an ApplicationSet, the first of each name.

    Raises `UserError` if Argo CD makes none because of an error in the set, and `UnsupportedError`, naming the
    feature, if they cannot be known from Git or are not computed here.
    """
    application_set = ApplicationSet.parse(body)
    renderer = Renderer(application_set.in_go, application_set.options)
    found: dict[str, Made] = {}
    for number, made in enumerate(_made(application_set, Generators(lookup, renderer), renderer)):
        if number >= _MOST:
            raise UnsupportedError(f"more than {_MOST} Applications")
        first = found.setdefault(made.name, made)
        first.is_repeated |= first is not made
    return list(found.values())


def _made(application_set: ApplicationSet, generators: Generators, renderer: Renderer) -> Iterator[Made]:
    for generator in application_set.generators:
        for source, own in generator.sources:
            template = filled_template(TEMPLATE, own, application_set.template)
            for parameters in generators.parameters(generator, source):
                renderer.leftover.clear()
                yield Made(_application(application_set, template, parameters, renderer), tuple(renderer.leftover))


def _application(
    application_set: ApplicationSet, template: Mapping[str, Any], parameters: Mapping[str, Any], renderer: Renderer
) -> dict[str, Any]:
    # Without parameters Argo CD takes the template as it is.
    made = renderer.filled(template, parameters) if parameters else dict(template)
    if application_set.template_patch is not None:
        made = patched(made, renderer.text(application_set.template_patch, parameters))
    metadata = {**(made.get("metadata") or {}), "namespace": application_set.namespace}
    header = {"apiVersion": application_set.api_version, "kind": "Application"}
    return {**made, **header, "metadata": {key: value for key, value in metadata.items() if value is not None}}
