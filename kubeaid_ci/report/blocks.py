"""The blocks that reports are made of: texts, lists, tables, code and folded parts.

Each format prints them and escapes their texts, which may come from manifests, programs and other people.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """A name, path or value within a text."""

    text: str


@dataclass(frozen=True, slots=True)
class Strong:
    """A part of a text that must not be missed."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link to an ``http`` or ``https`` address, with the address as its label if it has no other.

    Formats print any other address as a text.
    """

    address: str
    label: str = ""


Inline = str | Code | Strong | Link
Text = Inline | tuple[Inline, ...]
"""Running text. A tuple has its parts in order, with the spaces between them; a line break stays one."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A text by itself."""

    text: Text


@dataclass(frozen=True, slots=True)
class Quote:
    """A note that is set apart from the text around it."""

    text: Text


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list, and the items below it."""

    text: Text
    below: tuple["Item", ...] = ()


@dataclass(frozen=True, slots=True)
class ItemList:
    """A list of items, with numbers if their order matters."""

    items: tuple[Item, ...]
    is_numbered: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """The names of columns, and rows of as many cells."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """Lines as they are, such as a manifest. The lines of the language ``diff`` begin with their sign."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Folded:
    """Blocks behind a title, for readers who want them."""

    title: str
    blocks: tuple["Block", ...]


Block = Paragraph | Quote | ItemList | Table | Listing | Folded


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report behind a title.

    `appendix` has long blocks about single objects. A page in HTML has them in their section. Markdown has them after
    all sections, because a comment or a summary may have no space for them. There, `about` completes their titles.
    """

    title: str
    blocks: tuple[Block, ...]
    appendix: tuple[Folded, ...] = ()
    about: str = ""


def plain(text: Text) -> str:
    """Return a text without its markup."""
    match text:
        case str():
            return text
        case Code() | Strong():
            return text.text
        case Link():
            return text.label or text.address
    return "".join(map(plain, text))


def item_list(texts: Iterable[Text], *, most: int | None = None, what: str = "") -> ItemList:
    """Return a list of texts; of more than `most`, the first and how many `what` are left out."""
    items = [Item(text) for text in texts]
    if most is not None and len(items) > most:
        items[most:] = [Item(f"and {len(items) - most} more{f' {what}' if what else ''}")]
    return ItemList(tuple(items))


def joined(texts: Iterable[Text], separator: str = ", ") -> tuple[Inline, ...]:
    """Return texts as one, with a separator between them."""
    parts: list[Inline] = []
    for text in texts:
        parts += [separator] if parts else []
        parts += text if isinstance(text, tuple) else [text]
    return tuple(parts)
