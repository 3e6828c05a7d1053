"""How many faces are found, and how many are seen where none is.

The faces are not shipped: `skimage.data.lfw_subset()` (scikit-image; 100 faces and 100 other patches of 25 × 25 grey
pixels), saved as a NumPy file, is what the figures were taken with. They are made larger and put on landscapes.
"""

import time
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from bot.media.faces import find_faces
from bot.media.words import SCALE
from scripts.bench.pictures.made import LOOKS, draw_landscape

SIDES = (40, 80, 160)
SIZE = (960, 720)
BACKGROUNDS = 5


def measure_faces(file: Path, texts: list[str], random: Generator, number: int) -> None:
    """Print a table of recall by size, and one of what is found where nobody is."""
    patches: NDArray[np.float64] = np.load(file)
    half = len(patches) // 2
    backgrounds = [draw_landscape(random).resize(SIZE) for _ in range(BACKGROUNDS)]
    print("| side of the patch, of 960 pixels | faces found | other patches taken for one | found beside the patch |")
    print("|---|---|---|---|")
    began, looks = time.process_time(), 0
    for side in SIDES:
        found, taken, beside = 0, 0, 0
        for each in range(number):
            for patch, is_face in ((patches[each % half], True), (patches[half + each % half], False)):
                on, off = _look(patch, side, backgrounds[each % BACKGROUNDS], random)
                found, taken, beside = found + (on and is_face), taken + (on and not is_face), beside + off
                looks += 1
        print(f"| {side} | {found} of {number} | {taken} of {number} | {beside} |")
    print(f"\n{(time.process_time() - began) / looks * 1000:.0f} ms of CPU time a picture\n")
    for look in LOOKS:
        drawn = [look.draw(texts[int(one)], random) for one in random.choice(len(texts), number // 4, replace=False)]
        print(f"{look.name}: {sum(len(find_faces(picture)) for picture in drawn)} in {len(drawn)} pictures")


def _look(patch: NDArray[np.float64], side: int, background: Image.Image, random: Generator) -> tuple[bool, int]:
    """Whether something is found around the patch's middle, and how much is found elsewhere."""
    page = background.copy()
    x, y = (int(random.integers(0, whole - side)) for whole in SIZE)
    page.paste(Image.fromarray((patch * 255).astype(np.uint8)).resize((side, side), Image.Resampling.BICUBIC), (x, y))
    across, down = (x + side / 2) / SIZE[0] * SCALE, (y + side / 2) / SIZE[1] * SCALE
    hits = [one.left <= across <= one.right and one.top <= down <= one.bottom for one in find_faces(page)]
    return any(hits), hits.count(False)
