"""The vector index that serves: FAISS proposes slots, the float16 rows decide.

Up to `EXACT_UP_TO` vectors FAISS compares them all. Above, it is an inverted file (IVF) over 4-bit product-quantised
codes (192 × 4 bits, 96 bytes a vector), scanned in registers, whose best `RESCORED` are scored with the rows.
How many lists a search looks into is measured when the index is built: the fewest that give `RECALL_AIM` on stored
vectors against all rows. Both kinds take additions and removals by slot.

Measured at 100,000 vectors made from real ones, one thread, k = 10: all compared in float16 2–4 ms; IVF1024 with 8-bit
codes .36 ms at recall .95, 1.4 ms at .99; HNSW .41 ms at .977 (34 s to build, no removal); this one .38 ms at .996.
"""

import math
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from retrieval.types import Vectors
from retrieval.vectors import Found, VectorRows

EXACT_UP_TO = 10_000
"""Comparing so many takes a quarter of a millisecond."""
RETRAIN_AT = 4
"""The lists are made anew when there are so many times the vectors they were made for."""
RESCORED = 100
RECALL_AIM = 0.99
TUNING_VECTORS = 200
TRAINING_PER_LIST = 100


class FaissVectorIndex:
    """A `VectorIndex` over FAISS, on one thread."""

    def __init__(self, dimension: int) -> None:
        self._lock = Lock()
        self._rows = VectorRows(dimension)
        self._index = _make_exact(dimension)
        self._made_for = 0
        self._deferred = False

    def __len__(self) -> int:
        return self._rows.count

    @property
    def is_exact(self) -> bool:
        """Whether every vector is compared."""
        return isinstance(self._index, faiss.IndexIDMap2)

    @property
    def lists_searched(self) -> tuple[int, int]:
        """How many lists a search looks into, and how many there are; (1, 1) when every vector is compared."""
        return (1, 1) if self.is_exact else (self._index.nprobe, self._index.nlist)

    def replace(self, slots: Sequence[int], vectors: Vectors, *, defer: bool = False) -> None:
        with self._lock:
            self._drop(slots)
            self._rows.put(slots, vectors)
            if defer:
                self._deferred = True
            elif len(slots):
                faiss.omp_set_num_threads(1)
                self._index.add_with_ids(np.ascontiguousarray(vectors, np.float32), np.asarray(slots, np.int64))

    def remove(self, slots: Sequence[int]) -> None:
        with self._lock:
            self._drop(slots)

    def _drop(self, slots: Sequence[int]) -> None:
        if known := self._rows.kill(slots):
            self._index.remove_ids(np.array(known, np.int64))

    def erase(self, slots: Sequence[int]) -> None:
        with self._lock:
            self._rows.erase(slots)

    def settle(self) -> None:
        count = len(self)
        outgrown = count > max(EXACT_UP_TO, RETRAIN_AT * self._made_for)
        if outgrown or self._deferred:
            index = self._build()
            with self._lock:
                self._index, self._made_for, self._deferred = index, count if count > EXACT_UP_TO else 0, False

    def search(self, vector: Vectors, k: int) -> Found:
        query = np.ascontiguousarray(vector, np.float32).reshape(1, -1)
        with self._lock:
            faiss.omp_set_num_threads(1)
            wanted = k if self.is_exact else max(k, RESCORED)
            _, found = self._index.search(query, min(wanted, max(1, self._index.ntotal)))
            return self._rows.best(query[0], found[0][found[0] >= 0], k)

    def reconstruct(self, slots: Sequence[int]) -> Vectors:
        return self._rows.get(slots)

    def _build(self) -> Any:
        faiss.omp_set_num_threads(1)
        slots = self._rows.living()
        is_exact = len(slots) <= EXACT_UP_TO
        index = _make_exact(self._rows.dimension) if is_exact else _make_lists(self._rows, slots)
        for start in range(0, len(slots), 50_000):
            chunk = slots[start : start + 50_000]
            index.add_with_ids(self._rows.get(chunk), chunk)
        if not is_exact:
            _choose_lists_searched(index, self._rows, slots)
        return index

    def dump(self) -> dict[str, NDArray[Any]]:
        self.settle()
        with self._lock:
            serialised = np.zeros(0, np.uint8) if self.is_exact else faiss.serialize_index(self._index)
            return self._rows.dump() | {"faiss": serialised, "made_for": np.array([self._made_for])}

    @classmethod
    def from_dump(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Raises ValueError when FAISS' part and the rows do not fit together."""
        rows = VectorRows.from_dump(arrays)
        made = cls(rows.dimension)
        made._rows = rows
        if not len(arrays["faiss"]):
            made._index = made._build()
            return made
        made._index = faiss.deserialize_index(arrays["faiss"])
        made._made_for = int(arrays["made_for"][0])
        if made._index.ntotal != rows.count or made._index.d != rows.dimension:
            raise ValueError(f"FAISS holds {made._index.ntotal} vectors, the rows {rows.count}")
        return made


def _make_exact(dimension: int) -> Any:
    flat = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    return faiss.IndexIDMap2(flat)


def _make_lists(rows: VectorRows, slots: NDArray[np.int64]) -> Any:
    """Return a trained, empty inverted file with about √n lists."""
    dimension = rows.dimension
    lists = 1 << round(math.log2(math.sqrt(len(slots))))
    quantizer = faiss.IndexFlatL2(dimension)
    # Codes of the vectors themselves rather than of what is left after the list's centre: the tables are then made once
    # for a search and not once for a list.
    index = faiss.IndexIVFPQFastScan(quantizer, dimension, lists, dimension // 2, 4)
    index.by_residual = False
    index.cp.niter = 8
    index.cp.max_points_per_centroid = TRAINING_PER_LIST
    chosen = np.random.default_rng(0).choice(slots, min(len(slots), max(30_000, lists * TRAINING_PER_LIST)), False)
    index.train(rows.get(chosen))
    return index


def _choose_lists_searched(index: Any, rows: VectorRows, slots: NDArray[np.int64]) -> None:
    """Set how many lists a search looks into, by what queries near stored vectors find of their ten nearest."""
    chosen = np.random.default_rng(1).choice(slots, TUNING_VECTORS, replace=False)
    queries = _move_off(rows, chosen, _nearest_of_all(rows, slots, rows.get(chosen)))
    nearest = _nearest_of_all(rows, slots, queries)
    index.nprobe = max(1, index.nlist // 32)
    while index.nprobe < index.nlist:
        _, proposed = index.search(queries, RESCORED)
        found = sum(len(np.intersect1d(n, p)) for n, p in zip(nearest, proposed, strict=True))
        if found >= RECALL_AIM * nearest.size:
            return
        index.nprobe = min(index.nlist, index.nprobe * 5 // 4 + 1)


def _move_off(rows: VectorRows, slots: NDArray[np.int64], nearest: NDArray[np.int64]) -> Vectors:
    """Move each vector by the difference of two of its neighbours: as a message differs from the one that is stored."""
    moved = rows.get(slots) + rows.get(nearest[:, 1]) - rows.get(nearest[:, -1])
    unit: Vectors = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    return unit


def _nearest_of_all(rows: VectorRows, slots: NDArray[np.int64], queries: Vectors) -> NDArray[np.int64]:
    """The ten nearest of each query among all rows, nearest first."""
    best_slots = np.zeros((len(queries), 0), np.int64)
    best_scores = np.zeros((len(queries), 0), np.float32)
    for start in range(0, len(slots), 50_000):
        chunk = slots[start : start + 50_000]
        scores = np.concatenate([best_scores, queries @ rows.get(chunk).T], axis=1)
        candidates = np.concatenate([best_slots, np.broadcast_to(chunk, (len(queries), len(chunk)))], axis=1)
        top = np.argpartition(-scores, 9, axis=1)[:, :10]
        best_scores, best_slots = np.take_along_axis(scores, top, 1), np.take_along_axis(candidates, top, 1)
    return np.take_along_axis(best_slots, np.argsort(-best_scores, axis=1), 1)
