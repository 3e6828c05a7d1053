"""A video's pictures as hashes: as they are, mirrored, between bars, and with a little cut off. Pure.

All pictures of a video lie in it in the same way, so a way of seeing it (a *view*) is taken for all of them at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from retrieval.pictures.hashing import MIN_QUALITY
from retrieval.pictures.pdq import hash_both_ways
from retrieval.pictures.regions import SAME, Box, find_box_between_bars

SIDE = 256
"""Pixels of a frame's sides: hashing needs no more, and its grid is square whatever the picture's shape."""

EVEN_STEP = 2.0
"""Of 255: a frame that differs from the one before by less is the same picture, and counted once."""

CUT_OFF = (0.02, 0.05)
"""Shares that are cut off each side for further hashes of what is kept: half the numbers that pictures get, since a
video has dozens of pictures."""

STEADY = 0.9
"""The share of a video's pictures in which a pixel has the bars' colour, for it to be a part of them."""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Frames:
    """Hashes of the different pictures of a video."""

    views: tuple[tuple[bytes, ...], ...] = ()
    """In the same order: as they are and mirrored; and both between bars, where there are bars."""
    cuts: tuple[bytes, ...] = ()
    """With a little cut off; only for what is kept."""

    @property
    def plain(self) -> tuple[bytes, ...]:
        """As they are."""
        return self.views[0] if self.views else ()

    @property
    def to_keep(self) -> tuple[bytes, ...]:
        """By what a video is found: mirrored is whoever looks for it."""
        between_bars = self.views[2] if len(self.views) > 2 else ()
        return tuple(dict.fromkeys([*self.plain, *between_bars, *self.cuts]))


def hash_frames(raw: bytes, *, with_cuts: bool = False) -> Frames:
    """From grey pixels, frame after frame; a second's work for a long video, three with cuts."""
    pixels = np.frombuffer(raw, np.uint8)
    pixels = _different(pixels[: len(pixels) // SIDE**2 * SIDE**2].reshape(-1, SIDE, SIDE))
    whole = (0, 0, SIDE, SIDE)
    views = [*_hash(pixels, whole)]
    box = _between_bars(pixels)
    if box != whole:
        views += _hash(pixels, box)
    cuts = [_hash(pixels, _cut(share))[0] for share in CUT_OFF] if with_cuts else []
    return Frames(tuple(views), tuple(dict.fromkeys(each for cut in cuts for each in cut))) if views[0] else Frames()


def _different(pixels: Pixels) -> Pixels:
    """Those that are not like the one before."""
    if not len(pixels):
        return pixels
    kept = [pixels[0]]
    for frame in pixels[1:]:
        if float(np.abs(frame.astype(np.int16) - kept[-1]).mean()) >= EVEN_STEP:
            kept.append(frame)
    return np.stack(kept)


def _hash(pixels: Sequence[Pixels] | Pixels, box: Box) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """The hashes of this part of each frame, and of its mirror image."""
    found: dict[bytes, bytes] = {}
    for frame in pixels:
        hashed, mirrored, worth = hash_both_ways(Image.fromarray(frame).crop(box).convert("RGB"))
        if worth >= MIN_QUALITY:
            found.setdefault(hashed, mirrored)
    return tuple(found), tuple(found.values())


def _between_bars(pixels: Pixels) -> Box:
    """Where the video itself is, if it was recorded off a screen; the whole where there are no bars."""
    whole = (0, 0, SIDE, SIDE)
    if len(pixels) < 2:
        return whole
    corner = int(np.median(pixels[:, 0, 0]))
    is_bar = (np.abs(pixels.astype(np.int16) - corner) <= SAME).mean(axis=0) >= STEADY
    return find_box_between_bars(is_bar) or whole


def _cut(share: float) -> Box:
    edge = round(SIDE * share)
    return edge, edge, SIDE - edge, SIDE - edge
