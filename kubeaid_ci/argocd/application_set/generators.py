"""The sets of parameters that generators make, filtered by their selectors (applicationset/generators, utils)."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.argocd import UnsupportedError
from kubeaid_ci.argocd.application_set import git
from kubeaid_ci.argocd.application_set.model import (
    Generator,
    GitGenerator,
    ListGenerator,
    MatrixGenerator,
    MergeGenerator,
    Source,
)
from kubeaid_ci.argocd.application_set.template import Renderer, combined, flattened, merge_over
from kubeaid_ci.argocd.gotemplate import MissingKeyError, from_json
from kubeaid_ci.errors import UserError

Set = dict[str, Any]
_MOST = 2000
_LABEL = re.compile(r"(?:(?P<prefix>[^/]+)/)?(?P<name>[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)")
_LABEL_PREFIX = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")
_LONGEST_PREFIX = 253


@dataclass(frozen=True, slots=True)
class Generators:
    """Makes the sets of parameters of an ApplicationSet's generators."""

    lookup: git.Lookup
    renderer: Renderer

    def parameters(self, generator: Generator, source: Source) -> list[Set]:
        """Return the sets of one source, those that the selector keeps. Raises `UserError` if Argo CD fails."""
        selector = generator.selector
        if selector is not None:
            matches(selector, {})  # refuses a selector even if there is nothing to select
        found = self._all(source)
        if len(found) > _MOST:
            raise UnsupportedError(f"more than {_MOST} Applications")
        return [entry for entry in found if selector is None or matches(selector, flattened(entry))]

    def _all(self, source: Source) -> list[Set]:
        match source:
            case ListGenerator():
                return self._list(source)
            case GitGenerator():
                return git.parameters(source, self.lookup, self.renderer)
            case MatrixGenerator():
                return self._matrix(source)
            case MergeGenerator():
                return self._merge(source)

    def _inner(self, generator: Generator) -> list[Set]:
        ((source, _),) = generator.sources
        return self.parameters(generator, source)

    def _list(self, source: ListGenerator) -> list[Set]:
        found: list[Set] = []
        for element in source.elements:
            if element is not None and not isinstance(element, Mapping):
                raise UserError(f"an element of the list generator has no keys: {element!r}")
            found.append(from_json(element or {}) if self.renderer.in_go else _texts(element or {}))
        if source.elements_yaml:
            more = next(iter(documents.load_all(source.elements_yaml, where="elementsYaml")), None)
            if not isinstance(more or [], list) or not all(isinstance(one, Mapping | None) for one in more or []):
                raise UserError("elementsYaml: expected a list of keys with values")
            found += [from_json(one or {}) for one in more or []]
        return found

    def _matrix(self, source: MatrixGenerator) -> list[Set]:
        if len(source.generators) != 2:
            raise UserError(f"a matrix generator with {len(source.generators)} generators; it takes two")
        first, second = source.generators
        found: list[Set] = []
        for entry in self._inner(first):
            # Without parameters there is nothing to put into the second generator.
            inner = Generator.parse(self._interpolated(second.raw, entry)) if entry else second
            for other in self._inner(inner):
                if self.renderer.in_go:
                    both: Set = {}
                    merge_over(both, other)
                    merge_over(both, entry)
                else:
                    both = dict(combined(entry, other))
                found.append(both)
                if len(found) > _MOST:
                    raise UnsupportedError(f"more than {_MOST} Applications")
        return found

    def _merge(self, source: MergeGenerator) -> list[Set]:
        if len(source.generators) < 2:
            raise UserError("a merge generator with less than two generators")
        sets = [self._inner(generator) for generator in source.generators]
        base = _by_key(sets[0], source.keys)
        for more in sets[1:]:
            overriding = _by_key(more, source.keys)
            for key in base.keys() & overriding.keys():
                if self.renderer.in_go:
                    merge_over(base[key], overriding[key])
                else:
                    base[key] |= overriding[key]
        return list(base.values())

    def _interpolated(self, raw: Mapping[str, Any], parameters: Set) -> dict[str, Any]:
        """Return the second generator of a matrix with the parameters of the first put into its texts.

        In ``values`` a text that names another parameter stays as it is, for the generator itself.
        """
        # A renderer of its own: what stays a tag here may be one for the template.
        renderer = Renderer(self.renderer.in_go, self.renderer.options)
        out: dict[str, Any] = {}
        for name, value in raw.items():
            match name, value:
                case "matrix" | "merge", Mapping():
                    inner = [self._interpolated(each or {}, parameters) for each in value.get("generators") or ()]
                    rest = {key: each for key, each in value.items() if key != "generators"}
                    out[name] = {**renderer.filled(rest, parameters), "generators": inner}
                case "git", Mapping():
                    rest = {key: each for key, each in value.items() if key != "values"}
                    values = (value.get("values") or {}).items()
                    known = {key: _known(each or "", parameters, in_go=renderer.in_go) for key, each in values}
                    out[name] = {**renderer.filled(rest, parameters), "values": known}
                case _:
                    out[name] = renderer.filled(value, parameters)
        return out


