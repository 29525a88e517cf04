"""The differences between two states of one object, with secrets for comparing and for display."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from kubeaid_ci.git.tree import Action
from kubeaid_ci.k8s.manifest import Manifest


class _Absent(Enum):
    ABSENT = "absent"


ABSENT: Final = _Absent.ABSENT
"""The value of a missing field; not `None`, which a manifest may contain."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path: a mapping's key; or, where `item`, an item of a list by its name, place or value.

    `opened` marks a text in which the path goes on, such as a dashboard in a ConfigMap.
    """

    name: str
    item: bool = False
    opened: bool = False


@dataclass(frozen=True, slots=True)
class Delta:
    """One field that differs, with its values; secrets stand in them as `Masked`.

    `noise` is the id of the noise rule that leaves it out, empty if it counts.
    """

    steps: tuple[Step, ...]
    before: Any
    after: Any
    noise: str = ""
    keys: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """The names of the steps; an item of a list is ``*``."""

    def __post_init__(self) -> None:
        names = tuple("*" if step.item else step.name for step in self.steps)
        object.__setattr__(self, "keys", names)  # once, for every rule asks for them

    @property
    def in_text(self) -> bool:
        """Return whether the field is in a text that was opened."""
        return any(step.opened for step in self.steps)


@dataclass(frozen=True, slots=True)
class Difference:
    """One object in its two states; nothing on a side where it is not.

    The manifests are as they are, secrets included: for checks, never for printing.

    `renamed_from` is the removed object whose place it takes: it has the same content under another
    name, or the same name in another namespace.
    """

    before: Manifest | None
    after: Manifest | None
    deltas: tuple[Delta, ...] = ()
    renamed_from: Manifest | None = None

    @property
    def manifest(self) -> Manifest:
        """Return the object after the change; a removed one as it was."""
        found = self.after or self.before
        if found is None:
            raise ValueError("a difference needs at least one side")
        return found

    @property
    def action(self) -> Action:
        """Return what happens to the object."""
        if self.before is None:
            return Action.ADDED
        return Action.REMOVED if self.after is None else Action.MODIFIED

    @property
    def counts(self) -> bool:
        """Return whether there is more to it than noise."""
        return self.action is not Action.MODIFIED or self.moved or any(not delta.noise for delta in self.deltas)

    @property
    def moved(self) -> bool:
        """Return whether another Application holds the object now."""
        return self.before is not None and self.after is not None and self.before.app != self.after.app


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs, fit to be shown: values are bounded, secrets are masked."""

    path: str
    action: Action
    before: str | None
    after: str | None
    noise: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """One object that is added, removed or modified in one cluster, for display.

    `app_before` is the Application that held it if that was another, `renamed_from` the key of the removed object whose
    place it takes. `fields_left_out` counts the fields beyond the limit of `fields`. `destination` is the cluster that
    the object is on, empty for the one that Argo CD runs in.
    """

    cluster: str
    app: str
    kind: str
    namespace: str
    name: str
    action: Action
    fields: tuple[FieldChange, ...] = ()
    fields_left_out: int = 0
    group: str = ""
    app_before: str | None = None
    renamed_from: str | None = None
    destination: str = ""
    content: str = field(default="", repr=False, compare=False)
    """An added object as YAML, or the changed lines of a modified one with context; empty if it is not kept."""
