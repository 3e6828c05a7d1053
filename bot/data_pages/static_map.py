"""The theme map as one SVG, for whoever reads without JavaScript: a dot an article, and the themes' words."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from storage.themes import FoundMap, Place

WIDTH, HEIGHT, MARGIN = 960, 640, 16
COLOURS = 6
RADIUS, SMALL_RADIUS, MANY = 4, 2, 5_000
MAX_DOTS = 4_000
"""More would make the page heavy and the picture no clearer: then every so-many-th article is drawn."""
WORDS_SHOWN = 2
LETTER, LINE = 15, 24
"""Width of a Chinese character and height of a label, in the picture's units."""


@dataclass(frozen=True, slots=True)
class Label:
    x: float
    y: float
    width: float
    text: str


@dataclass(frozen=True, slots=True)
class MapPicture:
    """Dots as one path for each colour, so that thousands of them stay small; `0` is without a theme."""

    answered: dict[int, str]
    open: dict[int, str]
    labels: Sequence[Label]
    width: int = WIDTH
    height: int = HEIGHT
    line: int = LINE


def draw_map(found: FoundMap) -> MapPicture:
    drawn = found.places[:: 1 + len(found.places) // MAX_DOTS]
    radius = SMALL_RADIUS if len(drawn) > MANY else RADIUS
    dots: dict[bool, dict[int, list[str]]] = {True: defaultdict(list), False: defaultdict(list)}
    for place in drawn:
        colour = 0 if place.number is None else 1 + place.number % COLOURS
        dots[place.is_answered][colour].append(_circle(*_point(place), radius))
    answered, waiting = ({colour: "".join(paths) for colour, paths in sorted(by.items())} for by in dots.values())
    return MapPicture(answered, waiting, _label(found))


def _point(place: Place) -> tuple[float, float]:
    return MARGIN + place.x * (WIDTH - 2 * MARGIN), MARGIN + place.y * (HEIGHT - 2 * MARGIN)


def _circle(x: float, y: float, radius: int) -> str:
    return f"M{x - radius:.0f} {y:.0f}a{radius} {radius} 0 1 0 {2 * radius} 0a{radius} {radius} 0 1 0 -{2 * radius} 0z"


def _label(found: FoundMap) -> list[Label]:
    """A theme's words at its middle, the larger theme first, where they cover no other words."""
    members: dict[int, list[Place]] = defaultdict(list)
    for place in found.places:
        if place.number is not None:
            members[place.number].append(place)
    chosen: list[Label] = []
    for number, places in sorted(members.items()):
        text = " · ".join(found.words.get(number, [])[:WORDS_SHOWN])
        width = LETTER * sum(1.0 if ord(letter) > 0x2E80 else 0.6 for letter in text) + LETTER
        x, y = (median(axis) for axis in zip(*map(_point, places), strict=True))
        label = Label(min(max(x - width / 2, 0), WIDTH - width), min(max(y - LINE / 2, 0), HEIGHT - LINE), width, text)
        if text and not any(_cover(label, other) for other in chosen):
            chosen.append(label)
    return chosen


def _cover(one: Label, other: Label) -> bool:
    across = one.x < other.x + other.width and other.x < one.x + one.width
    return across and one.y < other.y + LINE and other.y < one.y + LINE
