"""The YAML documents of a values file, cut as Helm 4 cuts them.

Helm 4 uses `NewYAMLReader` of ``k8s.io/apimachinery/pkg/util/yaml``: a separator is a line that starts with ``---``.
"""

from collections.abc import Iterator

_SEPARATOR = "---"
_BUFFER = 4_096
"""Bytes. A last line of a multiple of it, without a line break, is lost by the reader."""


def value_documents(text: str, *, loses_last_line: bool) -> Iterator[str]:
    """Yield the documents of a values file. Raises `ValueError` for a separator with text after it."""
    lines: list[str] = []
    for line in _lines(text, loses_last_line=loses_last_line):
        after = line.removeprefix(_SEPARATOR).strip() if line.startswith(_SEPARATOR) else None
        if after and not after.startswith("#"):
            raise ValueError("a line starts with --- and has more text; put it on the next line")
        if after is not None and lines:
            yield "".join(lines)
            lines = []
        else:
            lines.append(line)
    if lines:
        yield "".join(lines)


def _lines(text: str, *, loses_last_line: bool) -> list[str]:
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop().removesuffix("\n")
    lost = loses_last_line and len(last.encode("utf-8", "surrogatepass")) % _BUFFER == 0
    return lines if lost else [*lines, f"{last}\n"]
