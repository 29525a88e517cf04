"""The files that a commit changes, for the description of its change request."""

from collections import Counter
from collections.abc import Iterator, Sequence

from kubeaid_ci.git.action import Action
from kubeaid_ci.helm.chart import CHARTS
from kubeaid_ci.report.markdown import code, folded, table

_MOST_LISTED = 200
"""Files in one folded part: what does not fit the description is left out part by part."""

ChangedFile = tuple[str, Action]
"""A path in the repository, and what the commit does to it."""


def overview(files: Sequence[ChangedFile]) -> str:
    """Return a table with a row for each vendored chart and for each other file."""
    places: dict[str, Counter[Action]] = {}
    for path, action in files:
        places.setdefault(_vendored_folder(path) or path, Counter())[action] += 1
    rows = [(code(place), _counted(place, counts)) for place, counts in places.items()]
    return table(("Changed", "Files"), rows)


def listing(files: Sequence[ChangedFile]) -> Iterator[str]:
    """Yield every file, folded."""
    for start in range(0, len(files), _MOST_LISTED):
        part = files[start : start + _MOST_LISTED]
        span = f": {start + 1} to {start + len(part)}" if len(files) > _MOST_LISTED else ""
        title = f"All {len(files)} changed files{span}"
        yield folded(title, "\n".join(f"- {action} {code(path)}" for path, action in part))


def _counted(place: str, counts: Counter[Action]) -> str:
    if not place.endswith("/"):
        return next(iter(counts)).value
    return ", ".join(f"{counts[action]} {action}" for action in Action if counts[action])


def _vendored_folder(path: str) -> str | None:
    """The folder of the vendored chart that a file belongs to, with a slash at its end."""
    parts = path.split("/")
    is_vendored = len(parts) > 4 and parts[0] == CHARTS and parts[2] == "charts"
    return "/".join(parts[:4]) + "/" if is_vendored else None
