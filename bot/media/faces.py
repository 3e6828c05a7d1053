"""Where in a picture there are faces, by CenterFace (`centerface/README.md`): nobody is recognised, only found.

One network looks at the whole picture once: for each field of four pixels it tells how much this looks like a face's
middle, and how large that face would be. Boxes that lie over a surer one are dropped.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

from bot.media.words import SCALE, Area

LOOK_AT = 960
"""Pixels of the longer side: a face of a sixtieth of it is still found, and it takes a fifth of a second."""

STEP = 32
"""Both sides are multiples of it: the network halves them five times."""

FIELD = 4
SURE = 0.25
"""Of 1. Low on purpose: a cover too many is taken off with one touch, a face too many is public."""

OVERLAP = 0.3
ROOM = 0.2
"""Of a face's sides, on each side: what is found ends at brows and chin, and hair and ears tell as much."""

MAX_FACES = 40

Found = tuple[float, float, float, float]
"""Left, top, right, bottom, as shares of the picture."""


def find_faces(picture: Image.Image) -> tuple[Area, ...]:
    """Areas around faces, the surest first. Takes a fifth of a second of a processor."""
    size = _shape_of(picture)
    pixels = np.asarray(picture.resize(size, Image.Resampling.BILINEAR), np.float32).transpose(2, 0, 1)[None]
    heat, sizes, offsets = _network().run(["heat", "size", "offset"], {"picture": pixels})
    rows, columns = np.nonzero(heat[0, 0] > SURE)
    order = np.argsort(-heat[0, 0, rows, columns], kind="stable")
    rows, columns = rows[order], columns[order]
    high, wide = np.exp(sizes[0, :, rows, columns].T) * FIELD
    down, across = (offsets[0, :, rows, columns].T + np.stack([rows, columns]) + 0.5) * FIELD
    boxes = np.stack([across - wide / 2, down - high / 2, across + wide / 2, down + high / 2], axis=1) / (*size, *size)
    return tuple(_roomy(box) for box in _apart(boxes.tolist()))


def _shape_of(picture: Image.Image) -> tuple[int, int]:
    scale = min(1.0, LOOK_AT / max(picture.size))
    width, height = (max(STEP, math.ceil(side * scale / STEP) * STEP) for side in picture.size)
    return width, height


@lru_cache(maxsize=1)
def _network() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # pictures come in all sizes, and the arena would keep the largest
    data = (resources.files("bot") / "media" / "centerface" / "centerface.onnx").read_bytes()
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def _apart(boxes: Sequence[Found]) -> list[Found]:
    """The boxes that lie over none before them."""
    kept: list[Found] = []
    for box in boxes:
        if len(kept) < MAX_FACES and all(_overlap(box, other) < OVERLAP for other in kept):
            kept.append(box)
    return kept


def _overlap(one: Found, other: Found) -> float:
    """Of both together, the share that lies in both."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    both = max(0.0, width) * max(0.0, height)
    return both / (_size(one) + _size(other) - both)


def _size(box: Found) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _roomy(box: Found) -> Area:
    across, down = (box[2] - box[0]) * ROOM, (box[3] - box[1]) * ROOM
    edges: NDArray[np.float64] = np.clip([box[0] - across, box[1] - down, box[2] + across, box[3] + down], 0, 1)
    left, top, right, bottom = (round(float(edge) * SCALE) for edge in edges)
    return Area(left, top, right, bottom)
