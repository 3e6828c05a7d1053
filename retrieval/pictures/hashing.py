"""The hashes of one picture: those it is found by, and those it is looked up with."""

from dataclasses import dataclass
from itertools import product

from PIL import Image, ImageOps

from retrieval.pictures.pdq import Cut, hash_parts, hash_picture, hash_turned
from retrieval.pictures.regions import Box, find_regions

VERSION = 2
"""Of what `hashes_to_store` gives: raised when it gives more, so that pictures published before are hashed anew."""

EDGES = (0.025, 0.075)
CUT_OFF: tuple[Cut, ...] = ((0.02,) * 4, (0.045,) * 4, *product(EDGES, EDGES, EDGES, EDGES))
"""What is cut off a stored picture for further hashes: a little on all sides, and each side by little or by more.
However a picture is cropped, by up to a tenth a side, one of them is within a fortieth of it on every side."""

MIN_QUALITY = 30
"""A picture with less in it (an even surface, a few lines) resembles too many others."""

MIN_PIXELS = 32
"""A smaller region has nothing in it that could be known again."""


TURNS = {1: Image.Transpose.ROTATE_90, 2: Image.Transpose.ROTATE_180, 3: Image.Transpose.ROTATE_270}
"""To the left, by so many quarters."""


def hashes_to_store(picture: Image.Image) -> list[bytes]:
    """By what the picture is to be found: the whole, its regions, and the whole with a little cut off."""
    hashed = [hash_picture(picture.crop(box)) for box in _large_enough(find_regions(picture))]
    if min(picture.size) >= 2 * MIN_PIXELS:
        hashed += hash_parts(picture, CUT_OFF)
    return list(dict.fromkeys(found for found, worth in hashed if worth >= MIN_QUALITY))


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a picture, as it is, mirrored or turned."""

    box: Box
    is_mirrored: bool = False
    quarters: int = 0
    """How often it is turned left by a quarter."""

    def of(self, picture: Image.Image) -> Image.Image:
        part = picture.crop(self.box)
        part = ImageOps.mirror(part) if self.is_mirrored else part
        return part.transpose(TURNS[self.quarters]) if self.quarters else part


def regions_to_look_up(picture: Image.Image) -> dict[bytes, Region]:
    """With what a picture that was sent is looked for: the whole and its regions, each also mirrored and turned."""
    found: dict[bytes, Region] = {}
    others: dict[bytes, Region] = {}
    for box in _large_enough(find_regions(picture)):
        (upright, *turned), worth = hash_turned(picture.crop(box))
        if worth >= MIN_QUALITY:
            found.setdefault(upright, Region(box))
            ways = [Region(box, is_mirrored=True), *(Region(box, quarters=quarters) for quarters in TURNS)]
            for hashed, region in zip(turned, ways, strict=True):
                others.setdefault(hashed, region)
    return found | {hashed: region for hashed, region in others.items() if hashed not in found}


def hashes_to_look_up(picture: Image.Image) -> list[bytes]:
    """The same without the places."""
    return list(regions_to_look_up(picture))


def _large_enough(boxes: list[Box]) -> list[Box]:
    return [box for box in boxes if min(box[2] - box[0], box[3] - box[1]) >= MIN_PIXELS]
