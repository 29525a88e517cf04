"""The description of a change request: our section between two markers, and the files that its commit changes.

The notes of people around our section stay untouched.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kubeaid_ci.forge.change_request import ChangeRequest, Proposal
from kubeaid_ci.forge.forge import Size
from kubeaid_ci.git.tree import Action
from kubeaid_ci.helm.chart import CHARTS
from kubeaid_ci.report.markdown import code, folded, table

_OPEN = "<!-- kubeaid-ci:"
START, END = f"{_OPEN}start -->", f"{_OPEN}end -->"
_SECTION = re.compile(rf"{re.escape(START)}.*?{re.escape(END)}", re.DOTALL)
_STATE = re.compile(
    r"<!-- kubeaid-ci:state (?P<draft>draft|ready) (?P<title>[0-9a-f]{12}) (?P<content>[0-9a-f]{12}) -->"
)
_WITHDRAWN = f"{_OPEN}state withdrawn -->"
_BOX = re.compile(r"- \[(?P<tick>[ xX])\] <!-- kubeaid-ci:take-back -->")
_TAKE_BACK = (
    "- [ ] <!-- kubeaid-ci:take-back -->Hand the branch back: let the next run throw away the commits "
    "that others have added to it"
)
# For a text that no forge takes.
NO_LIMIT = 10_000_000
_CUT = "*The rest did not fit into this text.*"
_MOST_LISTED = 200
"""Files in one folded part: what does not fit the description is left out part by part."""

ChangedFile = tuple[str, Action]
"""A path in the repository, and what the commit does to it."""


@dataclass(frozen=True, slots=True)
class Section:
    """The content of our section of a change request's text; all fields are empty if it does not exist."""

    draft: bool | None = None
    title: str | None = None
    """The checksum of the title that we gave it last."""
    content: str | None = None
    """The checksum of what it proposed last; empty if we have closed it ourselves."""
    handed_back: bool = False


def read(body: str) -> Section:
    """Return the data of our section in a change request's text."""
    section = _SECTION.search(body)
    if section is None:
        return Section()
    state = _STATE.search(section[0])
    boxes = _BOX.findall(section[0])
    ticked = bool(boxes) and boxes[-1] != " "
    if state is None:
        return Section(handed_back=ticked)
    return Section(state["draft"] == "draft", state["title"], state["content"], ticked)


def is_ours(body: str) -> bool:
    """Return whether a text has our section."""
    return _SECTION.search(body) is not None


def mark_withdrawn(existing: str) -> str:
    """Return the text of a change request that we close: what it proposed was not turned down by anybody."""
    return _SECTION.sub(lambda found: _STATE.sub(_WITHDRAWN, found[0], count=1), existing, count=1)


def write(existing: str | None, proposal: Proposal, limit: int, *, content: bytes = b"", size: Size = len) -> str:
    """Return the whole description of a change request: our section put into the existing text, within `limit`.

    `content` is what the proposal changes; the text keeps a checksum of it. `size` measures in the unit of `limit`.
    """
    around = _normal(existing or "")
    found = _SECTION.search(around)
    before, after = (around[: found.start()], around[found.end() :]) if found else (around.rstrip(), "")
    glue = "\n\n" if before and not found else ""
    # A marker without its other half would make the next run take people's notes for ours.
    before, after = _without_markers(before), _without_markers(after)
    room = limit - size(before) - size(after) - size(glue)
    return f"{before}{glue}{section(proposal, room, content, size=size)}{after}"


def section(proposal: Proposal, limit: int, content: bytes, *, size: Size = len) -> str:
    """Return only our section, within `limit`; its frame is always there."""
    draft = "draft" if proposal.draft else "ready"
    state = f"{_OPEN}state {draft} {checksum(proposal.title.encode())} {proposal_checksum(proposal.title, content)} -->"
    frame = (START, state, "", "", _TAKE_BACK, END)
    room = limit - size("\n".join(frame)) - 1
    text = fit(_without_markers(_normal(proposal.body)).strip(), room, size=size)
    return "\n".join((START, state, text, "", _TAKE_BACK, END))


def same(one: str, other: str) -> bool:
    """Return whether two texts are the same but for line breaks and spaces at the ends, which forges change."""
    return _normal(one).strip() == _normal(other).strip()


def proposal_checksum(title: str, content: bytes) -> str:
    """Return the checksum of what is offered, by which it is known again: with another title it is another offer."""
    return checksum(title.encode() + b"\0" + content)


def checksum(data: bytes) -> str:
    """12 hex digits."""
    return hashlib.sha256(data).hexdigest()[:12]


def may_rename(request: ChangeRequest) -> bool:
    """Return whether the title is the one that we gave it: a title that a person chose is kept."""
    return read(request.body).title == checksum(request.title.encode())


def fit(text: str, limit: int, *, size: Size = len) -> str:
    """Return as many whole lines as fit into `limit`, with open code blocks and folds closed."""
    if size(text) <= limit:
        return text
    left: list[str] = []
    used, state = size(_CUT) + 2, _Open()
    for line in text.split("\n"):
        then = state.after(line)
        used += size(line) + 1
        if used + size(then.closing) > limit:
            break
        left.append(line)
        state = then
    return "\n".join(left) + state.closing + f"\n\n{_CUT}"


@dataclass(frozen=True, slots=True)
class _Open:
    """The open blocks at the end of a line: the fence of a code block, a number of folds, a block of HTML.

    Such a block begins with a line of our tags and ends with a blank line; until then no fence counts.
    """

    fence: str = ""
    folds: int = 0
    html: bool = False

    def after(self, line: str) -> "_Open":
        bare = line.strip()
        ticks = bare[: len(bare) - len(bare.lstrip("`"))]
        if self.fence:
            ends = bare.startswith(self.fence) and not bare.strip("`")
            return _Open("", self.folds) if ends else self
        html = bool(bare) and (self.html or bare.startswith(("<details", "</details>")))
        if not html and len(ticks) >= 3 and "`" not in bare[len(ticks) :]:
            return _Open(ticks, self.folds)
        more = bare.count("<details") - bare.count("</details>") if html else 0
        return _Open("", max(0, self.folds + more), html)

    @property
    def closing(self) -> str:
        return (f"\n{self.fence}" if self.fence else "") + "\n\n</details>" * self.folds


def _without_markers(text: str) -> str:
    """Return the text with anything that looks like our markers escaped."""
    return text.replace(_OPEN, "&lt;!-- kubeaid-ci:")


def _normal(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def changed_files_table(files: Sequence[ChangedFile]) -> str:
    """Return a table with a row for each vendored chart and for each other file."""
    places: dict[str, Counter[Action]] = {}
    for path, action in files:
        places.setdefault(_vendored_folder(path) or path, Counter())[action] += 1
    rows = [(code(place), _counted(place, counts)) for place, counts in places.items()]
    return table(("Changed", "Files"), rows)


def changed_files_list(files: Sequence[ChangedFile]) -> Iterator[str]:
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
    """Return the folder of the vendored chart that a file belongs to, with a slash at its end."""
    parts = path.split("/")
    is_vendored = len(parts) > 4 and parts[0] == CHARTS and parts[2] == "charts"
    return "/".join(parts[:4]) + "/" if is_vendored else None
