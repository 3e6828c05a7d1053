"""PDQ: a picture as 256 bits that stay nearly the same when it is re-encoded, resized or slightly retouched.

The algorithm is Meta's, published with ThreatExchange (hashing.pdf there): luminance, smoothed twice by a box as wide
as what one of 64 × 64 cells covers, the 16 × 16 lowest frequencies of its cosine transform without the first of each,
and a bit for each that is above their median. In NumPy, since the bindings to the original have no built packages; on
twenty pictures of the bench their hashes and these are equal bit for bit.
"""

import math
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

BITS = 256
BYTES = BITS // 8
GRID = 64
KEPT = 16
MAX_SIDE = 512
"""A larger picture is first reduced to this, which the original's authors do as well."""

QUALITY_STEP = 100 / 255
QUALITY_SCALE = 90
"""As in the original: sums of steps between cells in hundredths of the full range, 90 of which are full quality."""

Bits = NDArray[np.uint8]
Plane = NDArray[np.float64]
Cut = tuple[float, float, float, float]
"""Shares that are cut off: left, top, right, bottom."""


def hash_picture(picture: Image.Image) -> tuple[bytes, int]:
    """The hash (32 bytes) and how much there is in the picture to hash, 0–100; an even surface has nothing."""
    grid = to_grid(picture)
    return hash_grid(grid), quality(grid)


def hash_both_ways(picture: Image.Image) -> tuple[bytes, bytes, int]:
    """The picture's hash, its mirror image's, and its quality, for little more than the work for one."""
    plane = _smooth(picture)
    grid = _to_cells(plane)
    return hash_grid(grid), hash_grid(_to_cells(plane[:, ::-1])), quality(grid)


def hash_turned(picture: Image.Image) -> tuple[list[bytes], int]:
    """The picture's hash, its mirror image's, its hash turned left by one, two and three quarters, and its quality."""
    plane = _smooth(picture)
    turned = [plane, plane[:, ::-1], *(np.rot90(plane, quarters) for quarters in (1, 2, 3))]
    return [hash_grid(_to_cells(each)) for each in turned], quality(_to_cells(plane))


def hash_parts(picture: Image.Image, cuts: Iterable[Cut]) -> list[tuple[bytes, int]]:
    """Hash and quality of the picture with so much cut off, for little more than the work for one."""
    plane = _smooth(picture)
    height, width = plane.shape
    parts = (
        plane[round(height * top) : round(height * (1 - bottom)), round(width * left) : round(width * (1 - right))]
        for left, top, right, bottom in cuts
    )
    grids = [_to_cells(part) for part in parts]
    return [(hash_grid(grid), quality(grid)) for grid in grids]


def to_grid(picture: Image.Image) -> Plane:
    """The picture's luminance, smoothed, in 64 × 64 cells."""
    return _to_cells(_smooth(picture))


def _smooth(picture: Image.Image) -> Plane:
    if max(picture.size) > MAX_SIDE:
        scale = MAX_SIDE / max(picture.size)
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        picture = picture.resize(size, Image.Resampling.BILINEAR)
    plane: Plane = np.asarray(picture, np.float64) @ np.array([0.299, 0.587, 0.114])
    for _ in range(2):
        plane = _box(_box(plane, 0), 1)
    return plane


def _to_cells(plane: Plane) -> Plane:
    rows = ((np.arange(GRID) + 0.5) * plane.shape[0] / GRID).astype(int)
    columns = ((np.arange(GRID) + 0.5) * plane.shape[1] / GRID).astype(int)
    cells: Plane = plane[np.ix_(rows, columns)]
    return cells


def hash_grid(grid: Plane) -> bytes:
    frequencies = _cosines() @ grid @ _cosines().T
    bits = frequencies > np.median(frequencies)
    return np.packbits(bits.ravel()[::-1]).tobytes()


def quality(grid: Plane) -> int:
    steps = sum(float(np.trunc(np.abs(np.diff(grid, axis=axis)) * QUALITY_STEP).sum()) for axis in (0, 1))
    return min(100, int(steps / QUALITY_SCALE))


def distance(one: bytes, other: bytes) -> int:
    """In how many of 256 bits two hashes differ; two unrelated pictures differ in about 128."""
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


def _box(plane: Plane, axis: int) -> Plane:
    """The mean over a window along one axis, which is cut off at the borders."""
    length = plane.shape[axis]
    window = math.ceil(length / (2 * GRID))
    sums = np.cumsum(plane, axis=axis)
    sums = np.concatenate([np.zeros_like(sums.take([0], axis=axis)), sums], axis=axis)
    ahead = (window + 2) // 2
    at = np.arange(length)
    begin, end = np.maximum(at - (window - ahead), 0), np.minimum(at + ahead, length)
    shape = [1, 1]
    shape[axis] = length
    means: Plane = (sums.take(end, axis=axis) - sums.take(begin, axis=axis)) / (end - begin).reshape(shape)
    return means


@lru_cache(maxsize=1)
def _cosines() -> Plane:
    """The transform's rows 1–16 of 64: the row of means says nothing about what is in a picture."""
    frequency, cell = np.arange(1, KEPT + 1)[:, None], np.arange(GRID)[None, :]
    matrix: Plane = math.sqrt(2 / GRID) * np.cos(np.pi / (2 * GRID) * frequency * (2 * cell + 1))
    return matrix
