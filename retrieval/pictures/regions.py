"""Where in a picture a picture is: without the bars a phone puts around it, and without what a viewer writes on them.

A hash sees the whole picture, so bars change it beyond recognition. Each region found is hashed as well: one that is
none leads nowhere, since a stranger's hash is far from everything.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Box = tuple[int, int, int, int]
"""Left, upper, right, lower, in the picture's pixels."""

LOOK_AT = 256
"""The longer side of the small copy in which bars are looked for."""

SAME = 14
"""How far a pixel may be from a bar's colour, of 255 and in any of the three: encoding leaves that much."""

BAR = 0.7
"""The share of a line's pixels in the bar's colour that makes it a part of the bar, words on it included."""

MIN_SIDE = 0.06
MIN_GAIN = 0.985
"""A region that leaves out less than this is the picture itself."""


def find_regions(picture: Image.Image) -> list[Box]:
    """The whole picture first; then, if they differ, it without even margins and its largest part between bars."""
    scale = min(1.0, LOOK_AT / max(picture.size))
    small = picture.resize(
        (max(1, round(picture.width * scale)), max(1, round(picture.height * scale))), Image.Resampling.BILINEAR
    )
    pixels = np.asarray(small, np.int16)
    found = [(0, 0, pixels.shape[1], pixels.shape[0])]
    for box in (_without_margins(pixels), _between_bars(pixels)):
        if _is_worth_it(box, pixels.shape) and all(_differ(box, other) for other in found):
            found.append(box)
    across, down = picture.width / pixels.shape[1], picture.height / pixels.shape[0]
    return [(round(a * across), round(b * down), round(c * across), round(d * down)) for a, b, c, d in found]


def _without_margins(pixels: NDArray[np.int16]) -> Box:
    """What is left when lines wholly in the colour of the upper left corner are taken off from outside."""
    other = np.abs(pixels - pixels[0, 0]).max(axis=2) > SAME
    rows, columns = np.flatnonzero(other.mean(axis=1) > 0.01), np.flatnonzero(other.mean(axis=0) > 0.01)
    if not len(rows) or not len(columns):
        return (0, 0, pixels.shape[1], pixels.shape[0])
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def find_box_between_bars(is_bar: NDArray[np.bool_]) -> Box | None:
    """The box, given which pixels are in the bars' colour; None where it would be all of it, or next to nothing."""
    box = _box_between_bars(is_bar)
    return box if _is_worth_it(box, is_bar.shape) else None


def _between_bars(pixels: NDArray[np.int16]) -> Box:
    return _box_between_bars(np.abs(pixels - pixels[0, 0]).max(axis=2) <= SAME)


def _box_between_bars(is_bar: NDArray[np.bool_]) -> Box:
    """The longest run of rows, and in it of columns, that are not mostly bar."""
    top, bottom = _longest_run(is_bar.mean(axis=1) < BAR)
    left, right = _longest_run(is_bar[top:bottom].mean(axis=0) < BAR) if bottom > top else (0, 0)
    return left, top, right, bottom


def _longest_run(flags: NDArray[np.bool_]) -> tuple[int, int]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    if not len(edges):
        return 0, 0
    begins, ends = edges[::2], edges[1::2]
    longest = int(np.argmax(ends - begins))
    return int(begins[longest]), int(ends[longest])


def _is_worth_it(box: Box, shape: tuple[int, ...]) -> bool:
    width, height = (box[2] - box[0]) / shape[1], (box[3] - box[1]) / shape[0]
    return bool(MIN_SIDE <= min(width, height) < MIN_GAIN)


def _differ(one: Box, other: Box) -> bool:
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) > 1