def _known(text: str, parameters: Set, *, in_go: bool) -> str:
    try:
        return Renderer(in_go, ("missingkey=error",)).text(text, parameters)
    except MissingKeyError:
        return text


def _texts(element: Mapping[str, Any]) -> Set:
    """Return an element of a list generator, whose values have to be texts."""
    found: Set = {}
    for key, value in element.items():
        if key == "values":
            if not isinstance(value, Mapping):
                raise UserError("values of an element of the list generator have to be keys with texts")
            found |= {f"values.{name}": _text(inner, f"values.{name}") for name, inner in value.items()}
        else:
            found[key] = _text(value, key)
    return found


def _text(value: Any, key: str) -> str:
    if not isinstance(value, str):
        raise UserError(f"{key} of an element of the list generator is no text; quote it, or set goTemplate: true")
    return value


def _by_key(sets: list[Set], keys: tuple[str, ...]) -> dict[str, Set]:
    if not keys:
        raise UserError("a merge generator without mergeKeys")
    found: dict[str, Set] = {}
    for entry in sets:
        name = json.dumps({key: entry.get(key) for key in sorted(set(keys))}, sort_keys=True)
        if name in found:
            raise UserError(f"two sets of parameters of a merge generator have the same keys {name}")
        found[name] = entry
    return found


def matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Return whether flat parameters match a label selector. Raises `UserError` for one that Argo CD refuses."""
    wanted = [(key, "In", (value or "",)) for key, value in (selector.get("matchLabels") or {}).items()]
    wanted += [
        (each.get("key") or "", each.get("operator") or "", tuple(each.get("values") or ()))
        for each in selector.get("matchExpressions") or ()
    ]
    for key, operator, values in wanted:
        _check(key, operator, values)
    return all(_matches(labels, key, operator, values) for key, operator, values in wanted)


def _matches(labels: Mapping[str, str], key: str, operator: str, values: Sequence[str]) -> bool:
    match operator:
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
    return key not in labels


def _check(key: str, operator: str, values: Sequence[str]) -> None:
    found = _LABEL.fullmatch(key)
    prefix = found["prefix"] if found else None
    if found is None or (prefix and (len(prefix) > _LONGEST_PREFIX or not _LABEL_PREFIX.fullmatch(prefix))):
        raise UserError(f"selector: {key!r} is not a key that Argo CD accepts")
    if operator not in ("In", "NotIn", "Exists", "DoesNotExist"):
        raise UserError(f"selector: unknown operator {operator!r}")
    if bool(values) != (operator in ("In", "NotIn")):
        raise UserError(f"selector: {key}: the operator {operator} {'needs' if not values else 'takes no'} values")
