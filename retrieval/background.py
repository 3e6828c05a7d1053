"""How telling a unit is: inverse document frequencies from a background corpus, so that two texts alone can be weighed.

The table is hashed: bucket = unit mod size. A unit the corpus never showed is taken for a rare one, as names are.
"""

import zlib
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.units import Hashes

TABLE_BITS = 19
STEP = 16.0
"""One unit of the stored byte is 1/16 of a natural logarithm."""
TABLE_PATH = Path(__file__).parent / "background.bin"

Weights = NDArray[np.float32]


class BackgroundTable:
    """Weights of units. `table[bucket]` is the stored byte, `unseen` the weight of a unit the corpus never showed."""

    def __init__(self, table: NDArray[np.uint8], unseen: float) -> None:
        self._weights = np.where(table == 0, unseen, table / STEP).astype(np.float32)

    def weigh(self, hashes: Hashes) -> Weights:
        """Return one weight a unit, above 0."""
        weights: Weights = self._weights[bucket_of(hashes)]
        return weights


def bucket_of(hashes: Hashes) -> Hashes:
    """Return each unit's bucket. The high bits are folded in: pairs' hashes are weak in the low ones."""
    return (hashes ^ (hashes >> np.uint32(15))) & np.uint32((1 << TABLE_BITS) - 1)


def pack(table: NDArray[np.uint8], unseen: float) -> bytes:
    """Return the file's bytes: the weight of an unseen unit as one byte, then the table, compressed."""
    return zlib.compress(bytes([round(unseen * STEP)]) + table.tobytes(), 9)


@cache
def load_background(path: Path = TABLE_PATH) -> BackgroundTable:
    """Read the shipped table, once."""
    raw = np.frombuffer(zlib.decompress(path.read_bytes()), np.uint8)
    return BackgroundTable(raw[1:], float(raw[0]) / STEP)
