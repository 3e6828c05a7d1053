"""What the instance that a release is from has taken back is taken back here too, and no older copy brings it back."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.announcing import announce_texts
from moderation.feedback import find_counted_here, recount
from moderation.kept_out import is_withdrawn_here
from moderation.publish import set_article_status, withdraw
from moderation.variants import delete_variant_vectors
from scripts.exports.parsing import MODELS
from scripts.exports.storing import HIDDEN_HERE, Batch, Stored, is_from_a_release, load_by, names_somebody_here
from storage.bulk import insert_rows
from storage.exports.cleaning import HERE, to_hour
from storage.exports.naming import NAMINGS, first_of, name_stored
from storage.tables import (
    Article,
    ArticleReply,
    ArticleReplyFeedback,
    ArticleVariant,
    Reply,
    Status,
    Tombstone,
    utc_now,
)

AT_ONCE = 500


async def without_taken_back(session: AsyncSession, kind: str, rows: Batch) -> list[Any]:
    """The rows that no tombstone here names."""
    if kind not in NAMINGS:
        return list(rows)
    named = [(name_stored(kind, row), row) for row in rows]
    known: set[str] = set()
    for start in range(0, len(named), AT_ONCE):
        names = [name for name, _ in named[start : start + AT_ONCE]]
        found = select(col(Tombstone.id)).where(col(Tombstone.kind) == kind, col(Tombstone.id).in_(names))
        known |= set(await session.scalars(found))
    return [row for name, row in named if name not in known]


async def store_tombstones(session: AsyncSession, batch: Batch, fields: tuple[str, ...]) -> Stored:
    """Keep the tombstones, and erase what they name, words and all. What was written here is nobody else's to erase.

    What was hidden here before is taken back in our name as well: when its source publishes it again, it stays out.
    """
    stored = {(row.kind, row.id) for row in await load_by(session, Tombstone, "id", (row.id for row in batch))}
    new = [row for row in batch if (row.kind, row.id) not in stored and row.kind in NAMINGS]
    kept: list[Any] = []
    for kind in dict.fromkeys(row.kind for row in new):
        kept += await _erase_named(session, kind, [row for row in new if row.kind == kind])
    ours = {(row.kind, row.id) for row in await load_by(session, Tombstone, "id", (row.id for row in kept))}
    await insert_rows(session, [row for row in kept if (row.kind, row.id) not in ours])
    return Stored(len(kept), 0, len(batch) - len(new), len(new) - len(kept))


async def _erase_named(session: AsyncSession, kind: str, tombstones: Sequence[Tombstone]) -> list[Tombstone]:
    """Erase what these name, all at once, and return those that are to be kept."""
    named = await _load_named(session, kind, [row.id for row in tombstones])
    parents = await _load_parents(session, [row for rows in named.values() for row in rows])
    kept, erased = [], []
    for tombstone in tombstones:
        rows = named.get(tombstone.id, [])
        theirs = [row for row in rows if _may_erase(tombstone, row, parents)]
        is_hidden = any(map(_is_hidden_here, theirs))
        erased += theirs
        if theirs or not rows:
            tombstone.source = HERE if is_hidden else tombstone.source
            kept.append(tombstone)
    await _ERASE.get(kind, _delete)(session, erased)
    return kept


async def raise_returned(session: AsyncSession, source: str, named: set[tuple[str, str]], as_of: datetime) -> None:
    """Forget the tombstones that `source` had before and this release of it, as of then, does not name any more."""
    rows = await session.scalars(
        select(Tombstone).where(
            col(Tombstone.source) == source, col(Tombstone.source) != HERE, col(Tombstone.removed_at) < to_hour(as_of)
        )
    )
    for row in rows:
        if (row.kind, row.id) not in named:
            await session.delete(row)


async def _load_named(session: AsyncSession, kind: str, names: Sequence[str]) -> dict[str, list[Any]]:
    first = NAMINGS[kind].columns[0]
    found: dict[str, list[Any]] = {}
    for row in await load_by(session, MODELS[kind], first, {first_of(kind, name) for name in names}):
        found.setdefault(name_stored(kind, row), []).append(row)
    return found


async def _load_parents(session: AsyncSession, rows: Sequence[Any]) -> dict[tuple[str, str], str]:
    """By table and id: the source of every article and reply that these rows are about."""
    sources: dict[tuple[str, str], str] = {}
    for field, model in (("article_id", Article), ("reply_id", Reply)):
        ids = {getattr(row, field) for row in rows if hasattr(row, field)}
        found = await session.execute(select(col(model.id), col(model.source)).where(col(model.id).in_(ids)))
        sources |= {(field, id_): source for id_, source in found}
    return sources


def _may_erase(tombstone: Tombstone, row: Any, parents: Mapping[tuple[str, str], str]) -> bool:
    """A row that says where it is from is its source's to take back.

    Else its person tells: nobody but the instance that released a pseudonym, and who had it from there, can name it.
    A row of somebody here is theirs, even where its name has no person in it, as that of an article's category.
    Where nobody is named, the article or the answer says whose it is.
    """
    if tombstone.source == HERE:
        return False
    if hasattr(row, "source"):
        return bool(row.source == tombstone.source)
    if is_from_a_release(row):
        return True
    if names_somebody_here(row):
        return False
    about = ("article_id", "reply_id")
    return any(parents.get((field, getattr(row, field, ""))) == tombstone.source for field in about)


def _is_hidden_here(row: Any) -> bool:
    """Releases hold nothing hidden, so whatever is was hidden, merged or taken off here."""
    if isinstance(row, ArticleVariant):
        return row.detached_at is not None
    if isinstance(row, ArticleReply) and is_withdrawn_here(row):
        return True
    if isinstance(row, Article | ArticleReply):  # DELETED they are by an earlier tombstone
        return row.status in HIDDEN_HERE
    return bool(getattr(row, "status", Status.NORMAL) != Status.NORMAL)


async def _erase_articles(session: AsyncSession, rows: Sequence[Article]) -> None:
    for row in rows:
        await set_article_status(session, row.id, Status.DELETED)
        row.text = row.matching_key_hash = None
        session.add(row)


async def _erase_replies(session: AsyncSession, rows: Sequence[Reply]) -> None:
    """Where an answer was hidden or withdrawn here, a tombstone of ours stays: its reply may be published again."""
    links = await load_by(session, ArticleReply, "reply_id", [row.id for row in rows])
    for link in filter(_is_hidden_here, links):
        kind = "article_replies"
        await session.merge(Tombstone(kind=kind, id=name_stored(kind, link), source=HERE))
    await session.flush()
    await _erase_links(session, links)
    for row in rows:
        row.text, row.reference = "", None
        session.add(row)


async def _erase_links(session: AsyncSession, rows: Sequence[ArticleReply]) -> None:
    """Withdraw them in their source's name: the times are as a release has them, so that it may publish them again."""
    for row in rows:
        if await withdraw(session, row.article_id, row.reply_id):
            row.updated_at = row.withdrawn_at = to_hour(utc_now())
        row.status = Status.DELETED
        session.add(row)


