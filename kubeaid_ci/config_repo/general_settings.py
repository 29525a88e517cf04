"""The platform's own settings of a cluster, which its installer wrote into the cluster's folder, and addresses.

Only the keys about the cluster and its repositories are read; the file also holds logins.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from kubeaid_ci.errors import UserError
from kubeaid_ci.net.address import Remote
from kubeaid_ci.semver.version import Version

FILES = ("kubeaid-cli.general.yaml", "kubeaid-bootstrap-script.general.yaml")
"""The names of the file, today's first."""

_KUBERNETES = (("cluster", "k8sVersion"), ("cluster", "kubernetesVersion"), ("k8sVersion",), ("kubernetesVersion",))
KUBEAID_VERSION = (("forkURLs", "kubeaid", "version"), ("cluster", "kubeaidVersion"), ("kubeaidVersion",))
"""The paths of keys that hold the KubeAid version of the cluster, today's first."""
_KUBEAID_URLS = (
    ("forkURLs", "kubeaid", "url"),
    ("forkURLs", "kubeaid"),
    ("forks", "kubeaid"),
    ("argocd", "kubeaidURL"),
    ("kubeaidURL",),
)
_CONFIG_URLS = (
    ("forkURLs", "kubeaidConfig", "url"),
    ("forkURLs", "kubeaidConfig"),
    ("forks", "kubeaidConfig"),
    ("argocd", "kubeaidConfigURL"),
    ("kubeaidConfigURL",),
)
# Under `cloud`, next to the provider.
_NO_PROVIDER = ("disasterRecovery",)


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of the config repo and of the KubeAid repo, as the operator named them.

    A name without an address never matches.
    """

    config: frozenset[Remote] = frozenset()
    kubeaid: frozenset[Remote] = frozenset()

    @classmethod
    def of(cls, *, config: Iterable[Remote | None] = (), kubeaid: Iterable[Remote | None] = ()) -> Self:
        """Return these addresses, without those that are not known."""
        return cls(frozenset(remote for remote in config if remote), frozenset(remote for remote in kubeaid if remote))

    def __or__(self, other: "Addresses") -> "Addresses":
        return Addresses(self.config | other.config, self.kubeaid | other.kubeaid)


@dataclass(frozen=True, slots=True)
class GeneralSettings:
    """The content of the file; None or empty means not set.

    `kubeaid` and `config` are the addresses of the cluster's two repositories. `problems` describe what could not be
    used.
    """

    path: str = ""
    name: str | None = None
    kubernetes_version: Version | None = None
    provider: str | None = None
    kubeaid_version: str | None = None
    kubeaid: tuple[Remote, ...] = ()
    config: tuple[Remote, ...] = ()
    problems: tuple[str, ...] = ()

    @classmethod
    def parse(cls, settings: Any, path: str) -> Self:
        """Read the file's content, with every scalar as text; `path` is its place in the repository."""
        if not isinstance(settings, Mapping):
            return cls(path, problems=("expected keys with values",))
        problems: list[str] = []
        return cls(
            path,
            _name(settings, problems),
            _version(settings, problems),
            _provider(settings, problems),
            _first(settings, KUBEAID_VERSION),
            _remotes(settings, _KUBEAID_URLS, problems),
            _remotes(settings, _CONFIG_URLS, problems),
            tuple(problems),
        )


def is_cluster_name(name: str) -> bool:
    """True if a name can be shown on one line and distinguished from a path."""
    return bool(name) and name.isprintable() and name.strip() == name and "/" not in name


def _name(settings: Mapping[str, Any], problems: list[str]) -> str | None:
    name = _text(settings, ("cluster", "name"))
    if name is None or is_cluster_name(name):
        return name
    problems.append(f"cluster.name: not a name: {name!r}")
    return None


def _version(settings: Mapping[str, Any], problems: list[str]) -> Version | None:
    for keys in _KUBERNETES:
        text = _text(settings, keys)
        if text is None:
            continue
        try:
            return Version.parse(text.removeprefix("v"))
        except UserError as error:
            problems.append(f"{'.'.join(keys)}: {error}")
    return None


def _provider(settings: Mapping[str, Any], problems: list[str]) -> str | None:
    cloud = settings.get("cloud")
    found = [str(name) for name in cloud if name not in _NO_PROVIDER] if isinstance(cloud, Mapping) else []
    if len(found) > 1:
        problems.append(f"cloud: expected one provider, found {', '.join(found)}")
    return found[0] if len(found) == 1 else None


def _remotes(
    settings: Mapping[str, Any], places: tuple[tuple[str, ...], ...], problems: list[str]
) -> tuple[Remote, ...]:
    found = set()
    for keys in places:
        text = _text(settings, keys)
        if text is None:
            continue
        try:
            remote = Remote.parse(text)
        except UserError as error:
            problems.append(f"{'.'.join(keys)}: {error}")
            continue
        if remote.is_local:
            problems.append(f"{'.'.join(keys)}: a path, not the address of a repository: {text!r}")
        else:
            found.add(remote)
    return tuple(sorted(found, key=str))


def _first(settings: Mapping[str, Any], places: tuple[tuple[str, ...], ...]) -> str | None:
    return next((text for keys in places if (text := _text(settings, keys)) is not None), None)


def _text(settings: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    """Return the text at a path of keys; None if no text is there."""
    value: Any = settings
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return (value.strip() or None) if isinstance(value, str) else None
