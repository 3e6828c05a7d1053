"""Makes the index anew from the database: the way out of every lost, damaged or outdated snapshot.

Articles are read a page at a time. What has a stored vector is taken as it is, the rest is encoded and stored, so that
a build that was interrupted goes on where it was. No database transaction stays open while the encoder works.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from bot.index_follower import decode_vector, save_vectors, stack, to_entry
from retrieval.index import ArticleEntries, MatchingIndex
from retrieval.message import text_to_encode
from retrieval.types import Encoder, Vectors
from storage.database import Database
from storage.index_entries import (
    IndexedText,
    count_indexed_articles,
    iterate_entries,
    latest_seq,
    load_embeddings,
)
from storage.tables import hash_text

PAGE = 500
"""Articles read, encoded and stored at once."""

Progress = Callable[[int, int], None]
"""Called now and then with the number of articles done and the number of all."""


async def rebuild_index(
    database: Database, encoder: Encoder, progress: Progress = lambda *_: None, *, workers: int = 1
) -> MatchingIndex:
    """Return an index of everything in the database. Changes that come meanwhile are after its `seq`.

    `workers` threads encode at once; a process that answers meanwhile leaves it at one.
    """
    index = MatchingIndex(encoder.model_id, encoder.dimension)
    async with database.reading() as session:
        index.seq = await latest_seq(session)
        total = await count_indexed_articles(session)
    done = 0
    with ThreadPoolExecutor(workers, thread_name_prefix="index-builder") as pool:
        page = await _load_page(database, after="")
        while page:
            vectors = await _load_or_encode(database, encoder, page, pool)
            articles = _by_article(page)
            await asyncio.to_thread(index.replace_many, articles, vectors, settle=False)
            done += len(articles)
            progress(done, max(total, done))
            page = await _load_page(database, after=page[-1].article_id)
    await asyncio.to_thread(index.settle)
    progress(total, total)
    return index


async def _load_page(database: Database, *, after: str) -> list[IndexedText]:
    """The entries of the next articles that have any; none at the end."""
    async with database.reading() as session:
        pages = iterate_entries(session, PAGE, after=after)
        return await anext((page async for page in pages if page), [])


async def _load_or_encode(
    database: Database, encoder: Encoder, texts: Sequence[IndexedText], pool: ThreadPoolExecutor
) -> Vectors:
    """One vector a text, in order; what was not stored yet is stored."""
    async with database.reading() as session:
        stored = await load_embeddings(session, [text.entry_id for text in texts], encoder.model_id)
    to_encode = {text.entry_id: text_to_encode(text.text) for text in texts}
    known = {
        id_: decode_vector(row.vector) for id_, row in stored.items() if row.text_hash == hash_text(to_encode[id_])
    }
    missing = [text for text in texts if text.entry_id not in known]
    if missing:
        loop = asyncio.get_running_loop()
        encoded = await asyncio.gather(
            *(loop.run_in_executor(pool, encoder.encode, [to_encode[text.entry_id]]) for text in missing)
        )
        fresh = {text.entry_id: vectors[0] for text, vectors in zip(missing, encoded, strict=True)}
        await save_vectors(database, encoder.model_id, missing, fresh)
        known |= fresh
    return stack([known[text.entry_id] for text in texts], encoder.dimension)


def _by_article(texts: Sequence[IndexedText]) -> list[ArticleEntries]:
    grouped: dict[str, list[IndexedText]] = {}
    for text in texts:
        grouped.setdefault(text.article_id, []).append(text)
    return [(article_id, [to_entry(text) for text in found]) for article_id, found in grouped.items()]
