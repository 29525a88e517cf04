"""The input of checks besides the rendered cluster: the settings, and the files of the config repo."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from kubeaid_ci.k8s.schemas import NoSchemas, Schemas
from kubeaid_ci.net.address import Remote
from kubeaid_ci.settings import CheckSettings


@dataclass(frozen=True, slots=True)
class ConfigFiles:
    """Files of the config repo: the id of the content by path, and how to read a file.

    Links and submodules are not in it.
    """

    ids: Mapping[str, str] = field(default_factory=dict)
    read: Callable[[str], bytes] = field(default=lambda _: b"", repr=False, compare=False)

    @property
    def paths(self) -> Collection[str]:
        """The paths of all files, relative to the config repo, sorted."""
        return self.ids.keys()

    def below(self, folder: str) -> "ConfigFiles":
        """Return the files below a folder, with the same paths."""
        within = {path: blob for path, blob in self.ids.items() if path.startswith(f"{folder}/")}
        return ConfigFiles(within, self.read)

    def text(self, path: str) -> str | None:
        """Return the text of a file; None if it does not exist. Bytes that are not UTF-8 are replaced."""
        return self.read(path).decode("utf-8", "replace") if path in self.ids else None

    def text_of_all(self) -> str:
        """Return the texts of all files, one after the other."""
        return "\n".join(self.text(path) or "" for path in self.paths)


@dataclass(frozen=True, slots=True)
class CheckContext:
    """The context of a check.

    `files` are those below the folder of the cluster; a check of the repository gets all. Results are cached by the
    content of all that is in here. `origin` is the address of the config repo, None if it has no remote. `folders` are
    those of the clusters, such as ``k8s/staging``. `schemas` validate objects.
    """

    settings: CheckSettings = field(default_factory=CheckSettings)
    files: ConfigFiles = field(default_factory=ConfigFiles)
    schemas: Schemas = field(default_factory=NoSchemas, repr=False, compare=False)
    origin: Remote | None = None
    folders: tuple[str, ...] = ()
