"""The files of a repository that make up one chart, as Helm sees its folder.

Helm follows links wherever they lead, which in an untrusted change may be any file of the machine.
Here only a link within ``charts/`` to another folder of the repository is followed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from kubeaid_ci.errors import UserError
from kubeaid_ci.git.links import follow
from kubeaid_ci.git.tree import Entry, Tree

_MOST_DEEP = 20


class LinkError(UserError):
    """A chart holds a link that is not followed."""


def chart_files(
    files: Tree, links: Mapping[str, str], folder: str, *, below: Callable[[str], Tree] | None = None
) -> dict[str, tuple[str, Entry]]:
    """The files of the chart in a folder: path within the chart, to path within the repository and entry.

    `links` has the target of every link among `files`; `below` gives those of the files that are below a
    folder, where that is known faster than by looking at all. Raises `LinkError` for any other link than
    that of a whole subchart to a folder of the repository.
    """

    def looked_for(around: str) -> Tree:
        return {path: entry for path, entry in files.items() if path.startswith(f"{around}/")}

    return dict(sorted(_Walk(files, links, below or looked_for).chart(folder, "", ())))


@dataclass(frozen=True, slots=True)
class _Walk:
    """From a chart's folder on, through links to others."""

    files: Tree
    links: Mapping[str, str]
    below: Callable[[str], Tree]

    def chart(self, folder: str, inside: str, around: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, Entry]]]:
        if folder in around or len(around) > _MOST_DEEP:
            raise LinkError(f"{folder}: the link to this chart leads back to a chart around it; remove it")
        for path, entry in self.below(folder).items():
            name = inside + path[len(folder) + 1 :]
            if entry.is_link:
                target = _target(self.files, self.links, path)
                yield from self.chart(target, f"{name}/", (*around, folder))
            elif entry.is_file:
                yield name, (path, entry)


def _target(files: Tree, links: Mapping[str, str], path: str) -> str:
    where, _, name = path.rpartition("/")
    target = links.get(path, "")
    place = follow(path, links)
    is_subchart = where.endswith("/charts") and "/" not in name
    if place is None or not is_subchart or f"{place}/Chart.yaml" not in files:
        raise LinkError(
            f"{path}: a link to {target!r}; a chart may only hold links from charts/ to another chart"
            " of the repository: put the file itself here"
        )
    return place
