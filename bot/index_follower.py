"""Keeps this process' index equal to the database: published is matched within a second, withdrawn stops as fast.

The follower reads `index_change` from the index's own `seq` on. For each article named there it loads what the article
says *now*, encodes what has no stored vector yet, and replaces the article's entries; doing so twice does no harm. An
article that cannot be taken in is taken out, noted and tried again with growing pauses, while the others go on.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import structlog
from sqlalchemy import select
from sqlmodel import col

from bot.metrics import Metrics
from retrieval.message import text_to_encode
from retrieval.types import Encoder, Entry, EntryKind, Vectors
from storage.database import Database
from storage.index_changes import LogTrimmedError, load_changes
from storage.index_entries import IndexedText, load_embeddings, load_entries, save_embeddings
from storage.tables import Article, Embedding, IndexChange, hash_text, utc_now

POLL_S = 0.2
CHANGES_AT_ONCE = 64
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 300.0

log = structlog.get_logger()


class FollowedIndex(Protocol):
    """What the follower needs of `retrieval.index.MatchingIndex`."""

    seq: int

    def __len__(self) -> int: ...

    def replace_article(self, article_id: str, entries: Sequence[Entry], vectors: Vectors) -> None: ...

    def save(self, folder: Path) -> None: ...


@dataclass(slots=True)
class _Failed:
    """An article that is not in the index as it should be: which change said so first, and when to try again."""

    seq: int
    tries: int
    retry_at: float


class IndexFollower:
    """Follows the change log for one index. One task at a time may call it."""

    def __init__(
        self,
        *,
        database: Database,
        index: FollowedIndex,
        encoder: Encoder,
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._index = index
        self._encoder = encoder
        self._metrics = metrics
        self._clock = clock
        self._seen = index.seq
        self._failed: dict[str, _Failed] = {}
        self._changing = asyncio.Lock()
        self.wake = asyncio.Event()
        """Set by whoever knows of a change before the next poll."""
        self.is_cut_off = False
        """The log no longer goes back to where this index stands: it has to be opened anew."""

    async def run(self) -> None:
        """Follow until cut off; a database that is away for a while is waited for."""
        while True:
            try:
                while await self.catch_up():
                    pass
                await self._retry_failed()
            except LogTrimmedError:
                self.is_cut_off = True
                log.error("index_cut_off", seq=self._seen)
                return
            except Exception:
                log.exception("index_not_followed", seq=self._seen)
                await asyncio.sleep(FIRST_PAUSE_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):
                    await self.wake.wait()
            self.wake.clear()

    async def catch_up(self) -> int:
        """Take in the next changes and return how many there were."""
        async with self._changing:
            async with self._database.reading() as session:
                changes = await load_changes(session, self._seen, CHANGES_AT_ONCE)
            if changes:
                await self._take_in(changes)
            return len(changes)

    async def save_snapshot(self, folder: Path) -> int:
        """Save the index, atomically, and return the change it stands at: all up to that one are in it."""
        async with self._changing:
            await asyncio.to_thread(self._index.save, folder)
            return self._index.seq

    async def _take_in(self, changes: Sequence[IndexChange]) -> None:
        named = {change.article_id: change.seq or 0 for change in reversed(changes)}
        for article_id, error in (await self._replace(list(named))).items():
            self._note_failure(article_id, named[article_id], error)
        self._metrics.index_changes.inc(len(named.keys() - self._failed.keys()))
        self._seen = changes[-1].seq or self._seen
        self._stand_at()
        now = utc_now()
        for change in changes:
            self._metrics.index_lag_seconds.observe(max(0.0, (now - change.created_at).total_seconds()))

    async def _retry_failed(self) -> None:
        due = [article_id for article_id, failed in self._failed.items() if failed.retry_at <= self._clock()]
        if not due:
            return
        async with self._changing:
            for article_id, error in (await self._replace(due)).items():
                self._note_failure(article_id, self._seen, error)
            self._stand_at()

    async def _replace(self, article_ids: Sequence[str]) -> dict[str, Exception]:
        """Bring these articles up to date; return those that failed. Together first, one by one if that fails."""
        try:
            await self._replace_together(article_ids)
        except Exception as error:
            if not await self._database_answers():
                raise  # no article's fault: the whole batch is tried again when the database is back
            if len(article_ids) == 1:
                await self._take_out(article_ids[0])
                return {article_ids[0]: error}
            failed: dict[str, Exception] = {}
            for article_id in article_ids:
                failed |= await self._replace([article_id])
            return failed
        for article_id in article_ids:
            self._failed.pop(article_id, None)
        return {}

    async def _replace_together(self, article_ids: Sequence[str]) -> None:
        async with self._database.reading() as session:
            texts = await load_entries(session, article_ids)
            entry_ids = [text.entry_id for found in texts.values() for text in found]
            stored = await load_embeddings(session, entry_ids, self._encoder.model_id)
        missing = [
            text
            for found in texts.values()
            for text in found
            if text.entry_id not in stored or stored[text.entry_id].text_hash != hash_text(text_to_encode(text.text))
        ]
        fresh = await self._encode(missing)
        vectors = {entry_id: decode_vector(row.vector) for entry_id, row in stored.items()} | fresh
        await asyncio.to_thread(self._replace_in_index, texts, vectors)
        if fresh:
            await save_vectors(self._database, self._encoder.model_id, missing, fresh)

    async def _encode(self, texts: Sequence[IndexedText]) -> dict[str, Vectors]:
        """Vectors by entry id. A text at a time, so that answers being encoded meanwhile wait for one text at most."""
        return {
            text.entry_id: (await asyncio.to_thread(self._encoder.encode, [text_to_encode(text.text)]))[0]
            for text in texts
        }

    def _replace_in_index(self, texts: dict[str, list[IndexedText]], vectors: dict[str, Vectors]) -> None:
        for article_id, found in texts.items():
            entries = [to_entry(text) for text in found]
            self._index.replace_article(
                article_id, entries, stack([vectors[text.entry_id] for text in found], self._encoder.dimension)
            )

    async def _database_answers(self) -> bool:
        try:
            async with self._database.reading() as session:
                await session.execute(select(1))
        except Exception:
            return False
        return True

    async def _take_out(self, article_id: str) -> None:
        """Silence beats a wrong answer: an article that cannot be brought up to date is not matched at all."""
        with contextlib.suppress(Exception):
            await asyncio.to_thread(self._index.replace_article, article_id, [], stack([], self._encoder.dimension))

    def _note_failure(self, article_id: str, seq: int, error: Exception) -> None:
        before = self._failed.get(article_id)
        tries = before.tries + 1 if before else 1
        pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * float(2 ** min(tries - 1, 16)))
        first_seq = min(seq, before.seq) if before else seq
        self._failed[article_id] = _Failed(first_seq, tries, self._clock() + pause)
        self._metrics.index_errors.inc()
        log.error("article_not_indexed", article_id=article_id, tries=tries, exc_info=error)

    def _stand_at(self) -> None:
        """Say how far the index is: a snapshot taken now must lead back to the first change that failed."""
        first_failed = min((failed.seq for failed in self._failed.values()), default=self._seen + 1)
        self._index.seq = min(self._seen, first_failed - 1)
        self._metrics.index_seq.set(self._index.seq)
        self._metrics.index_entries.set(len(self._index))


async def save_vectors(
    database: Database, model_id: str, texts: Sequence[IndexedText], vectors: Mapping[str, Vectors]
) -> None:
    """Store the vectors of those texts that are still there: what was erased while we encoded stays erased."""
    ids = sorted({text.article_id for text in texts})
    async with database.transaction() as session:
        await session.execute(select(col(Article.id)).where(col(Article.id).in_(ids)).with_for_update(read=True))
        still = {entry for found in (await load_entries(session, ids)).values() for entry in found}
        await save_embeddings(session, [to_row(t, vectors[t.entry_id], model_id) for t in texts if t in still])


def to_row(text: IndexedText, vector: Vectors, model_id: str) -> Embedding:
    return Embedding(
        entry_id=text.entry_id,
        model_id=model_id,
        article_id=text.article_id,
        text_hash=hash_text(text_to_encode(text.text)),
        vector=encode_vector(vector),
    )


def to_entry(text: IndexedText) -> Entry:
    return Entry(text.entry_id, text.article_id, EntryKind(text.kind), text.text)


def stack(vectors: Sequence[Vectors], dimension: int) -> Vectors:
    """Rows to one array of shape (n, dimension), n = 0 included."""
    return np.stack(vectors).astype(np.float32) if vectors else np.zeros((0, dimension), np.float32)


def encode_vector(vector: Vectors) -> bytes:
    """The stored form: little-endian float16."""
    return vector.astype("<f2").tobytes()


def decode_vector(stored: bytes) -> Vectors:
    """A stored vector, brought back to unit length: float16 rounds each number by up to 0.05 %."""
    vector = np.frombuffer(stored, "<f2").astype(np.float32)
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), np.float32)
