"""What a vector index does, and the plainest one that does it: all vectors in one array, compared one by one.

Vectors are kept by slot (a small number, given out in order) as float16. Every score that leaves an index is the inner
product with those float16 rows, so an approximate index can miss a neighbour but never misjudge one.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from retrieval.arrays import GrowingArray
from retrieval.types import Vectors

Found = tuple[NDArray[np.int64], Vectors]
"""Slots and their scores, best first."""


class VectorIndex(Protocol):
    """Vectors by slot. One writer and any number of readers at once."""

    def __len__(self) -> int: ...

    def replace(self, slots: Sequence[int], vectors: Vectors, *, defer: bool = False) -> None:
        """Put these vectors in these slots, in place of what was there; with `defer`, found after `settle()`."""
        ...

    def remove(self, slots: Sequence[int]) -> None:
        """Forget these slots; an empty or unknown one is no error. Their rows stay readable until `erase`."""
        ...

    def erase(self, slots: Sequence[int]) -> None:
        """Overwrite the rows of removed slots."""
        ...

    def settle(self) -> None:
        """Do what takes long (train, rebuild) when it is due. The writer calls it; searches go on meanwhile."""
        ...

    def search(self, vector: Vectors, k: int) -> Found:
        """Return at most k slots with the highest inner product with this vector."""
        ...

    def reconstruct(self, slots: Sequence[int]) -> Vectors:
        """Return the vectors in these slots, zeros where there never was one, shape (len(slots), dimension)."""
        ...

    def dump(self) -> dict[str, NDArray[Any]]:
        """Return copies of all that `from_dump` needs."""
        ...

    @classmethod
    def from_dump(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Make the index again from `dump()`'s arrays."""
        ...


class VectorRows:
    """The vectors themselves: float16 rows by slot, and which slots are living."""

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self._rows = GrowingArray(np.zeros((0, dimension), np.float16))
        self._living = GrowingArray(np.zeros(0, bool))
        self.count = 0

    def put(self, slots: Sequence[int], vectors: Vectors) -> None:
        if vectors.shape != (len(slots), self.dimension):
            raise ValueError(f"{len(slots)} slots need vectors of {self.dimension}, got {vectors.shape}")
        if len(slots):
            self._rows.grow_to(max(slots) + 1)
            self._living.grow_to(max(slots) + 1)
            self._rows.view[slots] = vectors
            self.count += int(np.count_nonzero(~self._living.view[slots]))
            self._living.view[slots] = True

    def kill(self, slots: Sequence[int]) -> list[int]:
        """Mark the slots as removed, and return those that were living."""
        known = [slot for slot in slots if slot < len(self._living) and self._living.view[slot]]
        self._living.view[known] = False
        self.count -= len(known)
        return known

    def erase(self, slots: Sequence[int]) -> None:
        self._rows.view[[slot for slot in slots if slot < len(self._rows)]] = 0

    def get(self, slots: Sequence[int] | NDArray[np.int64]) -> Vectors:
        return self._rows.view[slots].astype(np.float32)

    def living(self) -> NDArray[np.int64]:
        """The living slots, ascending."""
        return np.flatnonzero(self._living.view)

    def is_living(self, slots: NDArray[np.int64]) -> NDArray[np.bool_]:
        return self._living.view[slots]

    def best(self, vector: Vectors, slots: NDArray[np.int64], k: int) -> Found:
        """Score these slots and return the best k of them."""
        scores: Vectors = self.get(slots) @ vector
        order = np.argsort(-scores, kind="stable")[:k]
        return slots[order], scores[order]

    def dump(self) -> dict[str, NDArray[Any]]:
        """Copies; the rows of removed slots are left out of what may be written to disk."""
        rows = self._rows.view.copy()
        rows[~self._living.view] = 0
        return {"rows": rows, "living": self._living.view.copy()}

    @classmethod
    def from_dump(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        made = cls(arrays["rows"].shape[1])
        made._rows, made._living = GrowingArray(arrays["rows"]), GrowingArray(arrays["living"])
        made.count = int(np.count_nonzero(arrays["living"]))
        return made


class NumpyVectorIndex:
    """A `VectorIndex` without any index: exact, and slow above some ten thousand vectors. The others are held to it."""

    def __init__(self, dimension: int) -> None:
        self._rows = VectorRows(dimension)

    def __len__(self) -> int:
        return self._rows.count

    def replace(self, slots: Sequence[int], vectors: Vectors, *, defer: bool = False) -> None:
        self._rows.put(slots, vectors)

    def remove(self, slots: Sequence[int]) -> None:
        self._rows.kill(slots)

    def erase(self, slots: Sequence[int]) -> None:
        self._rows.erase(slots)

    def settle(self) -> None:
        """Nothing here takes long."""

    def search(self, vector: Vectors, k: int) -> Found:
        return self._rows.best(vector, self._rows.living(), k)

    def reconstruct(self, slots: Sequence[int]) -> Vectors:
        return self._rows.get(slots)

    def dump(self) -> dict[str, NDArray[Any]]:
        return self._rows.dump()

    @classmethod
    def from_dump(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        rows = VectorRows.from_dump(arrays)
        made = cls(rows.dimension)
        made._rows = rows
        return made
