"""Two pictures of how far a probability can be trusted, as SVG: risk against coverage, and reliability."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np

WIDTH, HEIGHT, LEFT, TOP, SIDE = 640, 420, 70, 50, 300
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Okabe and Ito's, which people with any colour vision tell apart."""
BINS = 8
MIN_SHOWN = 10
STEPS = 200

Judged = Sequence[tuple[float, bool]]
"""Probability of the best match, and whether it is right."""


@dataclass(frozen=True)
class Line:
    name: str
    points: Sequence[tuple[float, float]]
    dots: bool = False


def risk_coverage(judged: Judged) -> Line:
    """Return, for every share answered (the surest first), the share of it that is wrong."""
    ordered = sorted(judged, key=lambda one: -one[0])
    wrong = np.cumsum([not right for _, right in ordered])
    counts = np.arange(1, len(ordered) + 1)
    chosen = np.unique(np.linspace(min(20, len(ordered)) - 1, len(ordered) - 1, STEPS).astype(int))
    return Line("", [(counts[i] / len(ordered), wrong[i] / counts[i]) for i in chosen])


def reliability(judged: Judged) -> Line:
    """Return, for bins of probability, how many of it are right."""
    probability = np.array([p for p, _ in judged])
    right = np.array([r for _, r in judged])
    bins = np.minimum((probability * BINS).astype(int), BINS - 1)
    shown = [b for b in range(BINS) if (bins == b).sum() >= MIN_SHOWN]
    return Line("", [(float(probability[bins == b].mean()), float(right[bins == b].mean())) for b in shown], dots=True)


def draw(title: str, across: str, up: str, lines: Mapping[str, Line], *, highest: float = 1.0) -> str:
    """Return an SVG with one line each; `highest` is the top of the upright axis."""

    def place(x: float, y: float) -> str:
        return f"{LEFT + x * SIDE:.1f},{TOP + (1 - min(y / highest, 1)) * SIDE:.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="13"><rect width="100%" height="100%" fill="white"/>',
        f'<text x="{LEFT}" y="28" font-size="16">{escape(title)}</text>',
        f'<text x="{LEFT + SIDE / 2}" y="{TOP + SIDE + 42}" text-anchor="middle">{escape(across)}</text>',
        f'<text transform="translate(20,{TOP + SIDE / 2}) rotate(-90)" text-anchor="middle">{escape(up)}</text>',
    ]
    for tick in (0, 0.25, 0.5, 0.75, 1):
        x, y = LEFT + tick * SIDE, TOP + (1 - tick) * SIDE
        parts.append(f'<path d="M{LEFT} {y}h{SIDE}M{x} {TOP}v{SIDE}" stroke="#ddd"/>')
        parts.append(f'<text x="{x}" y="{TOP + SIDE + 18}" text-anchor="middle">{tick:g}</text>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{tick * highest:.2g}</text>')
    for number, (name, line) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        points = " ".join(place(x, y) for x, y in line.points)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for x, y in line.points if line.dots else ():
            centre_x, centre_y = place(x, y).split(",")
            parts.append(f'<circle cx="{centre_x}" cy="{centre_y}" r="4" fill="{colour}"/>')
        parts.append(f'<text x="{LEFT + SIDE + 16}" y="{TOP + 16 + 22 * number}" fill="{colour}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>\n"])


def write_pictures(folder: Path, tasks: Mapping[str, Judged], pairs: Mapping[str, Judged]) -> None:
    """Write both pictures: risk and coverage of the tasks, reliability of the tasks and of pairs judged by people."""
    folder.mkdir(parents=True, exist_ok=True)
    risks = {f"{name} ({len(judged)})": risk_coverage(judged) for name, judged in tasks.items()}
    diagonal = {"as said": Line("", [(0, 0), (1, 1)])}
    shares = {f"{name} ({len(judged)})": reliability(judged) for name, judged in {**tasks, **pairs}.items()}
    risk = draw("Wrong among the surest", "share answered, surest first", "share of it wrong", risks, highest=0.4)
    sure = draw("How often a probability is right", "probability given", "share right", diagonal | shares)
    (folder / "risk-coverage.svg").write_text(risk, encoding="utf-8")
    (folder / "reliability.svg").write_text(sure, encoding="utf-8")
