"""The hashes of one picture: those it is found by, and those it is looked up with."""

from PIL import Image

from retrieval.pictures.pdq import hash_picture
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
    return list(_hash_all(picture, [*boxes, *(_cut(picture.size, share) for share in CUT_OFF)]))


def regions_to_look_up(picture: Image.Image) -> dict[bytes, Box]:
    """With what a picture that was sent in is looked for: hashes of the whole and of its regions, and where each is."""
    return _hash_all(picture, find_regions(picture))


def hashes_to_look_up(picture: Image.Image) -> list[bytes]:
    """The same without the places."""
    return list(regions_to_look_up(picture))


def _hash_all(picture: Image.Image, boxes: list[Box]) -> dict[bytes, Box]:
    found: dict[bytes, Box] = {}
    for box in boxes:
        if min(box[2] - box[0], box[3] - box[1]) < MIN_PIXELS:
            continue
        hashed, worth = hash_picture(picture.crop(box))
        if worth >= MIN_QUALITY:
            found.setdefault(hashed, box)
    return found


def _cut(size: tuple[int, int], share: float) -> Box:
    width, height = size
    return round(width * share), round(height * share), round(width * (1 - share)), round(height * (1 - share))
