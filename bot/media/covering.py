"""What of a picture is covered before it becomes public: proposed, chosen, and burnt into its pixels. Pure.

A cover is one even colour painted over the decoded pixels, before they are encoded: a blur can be undone, and of what
was underneath nothing is in the file that is stored.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from PIL import Image, ImageDraw

from bot.media.words import SCALE, Area, Line, Placed, placed_text, sure_lines, text_of
from storage.personal_data import MASK, Kind, find_personal_data

COLOUR = (17, 17, 17)
PADDING = 8
"""Pixels added on each side: encoding smears a letter over its block of eight."""

ROOM = 0.12
"""Of a word's height, above and below it."""

MAX_AREAS = 60
MAX_PARTS = 100
"""Words and faces together that are proposed."""

MIN_SIDE = 20
"""Ten-thousandths: a finger that only touched the picture has drawn nothing."""

COLUMNS, MAX_ROWS = 8, 40
"""The fields that can be chosen instead of drawing."""

TOUCHED = 0.1
"""The share of a word that has to be covered for the word to be gone: in doubt it is, and not a number whose end alone
was covered."""

LEFT_OVER = 0.03
"""The share of a picture that must stay to be seen."""

_MASKS = re.compile(rf"{MASK}(?: ?{MASK})+")


FACE: Literal["face"] = "face"


@dataclass(frozen=True, slots=True)
class PrivatePart:
    """Words in a picture, or a face, that may tell who somebody is."""

    kind: Kind | Literal["face"]
    words: str
    """Empty for a face."""
    areas: tuple[Area, ...]
    """One for each line they stand on, or the face's."""


def find_private_parts(lines: Sequence[Line]) -> tuple[PrivatePart, ...]:
    """What may tell who somebody is, by whole words; also in lines too unsure to be looked up."""
    found: dict[tuple[Area, ...], PrivatePart] = {}
    for chosen in (sure_lines(lines), tuple(lines)):  # a line in between may break a number that was wrapped
        text, placed = placed_text(chosen)
        for finding in find_personal_data(text):
            words = [one for one in placed if one.start < finding.end and finding.start < one.end]
            areas = _by_line(words)
            found.setdefault(areas, PrivatePart(finding.kind, text[finding.start : finding.end], areas))
    return tuple(list(found.values())[:MAX_AREAS])


def mark_of(parts: Sequence[PrivatePart]) -> str:
    """Tells whether the same was proposed: which parts are covered is said by their number."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def promise_of(public: str | None, parts: Sequence[PrivatePart]) -> str | None:
    """The mark of what somebody agreed to: these words, with these parts covered; None where there are neither."""
    if public is None and not parts:
        return None
    promised = repr((public, [(str(part.kind), part.words) for part in parts]))
    return hashlib.sha256(promised.encode()).hexdigest()[:16]


def _by_line(words: Sequence[Placed]) -> tuple[Area, ...]:
    areas: dict[int, Area] = {}
    for one in words:
        areas[one.line] = areas[one.line].with_(one.word.area) if one.line in areas else one.word.area
    return tuple(_roomy(area) for area in areas.values())


def _roomy(area: Area) -> Area:
    """A little higher: the boxes that are told end at the letters' bodies."""
    more = round((area.bottom - area.top) * ROOM)
    return replace(area, top=max(0, area.top - more), bottom=min(SCALE, area.bottom + more))


def read_areas(drawn: str) -> tuple[Area, ...]:
    """What was drawn, from a form: `left,top,right,bottom` with `;` between. What is no area is dropped."""
    areas = []
    for one in drawn.split(";")[: MAX_AREAS * 2]:
        numbers = [int(part) for part in one.split(",") if part.isascii() and part.isdigit() and len(part) <= 5]
        if len(numbers) == 4 and one.count(",") == 3:
            left, top, right, bottom = (min(number, SCALE) for number in numbers)
            if right - left >= MIN_SIDE and bottom - top >= MIN_SIDE:
                areas.append(Area(left, top, right, bottom))
    return tuple(areas[:MAX_AREAS])


def write_areas(areas: Sequence[Area]) -> str:
    return ";".join(f"{one.left},{one.top},{one.right},{one.bottom}" for one in areas)


def count_rows(width: int, height: int) -> int:
    """How many rows of fields make them about square."""
    return max(1, min(MAX_ROWS, round(COLUMNS * height / width)))


def field_area(number: int, rows: int) -> Area | None:
    """The area of a field, counted from 0 along the rows; None when there is none of that number."""
    if not 0 <= number < COLUMNS * rows:
        return None
    row, column = divmod(number, COLUMNS)
    return Area(
        column * SCALE // COLUMNS, row * SCALE // rows, (column + 1) * SCALE // COLUMNS, (row + 1) * SCALE // rows
    )


def cover(picture: Image.Image, areas: Sequence[Area]) -> Image.Image:
    """A copy in which nothing of these areas is left."""
    covered = picture.copy()
    pen = ImageDraw.Draw(covered)
    width, height = picture.size
    for one in areas:
        box = (
            one.left * width // SCALE - PADDING,
            one.top * height // SCALE - PADDING,
            -(-one.right * width // SCALE) + PADDING,
            -(-one.bottom * height // SCALE) + PADDING,
        )
        pen.rectangle(box, fill=COLOUR)
    return covered


def hides_everything(areas: Sequence[Area]) -> bool:
    """Whether next to nothing of a picture is left to be seen."""
    small = Image.new("L", (100, 100), 1)
    pen = ImageDraw.Draw(small)
    for one in areas:
        pen.rectangle((one.left // 100, one.top // 100, -(-one.right // 100) - 1, -(-one.bottom // 100) - 1), fill=0)
    return sum(small.tobytes()) < LEFT_OVER * 100 * 100


def words_left(lines: Sequence[Line], areas: Sequence[Area]) -> str:
    """The words that can still be read, with a mask where one is covered; empty where none can."""
    shown = [tuple(_masked(word_line, areas)) for word_line in sure_lines(lines)]
    text = _MASKS.sub(MASK, text_of(shown))
    return text if text.replace(MASK, "").strip() else ""


def _masked(line: Line, areas: Sequence[Area]) -> Line:
    return tuple(replace(word, text=MASK) if _is_touched(word.area, areas) else word for word in line)


def _is_touched(word: Area, areas: Sequence[Area]) -> bool:
    """Whether the areas together cover a part of it that counts; where they overlap, that part counts twice."""
    return sum(word.share_within(one) for one in areas) >= TOUCHED
