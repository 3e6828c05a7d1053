"""The entries of an index by slot, compactly, and the exact ways to them: by article, by key and by link."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from retrieval.arrays import GrowingArray, NumberColumn, TextColumn
from retrieval.types import Entry, EntryKind
from retrieval.units import Hashes
from retrieval.urls import canonical_urls

KINDS = tuple(EntryKind)
COLUMNS = ("entry_ids", "article_ids", "texts", "keys", "links")
LINKED_KINDS = (EntryKind.ARTICLE, EntryKind.VARIANT)
"""Whose links are the message's own. A reply's links are its sources: who sends one is not sending the rumour."""


class EntryTable:
    """Entries by slot. Slots are given out in order and never again; a removed entry stays readable until `erase`."""

    def __init__(self) -> None:
        self._columns = {name: TextColumn() for name in COLUMNS}
        self._units = NumberColumn()
        self._kinds = GrowingArray(np.zeros(0, np.uint8))
        self._living = GrowingArray(np.zeros(0, bool))
        self._of_article: dict[str, tuple[int, ...]] = {}
        self._of_key: dict[bytes, tuple[int, ...]] = {}
        self._of_link: dict[str, tuple[int, ...]] = {}

    def __len__(self) -> int:
        """How many slots were ever given out."""
        return len(self._kinds)

    @property
    def articles(self) -> int:
        return len(self._of_article)

    def add(self, entries: Sequence[Entry], keys: Sequence[str], units: Sequence[Hashes]) -> list[int]:
        """Append entries with their matching keys and their units, and return their slots."""
        links = ["\n".join(canonical_urls(e.text)) if e.kind in LINKED_KINDS else "" for e in entries]
        start = len(self)
        columns = ([e.entry_id for e in entries], [e.article_id for e in entries], [e.text for e in entries])
        for name, values in zip(COLUMNS, (*columns, keys, links), strict=True):
            self._columns[name].extend(values)
        self._units.extend(units)
        self._living.extend(np.ones(len(entries), bool))
        self._kinds.extend(np.array([KINDS.index(e.kind) for e in entries], np.uint8))
        slots = list(range(start, len(self)))
        self._list(slots, columns[1], keys, links)
        return slots

    def remove(self, slots: Iterable[int]) -> None:
        """Make these entries unreachable by article, key and link."""
        for slot in slots:
            _unlist(self._of_article, self._columns["article_ids"][slot], slot)
            if key := self.key(slot):
                _unlist(self._of_key, _digest(key), slot)
            for link in filter(None, self._columns["links"][slot].split("\n")):
                _unlist(self._of_link, link, slot)
            self._living.view[slot] = False

    def erase(self, slots: Sequence[int]) -> None:
        """Overwrite removed entries."""
        for column in self._columns.values():
            column.erase(slots)
        self._units.erase(slots)

    def entry(self, slot: int) -> Entry:
        entry_id, article_id, text = (self._columns[name][slot] for name in COLUMNS[:3])
        return Entry(entry_id, article_id, KINDS[self._kinds.view[slot]], text)

    def article_id(self, slot: int) -> str:
        return self._columns["article_ids"][slot]

    def units(self, slot: int) -> Hashes:
        """What the text is compared by (`retrieval.units.unit_hashes`)."""
        return self._units[slot]

    def key(self, slot: int) -> str:
        return self._columns["keys"][slot]

    def of_article(self, article_id: str) -> tuple[int, ...]:
        return self._of_article.get(article_id, ())

    def of_key_hash(self, key_hash: str) -> tuple[int, ...]:
        """Slots of the entries whose matching key has this SHA-256, in hexadecimal."""
        return self._of_key.get(bytes.fromhex(key_hash), ())

    def of_link(self, link: str) -> tuple[int, ...]:
        """Slots of the messages that hold this canonical link."""
        return self._of_link.get(link, ())

    def _list(self, slots: Sequence[int], articles: Sequence[str], keys: Sequence[str], links: Sequence[str]) -> None:
        for slot, article_id, key, urls in zip(slots, articles, keys, links, strict=True):
            self._of_article[article_id] = (*self._of_article.get(article_id, ()), slot)
            if key:
                digest = _digest(key)
                self._of_key[digest] = (*self._of_key.get(digest, ()), slot)
            if urls:
                for link in urls.split("\n"):
                    self._of_link[link] = (*self._of_link.get(link, ()), slot)

    def dump(self) -> dict[str, NDArray[Any]]:
        """Copies; removed entries are left blank in what may be written to disk."""
        arrays: dict[str, NDArray[Any]] = {"kinds": self._kinds.view.copy(), "living": self._living.view.copy()}
        removed = np.flatnonzero(~self._living.view).tolist()
        for name, column in self._columns.items():
            copy = column.copy()
            copy.erase(removed)
            arrays[name], arrays[f"{name}_ends"] = copy.arrays
        units = self._units.copy()
        units.erase(removed)
        arrays["units"], arrays["units_ends"] = units.arrays
        return arrays

    @classmethod
    def from_dump(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        table = cls()
        table._columns = {name: TextColumn(arrays[name], arrays[f"{name}_ends"]) for name in COLUMNS}
        table._units = NumberColumn(arrays["units"], arrays["units_ends"])
        table._kinds, table._living = GrowingArray(arrays["kinds"]), GrowingArray(arrays["living"])
        slots = np.flatnonzero(arrays["living"]).tolist()
        texts = {name: table._columns[name].to_list() for name in ("article_ids", "keys", "links")}
        table._list(slots, *([texts[name][slot] for slot in slots] for name in ("article_ids", "keys", "links")))
        return table


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def _unlist(lists: dict[Any, tuple[int, ...]], name: object, slot: int) -> None:
    left = tuple(other for other in lists.get(name, ()) if other != slot)
    if left:
        lists[name] = left
    else:
        lists.pop(name, None)
