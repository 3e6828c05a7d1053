"""Charts as SVG, drawn on the server: they need no script, print, and follow the page's colours in the dark.

Each has a title that screen readers say, and the page puts the numbers beside it as a table.
"""

from collections.abc import Sequence
from html import escape

from markupsafe import Markup

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 640, 180, 44, 24, 12
GRID = 3


def draw_bars(title: str, labels: Sequence[str], values: Sequence[float], usual: float | None = None) -> Markup:
    """Bars side by side; `usual` is a dashed line at what is usual."""
    top = _round_up(max([*values, usual or 0.0, 1.0]))
    step = (WIDTH - LEFT) / max(len(values), 1)
    bars = "".join(
        f'<rect class="bar" x="{LEFT + index * step + step * 0.1:.1f}" y="{_y(value, top):.1f}" '
        f'width="{step * 0.8:.1f}" height="{max(0.0, HEIGHT - BOTTOM - _y(value, top)):.1f}">'
        f"<title>{escape(label)}: {value:g}</title></rect>"
        for index, (label, value) in enumerate(zip(labels, values, strict=True))
    )
    if usual is not None:
        bars += f'<path class="usual" d="M{LEFT} {_y(usual, top):.1f}H{WIDTH}"/>'
    return _frame(title, labels, top, bars)


def draw_line(title: str, labels: Sequence[str], values: Sequence[float | None]) -> Markup:
    """One line; where a value is None it is broken."""
    top = _round_up(max([*(value for value in values if value is not None), 1.0]))
    step = (WIDTH - LEFT) / max(len(values), 1)
    path, is_drawing = [], False
    for index, value in enumerate(values):
        if value is not None:
            path.append(f"{'L' if is_drawing else 'M'}{LEFT + (index + 0.5) * step:.1f} {_y(value, top):.1f}h0.1")
        is_drawing = value is not None
    return _frame(title, labels, top, f'<path class="line" stroke-linecap="round" d="{"".join(path)}"/>')


def _frame(title: str, labels: Sequence[str], top: float, inner: str) -> Markup:
    step = (WIDTH - LEFT) / max(len(labels), 1)
    every = max(1, -(-len(labels) // 8))
    below = "".join(
        f'<text x="{LEFT + (index + 0.5) * step:.1f}" y="{HEIGHT - 7}" text-anchor="middle">{escape(label)}</text>'
        for index, label in enumerate(labels)
        if index % every == 0
    )
    grid = "".join(
        f'<path class="axis" d="M{LEFT} {_y(top * n / GRID, top):.1f}H{WIDTH}"/>'
        f'<text x="{LEFT - 5}" y="{_y(top * n / GRID, top) + 4:.1f}" text-anchor="end">{top * n / GRID:g}</text>'
        for n in range(GRID + 1)
    )
    return Markup(
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}" class="chart">'
        f"{grid}{below}{inner}</svg>"
    )


def _y(value: float, top: float) -> float:
    return TOP + (HEIGHT - BOTTOM - TOP) * (1 - value / top)


def _round_up(value: float) -> float:
    """A little above, and a third of it is a round number."""
    unit = 1.0
    while unit * 30 < value:
        unit *= 10
    return next((unit * GRID * n for n in range(1, 11) if unit * GRID * n >= value), unit * 30)
