"""Results of any kind as one table of short cells, for the formats that people read."""

from collections.abc import Iterable
from typing import Any

from kubeaid_ci.report.json import plain
from kubeaid_ci.report.report import Report, Table
from kubeaid_ci.visible import one_line, shortened

_LONGEST_CELL = 60


def shown(report: Report) -> Table:
    """The report's own table, made safe to show; where it has none, a table of all its results' fields."""
    own = report.table
    if own is None:
        return table(report.results)
    rows = tuple(tuple(shortened(one_line(cell), _LONGEST_CELL) for cell in row) for row in own.rows)
    return Table(own.columns, rows)


def table(results: Iterable[Any]) -> Table:
    """One row a result, one column a field; columns that would be empty are left out.

    A list shows as the number of its entries, a number of seconds with two digits.
    """
    records = [record for record in map(plain, results) if isinstance(record, dict)]
    cells = [{name: _cell(value) for name, value in record.items()} for record in records]
    names = dict.fromkeys(name for record in cells for name, cell in record.items() if cell)
    titles = tuple(one_line(name.replace("_", " ")) for name in names)
    return Table(titles, tuple(tuple(record.get(name, "") for name in names) for record in cells))


def _cell(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else ""
        case list() | dict():
            return str(len(value)) if value else ""
        case float():
            return f"{value:.2f}"
        case None:
            return ""
    return shortened(one_line(str(value)), _LONGEST_CELL)
