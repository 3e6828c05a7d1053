"""The matching index: entries, and four ways to find them (key, link, words, meaning), as one thing.

It is made from the database and can always be made again. One thread may change it while others search: every search
sees an article as it was before a change or as it is after, never half of each. An entry found a moment before its
article was replaced can still be read for `GRACE_S`, so that a match under way does not fall over it.
"""

import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Self

from numpy.typing import NDArray

from retrieval.entries import EntryTable
from retrieval.faiss_vectors import FaissVectorIndex
from retrieval.head import find_head
from retrieval.lexical import LexicalIndex
from retrieval.message import text_to_encode
from retrieval.normalise import matching_key
from retrieval.snapshot import SnapshotCorruptError, SnapshotModelError, read_snapshot, write_snapshot
from retrieval.types import Entry, Vectors
from retrieval.units import Hashes, unit_hashes
from retrieval.vectors import VectorIndex

GRACE_S = 60.0

ArticleEntries = tuple[str, Sequence[Entry]]
"""An article's id, and all its entries."""

DEFERRED_AT_ONCE = 1_000
"""Articles added in one go while none of them can be found yet."""


class MatchingIndex:
    """Everything that can be matched, under one encoder's vectors."""

    def __init__(self, model_id: str, dimension: int) -> None:
        self.model_id = model_id
        self.dimension = dimension
        self.seq = 0
        """The last change of the change log that is in here; whoever follows the log sets it."""
        self._writing = Lock()
        self._changing = Lock()  # held for moments, by searches and by what they must see whole
        self._entries = EntryTable()
        self._lexical = LexicalIndex()
        self._vectors: VectorIndex = FaissVectorIndex(dimension)
        self._head = find_head(model_id)
        self._removed: deque[tuple[float, list[int]]] = deque()

    def __len__(self) -> int:
        """How many entries can be found."""
        return len(self._vectors)

    @property
    def articles(self) -> int:
        """How many articles can be found."""
        return self._entries.articles

    def replace_article(self, article_id: str, entries: Sequence[Entry], vectors: Vectors) -> None:
        """Let the article have these entries and no others; `vectors` are theirs, row by row. None of them: remove it.

        What the article has already, word for word, stays as it is.
        """
        self.replace_many([(article_id, entries)], vectors)

    def replace_many(self, articles: Sequence[ArticleEntries], vectors: Vectors, *, settle: bool = True) -> None:
        """Do the same for many articles, each once; `vectors` are those of all their entries, one after another, as
        the encoder gives them.

        With `settle=False` nothing of it is found until `settle()`: much faster when thousands follow each other.
        """
        owned = sum(len(entries) for _, entries in articles)
        if owned != len(vectors):
            raise ValueError(f"{owned} entries need as many vectors, got {len(vectors)}")
        mapped = self._head.apply(vectors)
        at_once = 1 if settle else DEFERRED_AT_ONCE
        row = 0
        with self._writing:
            for start in range(0, len(articles), at_once):
                some = articles[start : start + at_once]
                rows = sum(len(entries) for _, entries in some)
                self._replace(some, mapped[row : row + rows], defer=not settle)
                row += rows
            if settle:
                self._settle()

    def settle(self) -> None:
        """Make everything findable, and do the long work (training, sorting) that is due, beside the searches."""
        with self._writing:
            self._settle()

    def _replace(self, articles: Sequence[ArticleEntries], vectors: Vectors, *, defer: bool) -> None:
        added: list[Entry] = []
        rows: list[int] = []
        gone: list[int] = []
        row = 0
        for article_id, entries in articles:
            there = {self._entries.entry(slot): slot for slot in self._entries.of_article(article_id)}
            gone += [slot for entry, slot in there.items() if entry not in entries]
            for entry in entries:
                if entry not in there:
                    added.append(entry)
                    rows.append(row)
                row += 1
        keys = [matching_key(entry.text) for entry in added]
        own_words = [text_to_encode(entry.text) for entry in added]
        own_keys = [
            key if words == entry.text else matching_key(words)
            for entry, key, words in zip(added, keys, own_words, strict=True)
        ]
        units = [unit_hashes(words) for words in own_words]
        with self._changing:
            for leg in (self._entries, self._lexical, self._vectors):
                leg.remove(gone)
            slots = self._entries.add(added, keys, units)
            self._lexical.replace(slots, own_keys, defer=defer)
            self._vectors.replace(slots, vectors[rows], defer=defer)
        if gone:
            self._removed.append((time.monotonic(), gone))

    def _settle(self) -> None:
        self._lexical.settle()
        self._vectors.settle()
        while self._removed and self._removed[0][0] < time.monotonic() - GRACE_S:
            _, slots = self._removed.popleft()
            self._entries.erase(slots)
            self._vectors.erase(slots)

    def exact(self, key_hash: str) -> list[int]:
        """Slots of the entries whose matching key has this hash (`retrieval.normalise.key_hash`)."""
        with self._changing:
            return list(self._entries.of_key_hash(key_hash))

    def by_url(self, url: str) -> list[int]:
        """Slots of the messages that hold this link (`retrieval.urls.canonical_urls`)."""
        with self._changing:
            return list(self._entries.of_link(url))

    def lexical(self, key: str, k: int) -> list[tuple[int, float]]:
        """At most k slots that share most with the key, best first; the scores are good for order only."""
        with self._changing:
            return self._lexical.search(key, k)

    def dense(self, vector: Vectors, k: int) -> list[tuple[int, float]]:
        """At most k slots whose vectors are nearest to this one, best first, with their cosines."""
        mapped = self._head.apply(vector)
        with self._changing:
            slots, scores = self._vectors.search(mapped, k)
        return list(zip(slots.tolist(), scores.tolist(), strict=True))

    def entry(self, slot: int) -> Entry:
        return self._entries.entry(slot)

    def article_id(self, slot: int) -> str:
        """The article the entry leads to."""
        return self._entries.article_id(slot)

    def units(self, slot: int) -> Hashes:
        """The units of what the entry itself says, links and boilerplate left out."""
        return self._entries.units(slot)

    def key(self, slot: int) -> str:
        """The entry's matching key."""
        return self._entries.key(slot)

    def cosines(self, slots: Sequence[int], vectors: Vectors) -> Vectors:
        """The cosine of each entry with each of these vectors, behind the head, shape (slots, vectors)."""
        cosines: Vectors = self._vectors.reconstruct(slots) @ self._head.apply(vectors).T
        return cosines

    def save(self, folder: Path) -> None:
        """Write a snapshot, atomically. Changes wait while memory is copied, not while it is written."""
        with self._writing:
            self._settle()
            parts = {"entries": self._entries.dump(), "lexical": self._lexical.dump(), "vectors": self._vectors.dump()}
            arrays = {f"{part}.{name}": array for part, dumped in parts.items() for name, array in dumped.items()}
            facts = {
                "model_id": self.model_id,
                "dimension": self.dimension,
                "head_id": self._head.head_id,
                "seq": self.seq,
                "entries": len(self),
            }
        write_snapshot(folder, facts, arrays)

    @classmethod
    def load(cls, folder: Path, model_id: str) -> Self:
        """Read a snapshot into memory. Raises `SnapshotError` when there is none that can be used with this encoder."""
        facts, arrays = read_snapshot(folder)
        if facts.get("model_id") != model_id:
            raise SnapshotModelError(f"The snapshot is of {facts.get('model_id')}, not of {model_id}.")
        if facts.get("head_id") != find_head(model_id).head_id:
            raise SnapshotModelError("The snapshot's vectors were mapped by another head.")
        parts: dict[str, dict[str, NDArray[Any]]] = {}
        for name, array in arrays.items():
            part, _, rest = name.partition(".")
            parts.setdefault(part, {})[rest] = array
        try:
            index = cls(model_id, int(facts["dimension"]))
            index._entries = EntryTable.from_dump(parts["entries"])
            index._lexical = LexicalIndex.from_dump(parts["lexical"])
            index._vectors = FaissVectorIndex.from_dump(parts["vectors"])
            index.seq = int(facts["seq"])
        except (LookupError, ValueError, TypeError, RuntimeError) as error:  # faiss raises RuntimeError
            raise SnapshotCorruptError(f"The snapshot does not fit together: {error}") from error
        return index
