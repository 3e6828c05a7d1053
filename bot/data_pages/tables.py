"""A table of figures, which is also its chart: what stands in it, how it is drawn, and the queries behind it."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.data_pages.site import Look

Cell = str | int | float | date | None


class Kind(StrEnum):
    """What a column holds, and so how it is written."""

    WEEK = "week"
    TEXT = "text"
    COUNT = "count"
    PEOPLE = "people"
    """A count that is withheld (None) when it is small."""
    SHARE = "share"
    HOURS = "hours"


class Chart(StrEnum):
    STACKED = "stacked"
    LINES = "lines"
    BARS = "bars"
    """A bar beside each row, in the page itself."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    """In a CSV file: stable, English."""
    label: str
    """On the page, in the reader's language."""
    kind: Kind = Kind.COUNT
    drawn: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    cells: tuple[Cell, ...]
    link: str | None = None
    """Where the first cell leads."""


@dataclass(frozen=True, slots=True)
class Table:
    """One section of the page. `name` is its address there, and its file's name."""

    name: str
    title: str
    told: str
    columns: tuple[Column, ...]
    rows: Sequence[Row]
    chart: Chart
    queries: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was counted at all; what is withheld was."""
        withheld = any(
            row.cells[index] is None
            for index, column in enumerate(self.columns)
            if column.kind == Kind.PEOPLE
            for row in self.rows
        )
        return not withheld and not any(self._drawn())

    @property
    def has_picture(self) -> bool:
        """Whether a chart is drawn above it."""
        return self.chart != Chart.BARS and any(self._drawn())

    def _drawn(self) -> list[Cell]:
        return [row.cells[index] for index, column in enumerate(self.columns) if column.drawn for row in self.rows]

    def bar(self, row: Row) -> int:
        """How long the row's bar is, of 100: its first drawn column against the greatest."""
        index = next(index for index, column in enumerate(self.columns) if column.drawn)
        greatest = max((_number(each.cells[index]) for each in self.rows), default=0)
        return round(100 * _number(row.cells[index]) / greatest) if greatest else 0


def write_cell(look: Look, column: Column, cell: Cell) -> str:
    """A cell as the reader's language writes it."""
    if cell is None:
        return look.words("fewer than 20") if column.kind == Kind.PEOPLE else "–"
    if isinstance(cell, date):
        return look.day(cell)
    if isinstance(cell, str):
        return cell
    if column.kind == Kind.SHARE:
        return look.share(cell)
    return look.number(round(cell, 1) if column.kind == Kind.HOURS else cell)


def raw_cell(cell: Cell) -> str:
    """A cell as a program reads it: what charts and CSV files are made from."""
    if cell is None:
        return ""
    return cell.isoformat() if isinstance(cell, date) else str(cell)


FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def to_csv(table: Table) -> str:
    """The table as CSV with a header. Text that a spreadsheet would run as a formula is quoted by an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([column.name for column in table.columns])
    for row in table.rows:
        writer.writerow([_harmless(cell) for cell in row.cells])
    return out.getvalue()


def _harmless(cell: Cell) -> str:
    text = raw_cell(cell)
    return f"'{text}" if isinstance(cell, str) and text.startswith(FORMULA_SIGNS) else text


def _number(cell: Cell) -> float:
    return float(cell) if isinstance(cell, (int, float)) else 0.0
