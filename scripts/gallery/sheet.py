"""All scenes of one language and text size on one picture, in columns."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

COLUMNS = 10
SCALE = 0.36
"""Of the drawn pixels, of which a phone's point has two: enough to read a bubble."""
GAP = 8
GROUND = "#8cabd9"
QUALITY = 30
"""Of WebP: letters stay sharp, and seventy scenes take half a megabyte."""


def write_sheet(pictures: Sequence[Path], to: Path) -> None:
    """Each picture below the column that is shortest so far."""
    drawn = [_reduced(path) for path in pictures]
    width = max(each.width for each in drawn) + GAP
    heights = [GAP] * COLUMNS
    places = []
    for each in drawn:
        column = heights.index(min(heights))
        places.append((column * width + GAP, heights[column]))
        heights[column] += each.height + GAP
    page = Image.new("RGB", (width * COLUMNS + GAP, max(heights)), GROUND)
    for each, place in zip(drawn, places, strict=True):
        page.paste(each, place)
    page.save(to, "WEBP", quality=QUALITY)


def _reduced(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        size = (round(picture.width * SCALE), round(picture.height * SCALE))
        return picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
