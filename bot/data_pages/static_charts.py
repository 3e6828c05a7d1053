"""A chart as SVG, for whoever reads without JavaScript: drawn from the same table as the interactive one.

Colours are classes that the style sheet fills in, so a picture follows light and dark; lines differ in their dashes
too. The words stand in the page, not in the picture, except for the ends of both axes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from bot.data_pages.site import Look
from bot.data_pages.tables import Cell, Chart, Column, Table, write_cell

WIDTH, HEIGHT = 720, 260
LEFT, RIGHT, TOP, BOTTOM = 8, 8, 22, 24
"""Room around the plot, for the ends of the axes."""


@dataclass(frozen=True, slots=True)
class Series:
    """One drawn column: its label, and the shape it is drawn as."""

    label: str
    path: str
    dots: tuple[tuple[float, float], ...] = ()
    """Where a value stands between two empty ones: a line of one point would not be seen."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What the template writes as SVG."""

    filled: bool
    series: Sequence[Series]
    top: str
    """The greatest value, in the reader's language."""
    first: str
    last: str
    bottom: float
    width: int = WIDTH
    height: int = HEIGHT


def draw(look: Look, table: Table) -> Picture | None:
    """The table's chart; None when it has none, or its rows are not weeks."""
    if not table.has_picture:
        return None
    places = [place for place, column in enumerate(table.columns) if column.drawn]
    values = [[row.cells[place] for row in table.rows] for place in places]
    stacked = table.chart == Chart.STACKED
    heights = _stack(values) if stacked else [[_number(cell) for cell in cells] for cells in values]
    greatest = max((value for series in heights for value in series if value is not None), default=0) or 1
    x, y = _scales(len(table.rows), greatest)
    column = table.columns[places[0]]
    labels = [table.columns[place].label for place in places]
    make = _bars if stacked else _line
    shapes = [make(label, series, x, y) for label, series in zip(labels, heights, strict=True)]
    return Picture(
        filled=stacked,
        series=shapes,
        top=write_cell(look, column, int(greatest) if float(greatest).is_integer() else greatest),
        first=_write_week(look, table.columns[0], table.rows[0].cells[0]),
        last=_write_week(look, table.columns[0], table.rows[-1].cells[0]),
        bottom=HEIGHT - BOTTOM,
    )


def _write_week(look: Look, column: Column, cell: Cell) -> str:
    return write_cell(look, column, cell) if isinstance(cell, date) else ""


def _stack(values: Sequence[Sequence[Cell]]) -> list[list[float | None]]:
    """Each series on top of those before it."""
    sums = [0.0] * len(values[0])
    stacked: list[list[float | None]] = []
    for series in values:
        sums = [total + (_number(cell) or 0) for total, cell in zip(sums, series, strict=True)]
        stacked.append(list(sums))
    return stacked


def _number(cell: Cell) -> float | None:
    return float(cell) if isinstance(cell, (int, float)) else None


Scale = Callable[[float], float]


def _scales(rows: int, greatest: float) -> tuple[Scale, Scale]:
    """From a row's number and from a value to the picture; a row stands in the middle of its share of the width."""
    step = (WIDTH - LEFT - RIGHT) / rows
    plot = HEIGHT - TOP - BOTTOM
    return lambda row: LEFT + step * (row + 0.5), lambda value: HEIGHT - BOTTOM - plot * value / greatest


def _bars(label: str, heights: Sequence[float | None], x: Scale, y: Scale) -> Series:
    half = (x(1) - x(0)) * 0.4
    bars = (
        f"M{x(n) - half:.1f} {y(0):.1f}V{y(top):.1f}h{2 * half:.1f}V{y(0):.1f}z" for n, top in _given(heights) if top
    )
    return Series(label, "".join(bars))


def _line(label: str, heights: Sequence[float | None], x: Scale, y: Scale) -> Series:
    runs = _runs(heights)
    path = "".join("M" + "L".join(f"{x(n):.1f} {y(value):.1f}" for n, value in run) for run in runs if len(run) > 1)
    return Series(label, path, tuple((x(n), y(value)) for run in runs if len(run) == 1 for n, value in run))


def _given(heights: Sequence[float | None]) -> Iterator[tuple[int, float]]:
    return ((n, value) for n, value in enumerate(heights) if value is not None)


def _runs(heights: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    """The stretches without a gap."""
    runs: list[list[tuple[int, float]]] = []
    for n, value in _given(heights):
        if not runs or runs[-1][-1][0] < n - 1:
            runs.append([])
        runs[-1].append((n, value))
    return runs
