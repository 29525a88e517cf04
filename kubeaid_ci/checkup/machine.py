"""Checks this machine: Python, programs with their versions, packages, the cache folder, network access."""

import os
import platform
import re
import shutil
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

from kubeaid_ci import __version__
from kubeaid_ci.build.jsonnet import engine as jsonnet
from kubeaid_ci.cache.cache import CACHE_BYTES, Cache, named_folder
from kubeaid_ci.checkup import checks
from kubeaid_ci.checkup.result import Check, State, Tool
from kubeaid_ci.errors import OutsideError
from kubeaid_ci.render import kustomize
from kubeaid_ci.runtime.processes import run

# From here on Git takes a token from the environment (GIT_CONFIG_COUNT).
_GIT = "2.31"
# From here on Git can make the merge that a forge's "update branch" button makes.
_GIT_MERGES = "2.38"
_VERSION = re.compile(r"\bversion (\S+)")
_SECONDS = 20.0
UNKNOWN = "of an unknown version"
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")


def check_machine(engine: str, ca_bundle: str | None) -> tuple[Check, ...]:
    """Check everything on this machine that builds and publications need or can use."""
    tools = [checks.tool(tool) for tool in (*_git(), *_engines(engine), *_others())]
    cache = Cache(named_folder(), CACHE_BYTES)
    cached = checks.cache(str(cache.folder), cache.size(), cache.trouble())
    bundle = [checks.ca_bundle(ca_bundle, there=Path(ca_bundle).is_file())] if ca_bundle else []
    return (
        checks.python(platform.python_version(), __version__),
        *tools,
        cached,
        *bundle,
        *checks.proxies(_proxies()),
    )


def has_git(found: Sequence[Check]) -> bool:
    """Return whether there is a Git that is good enough to look any further."""
    return not any(check.name == "git" and check.state is State.WRONG for check in found)


def _git() -> Iterator[Tool]:
    version = program("git")
    git = Tool("git", version, "clone, compare and push", f"install git {_GIT} or later", needed=True, at_least=_GIT)
    yield git
    merges = Tool("git merge-tree", version, "distinguish base merges from other commits", "", at_least=_GIT_MERGES)
    if checks.tool(git).state is State.OK is not checks.tool(merges).state:
        yield merges


def _engines(chosen: str) -> Iterator[Tool]:
    uses = {
        "rjsonnet": "build",
        "gojsonnet": "explain errors in vars files, and to build what rjsonnet cannot",
        "jsonnet": "decide where build --cross-check finds a difference, and build with --engine jsonnet",
    }
    for name in jsonnet.ENGINES:
        tool = Tool(name, jsonnet.version(name), uses[name], f"pip install {name}", needed=name == chosen)
        if name != "jsonnet" or tool.version or tool.needed:  # the third engine is not needed
            yield tool


def _others() -> Iterator[Tool]:
    yield Tool("promtool", program("promtool"), "check rules with build --validate", "install prometheus")
    builds = kustomize.find()
    name, version = (builds.name, builds.version) if builds else ("kustomize", None)
    yield Tool(name, version, "build kustomizations of Applications", "install kustomize or kubectl", at_least="4.5")
    helm = "helm-python-sdk"
    yield Tool(helm, package(helm), "render Helm charts", f"pip install {helm}")


def _proxies() -> dict[str, str]:
    """Return the proxy settings that are set, without credentials."""
    found = {name: os.environ.get(name) or os.environ.get(name.lower(), "") for name in _PROXIES}
    return {name: value.rpartition("@")[2].strip() for name, value in found.items() if value.strip()}


def program(name: str) -> str | None:
    """Return the version that a program reports; None if it is not on PATH."""
    if shutil.which(name) is None:
        return None
    try:
        done = run([name, "--version"], timeout=_SECONDS)
    except OutsideError:
        return UNKNOWN
    found = _VERSION.search(done.text) or _VERSION.search(done.stderr)
    return found[1].rstrip(",") if found else UNKNOWN


def package(name: str) -> str | None:
    """Return the version of a Python package; None if it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
