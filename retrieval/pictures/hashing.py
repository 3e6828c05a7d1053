"""The hashes of one picture: those it is found by, and those it is looked up with."""

from dataclasses import dataclass

from PIL import Image, ImageOps

from retrieval.pictures.pdq import hash_both_ways, hash_picture
from retrieval.pictures.regions import Box, find_regions

CUT_OFF = (0.02, 0.045, 0.075)
"""Shares of width and height that are cut off each side for further hashes of a stored picture: whoever crops a picture
a little comes near one of them."""

MIN_QUALITY = 30
"""A picture with less in it (an even surface, a few lines) resembles too many others."""

MIN_PIXELS = 32
"""A smaller region has nothing in it that could be known again."""


def hashes_to_store(picture: Image.Image) -> list[bytes]:
    """By what the picture is to be found: the whole, its regions, and the whole with a little cut off."""
    boxes = find_regions(picture)
    return _hash_all(picture, [*boxes, *(_cut(picture.size, share) for share in CUT_OFF)])


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a picture, as it is or mirrored."""

    box: Box
    is_mirrored: bool = False

    def of(self, picture: Image.Image) -> Image.Image:
        part = picture.crop(self.box)
        return ImageOps.mirror(part) if self.is_mirrored else part


def regions_to_look_up(picture: Image.Image) -> dict[bytes, Region]:
    """With what a picture that was sent in is looked for: hashes of the whole and its regions, and of their mirrors."""
    found: dict[bytes, Region] = {}
    mirrors: dict[bytes, Region] = {}
    for box in _large_enough(find_regions(picture)):
        hashed, mirrored, worth = hash_both_ways(picture.crop(box))
        if worth >= MIN_QUALITY:
            found.setdefault(hashed, Region(box))
            mirrors.setdefault(mirrored, Region(box, is_mirrored=True))
    return found | {hashed: region for hashed, region in mirrors.items() if hashed not in found}


def hashes_to_look_up(picture: Image.Image) -> list[bytes]:
    """The same without the places."""
    return list(regions_to_look_up(picture))


def _hash_all(picture: Image.Image, boxes: list[Box]) -> list[bytes]:
    found = [hash_picture(picture.crop(box)) for box in _large_enough(boxes)]
    return list(dict.fromkeys(hashed for hashed, worth in found if worth >= MIN_QUALITY))


def _large_enough(boxes: list[Box]) -> list[Box]:
    return [box for box in boxes if min(box[2] - box[0], box[3] - box[1]) >= MIN_PIXELS]


def _cut(size: tuple[int, int], share: float) -> Box:
    width, height = size
    return round(width * share), round(height * share), round(width * (1 - share)), round(height * (1 - share))
