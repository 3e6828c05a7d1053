"""Fillers: as many articles as are wanted, each with its reply, made from real texts.

A text is put together from clauses of different real ones, two to eight of them, so that it is about as long as the
usual message, and is near no real one: it shares a clause with a few and tells the story of none. Its vector stands to
the real ones' middle as its parts' do, each weighed by its length, so that fillers spread as real texts do, and one
that shares a clause with a message lies as far from it as texts that share one lie. Nothing is a copy of anything.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import regex
from numpy.typing import NDArray

from retrieval.types import Entry, EntryKind, Vectors
from retrieval.urls import strip_urls

CLAUSE = 15
"""Characters from which words between two marks stand alone; shorter ones are joined with what follows."""
LONGEST_CLAUSE = 60
FEWEST, MOST = 2, 8
_MARK = regex.compile(r"(?<=[。！？!?，；;：])|(?<=[,:])(?!\d)|\s*\n\s*")

Parts = NDArray[np.int64]
"""The clauses of each text, by number, shape (texts, MOST)."""
Used = NDArray[np.bool_]
"""Which of them are in it; the first ones."""


@dataclass(frozen=True)
class Filler:
    """An article and its reply: what the database gets, and the index."""

    article_id: str
    text: str
    reply_id: str
    reply: str

    @property
    def entries(self) -> list[Entry]:
        return [
            Entry(f"article:{self.article_id}", self.article_id, EntryKind.ARTICLE, self.text),
            Entry(f"reply:{self.reply_id}:{self.article_id}", self.article_id, EntryKind.REPLY, self.reply),
        ]


class FillerMaker:
    """Makes fillers from real texts and their vectors, shape (texts, dimension); always the same ones."""

    def __init__(self, texts: Sequence[str], vectors: Vectors) -> None:
        self._random = np.random.default_rng(7)
        self._middle = vectors.mean(axis=0)
        self._apart = vectors - self._middle
        found = [(clause, number) for number, text in enumerate(texts) for clause in cut_clauses(text)]
        self._clauses = [clause for clause, _ in found]
        self._texts = np.array([number for _, number in found])
        self._lengths = np.array([len(clause) for clause, _ in found], np.float32)

    def make(self, numbers: range) -> tuple[list[Filler], Vectors]:
        """Return the fillers of these numbers, and the vectors of all their entries, one after another."""
        rows = 2 * len(numbers)
        parts = self._random.integers(0, len(self._clauses), (rows, MOST))
        used = np.arange(MOST) < self._random.integers(FEWEST, MOST + 1, (rows, 1))
        texts = ["".join(self._clauses[part] for part in row) for row in _rows(parts, used)]
        fillers = [
            Filler(f"filler-{number}", texts[2 * place], f"filler-reply-{number}", texts[2 * place + 1])
            for place, number in enumerate(numbers)
        ]
        return fillers, self._vectors_of(parts, used)

    def _vectors_of(self, parts: Parts, used: Used) -> Vectors:
        """The shares' squares add up to one: what is apart from the middle keeps the length of a real text's."""
        shares = self._lengths[parts] * used
        shares /= np.linalg.norm(shares, axis=1, keepdims=True)
        moved = self._middle + np.einsum("rp,rpd->rd", shares, self._apart[self._texts[parts]])
        unit: Vectors = (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype(np.float32)
        return unit


def cut_clauses(text: str) -> Iterator[str]:
    """Cut a text at its marks into clauses of some `CLAUSE` to `LONGEST_CLAUSE` characters; links are left out."""
    clause = ""
    for piece in _MARK.split(strip_urls(text)):
        clause += piece
        if len(clause) >= CLAUSE:
            yield clause[:LONGEST_CLAUSE]
            clause = ""


def _rows(parts: Parts, used: Used) -> Iterator[list[int]]:
    counts = used.sum(axis=1).tolist()
    for row, count in zip(parts.tolist(), counts, strict=True):
        yield row[:count]
