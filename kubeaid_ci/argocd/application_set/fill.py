"""Parameters put into the texts of a template (`Replace` and `deeplyReplace` in Argo CD's applicationset/utils)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubeaid_ci.argocd import gotemplate
from kubeaid_ci.errors import UserError

Parameters = Mapping[str, Any]

_IS_TEMPLATE = re.compile(r"\{\{.*\}\}")
_TAG = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


@dataclass(slots=True)
class Renderer:
    """Fills templates, in Go's language or in the plain one. `leftover` are the tags that are no parameter."""

    in_go: bool
    options: tuple[str, ...] = ()
    leftover: dict[str, None] = field(default_factory=dict)

    def text(self, template: str, parameters: Parameters) -> str:
        """Return one text, filled. Raises `UserError` if Argo CD fails, `UnsupportedError` if it is not computed."""
        if "{{" not in template:
            return template
        if self.in_go:
            return gotemplate.render(template, parameters, self.options)
        return self._plain(template, parameters)

    def _plain(self, template: str, parameters: Parameters) -> str:
        """Return what https://github.com/valyala/fasttemplate gives: a tag that is no parameter stays."""
        if not _IS_TEMPLATE.search(template):
            return template
        last = list(_TAG.finditer(template))[-1] if _TAG.search(template) else None
        if "{{" in template[last.end() if last else 0 :]:
            raise UserError(f"a {{{{ without its }}}} in {template!r}")
        return _TAG.sub(lambda found: self._tag(found, parameters), template)

    def _tag(self, found: re.Match[str], parameters: Parameters) -> str:
        value = parameters.get(found[1].strip())
        if found[1].strip() and isinstance(value, str):
            return value
        self.leftover[found[0]] = None
        return found[0]

    def filled(self, value: Any, parameters: Parameters) -> Any:
        """Return data with every text in it filled, keys too. Raises as `text`."""
        return replaced(value, lambda text: self.text(text, parameters))


def replaced(value: Any, replace: Callable[[str], str]) -> Any:
    """Return data with every text in it replaced, keys too."""
    match value:
        case str():
            return replace(value)
        case Mapping():
            return {replace(key): replaced(item, replace) for key, item in value.items()}
        case list():
            return [replaced(item, replace) for item in value]
    return value
