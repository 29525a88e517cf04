"""Templates whose result depends on the exact version of Helm, prepared for the engine.

The engine is one version of Helm: it names itself in ``.Capabilities.HelmVersion``, and it has functions that an older
Helm refuses to parse. Source: ``pkg/engine/funcs.go`` at the tags of https://github.com/helm/helm.
"""

import re
from collections.abc import Iterable, Mapping

from kubeaid_ci.helm import template_scan
from kubeaid_ci.semver.version import Version

_ADDED = {
    "fromToml": Version.parse("3.17.0"),
    "toYamlPretty": Version.parse("3.17.0"),
    "mustToYaml": Version.parse("4.0.0"),
    "mustToToml": Version.parse("4.2.0"),
}
"""The first version of Helm with a function that the engine has."""
_HELM_VERSION = "HelmVersion"
_WORDS = tuple(word.encode() for word in (*_ADDED, _HELM_VERSION))
_NAMED = re.compile(
    rf"(?P<version>[\w.$]*(?:\.Capabilities|\$\w+)\.{_HELM_VERSION})(?!\w)"
    rf"|(?<![\w.$])(?P<function>{'|'.join(_ADDED)})(?![\w.])"
)


def depends_on_version(texts: Iterable[bytes]) -> bool:
    """Return whether a template names the version of Helm, or a function that not every version has."""
    return any(_is_named(text) for text in texts if _may_be_named(text))


def _may_be_named(text: bytes) -> bool:
    return any(word in text for word in _WORDS)


def _is_named(text: bytes) -> bool:
    """Return whether an action names one of them, outside its comments and strings."""
    template = text.decode("utf-8", "replace")
    return template_scan.replaced_in_actions(template, _NAMED, lambda _: "") != template


def for_version(files: Mapping[str, bytes], helm: str) -> Mapping[str, bytes]:
    """Return a chart's files with templates that render as a version of Helm does; `files` itself if none differs.

    A function that this version lacks gets a name that no Helm has, so the engine refuses it where Helm would.
    """
    version = Version.parse(helm)

    def changed_in(data: bytes) -> bytes:
        text = data.decode("utf-8", "surrogateescape")
        made = template_scan.replaced_in_actions(text, _NAMED, lambda found: _for(found, version))
        return made.encode("utf-8", "surrogateescape")

    changed = {path: changed_in(data) for path, data in files.items() if "templates/" in path and _may_be_named(data)}
    return {**files, **changed} if any(files[path] != data for path, data in changed.items()) else files


def _for(found: re.Match[str], version: Version) -> str:
    if found["version"]:
        return f'(dict "Version" "v{version}" "GitCommit" "" "GitTreeState" "clean" "GoVersion" "")'.replace("vv", "v")
    name = found["function"]
    if version >= _ADDED[name]:
        return name
    return f"{name}_needs_Helm_{str(_ADDED[name]).replace('.', '_')}"