async def _erase_variants(session: AsyncSession, rows: Sequence[ArticleVariant]) -> None:
    await delete_variant_vectors(session, [row.id for row in rows])
    await _erase_indexed(session, rows)


async def _erase_indexed(session: AsyncSession, rows: Sequence[Any]) -> None:
    await _delete(session, rows)
    await announce_texts(session, {row.article_id for row in rows})


async def _erase_votes(session: AsyncSession, rows: Sequence[ArticleReplyFeedback]) -> None:
    await _delete(session, rows)
    for link in sorted(await find_counted_here(session, {(row.article_id, row.reply_id) for row in rows})):
        await recount(session, *link)


async def _delete(session: AsyncSession, rows: Sequence[Any]) -> None:
    for row in rows:
        await session.delete(row)
    await session.flush()


_ERASE: Mapping[str, Callable[[AsyncSession, Sequence[Any]], Awaitable[None]]] = {
    "articles": _erase_articles,
    "replies": _erase_replies,
    "article_replies": _erase_links,
    "article_variants": _erase_variants,
    "article_reply_feedbacks": _erase_votes,
    "hyperlinks": _erase_indexed,
    "media_hashes": _erase_indexed,
}
"""By kind, where deleting the rows is not all of it: an id is never given away again, the index must know, or counts
are made anew."""
