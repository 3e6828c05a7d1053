"""The pictures that are known, by their hashes: FAISS compares all of them, bit by bit, each time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import faiss
import numpy as np

from retrieval.pictures.pdq import BITS, BYTES

SURE = 31
"""So near (of 256 bits) it is the same picture, by PDQ's authors and by the bench; the words in it may still differ."""

LIKELY = 64
"""So near it is the same picture with something on it or cut off, unless both are screens that are laid out alike."""


@dataclass(frozen=True, slots=True)
class Near:
    """An article with a picture like the one looked for; `distance` in bits, of its nearest hash."""

    article_id: str
    distance: int
    hits: int = 1
    """How many of the hashes looked for lead to it."""
    by: int = 0
    """Which of them is the nearest."""


class PictureIndex:
    """Hashes by article. Used from one thread."""

    def __init__(self) -> None:
        self._index: Any = faiss.IndexBinaryIDMap(faiss.IndexBinaryFlat(BITS))
        self._article_of: dict[int, str] = {}
        self._rows_of: dict[str, list[int]] = {}
        self._next_row = 0

    def __len__(self) -> int:
        return len(self._article_of)

    def replace_article(self, article_id: str, hashes: Sequence[bytes]) -> None:
        """Let these hashes, and no others, lead to the article."""
        self._remove(article_id)
        if not hashes:
            return
        rows = list(range(self._next_row, self._next_row + len(hashes)))
        self._next_row += len(hashes)
        self._index.add_with_ids(_stack(hashes), np.array(rows, np.int64))
        self._rows_of[article_id] = rows
        self._article_of.update(dict.fromkeys(rows, article_id))

    def find(self, hashes: Sequence[bytes], *, within: int = LIKELY) -> list[Near]:
        """The articles with a hash within so many bits of one of these, nearest first."""
        if not hashes or not self._article_of:
            return []
        limits, distances, rows = self._index.range_search(_stack(hashes), within + 1)
        nearest: dict[str, tuple[int, int]] = {}
        hit_by: defaultdict[str, set[int]] = defaultdict(set)
        for number in range(len(hashes)):
            span = slice(int(limits[number]), int(limits[number + 1]))
            for row, distance in zip(rows[span].tolist(), distances[span].tolist(), strict=True):
                article_id = self._article_of[row]
                nearest[article_id] = min((int(distance), number), nearest.get(article_id, (BITS, 0)))
                hit_by[article_id].add(number)
        found = [Near(id_, distance, len(hit_by[id_]), number) for id_, (distance, number) in nearest.items()]
        return sorted(found, key=lambda near: (near.distance, -near.hits, near.article_id))

    def _remove(self, article_id: str) -> None:
        rows = self._rows_of.pop(article_id, [])
        if rows:
            self._index.remove_ids(np.array(rows, np.int64))
            for row in rows:
                del self._article_of[row]


def _stack(hashes: Iterable[bytes]) -> Any:
    return np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, BYTES)
