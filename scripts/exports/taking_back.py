"""What the instance that a release is from has taken back is taken back here too, and no older copy brings it back."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from moderation.announcing import announce_texts
from moderation.publish import set_article_status, withdraw
from moderation.variants import delete_variant_vectors
from scripts.exports.parsing import MODELS
from scripts.exports.storing import HIDDEN_HERE, Batch, Stored, is_from_a_release, load_by, names_somebody_here
from storage.bulk import insert_rows
from storage.exports.cleaning import HERE, to_hour
from storage.exports.naming import NAMINGS, first_of, name_stored
from storage.tables import Article, ArticleReply, ArticleVariant, Reply, Status, Tombstone

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
    named: dict[str, dict[str, list[Any]]] = {}
    for kind in dict.fromkeys(row.kind for row in new):
        named[kind] = await _load_named(session, kind, [row.id for row in new if row.kind == kind])
    kept = []
    for tombstone in new:
        rows = named[tombstone.kind].get(tombstone.id, [])
        theirs = [row for row in rows if await _may_erase(session, tombstone, row)]
        is_hidden = any(map(_is_hidden_here, theirs))
        for row in theirs:
            await _ERASE.get(tombstone.kind, _delete)(session, row)
        if theirs or not rows:
            tombstone.source = HERE if is_hidden else tombstone.source
            kept.append(tombstone)
    await insert_rows(session, kept)
    return Stored(len(kept), 0, len(batch) - len(new), len(new) - len(kept))


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


async def _may_erase(session: AsyncSession, tombstone: Tombstone, row: Any) -> bool:
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
    about: list[tuple[type[SQLModel], str | None]] = [
        (Article, getattr(row, "article_id", None)),
        (Reply, getattr(row, "reply_id", None)),
    ]
    parents = [await session.get(model, id_) for model, id_ in about if id_ is not None]
    return any(getattr(parent, "source", None) == tombstone.source for parent in parents)


def _is_hidden_here(row: Any) -> bool:
    """Releases hold nothing hidden, so whatever is was hidden, merged or taken off here."""
    if isinstance(row, ArticleVariant):
        return row.detached_at is not None
    if isinstance(row, Article | ArticleReply):  # DELETED they are by an earlier tombstone
        return row.status in HIDDEN_HERE
    return bool(getattr(row, "status", Status.NORMAL) != Status.NORMAL)


async def _erase_article(session: AsyncSession, row: Article) -> None:
    await set_article_status(session, row.id, Status.DELETED)
    row.text = row.matching_key_hash = None
    session.add(row)


async def _erase_reply(session: AsyncSession, row: Reply) -> None:
    for link in await load_by(session, ArticleReply, "reply_id", [row.id]):
        await _erase_link(session, link)
    row.text, row.reference = "", None
    session.add(row)


async def _erase_link(session: AsyncSession, row: ArticleReply) -> None:
    await withdraw(session, row.article_id, row.reply_id)
    row.status = Status.DELETED
    session.add(row)


async def _erase_variant(session: AsyncSession, row: Any) -> None:
    await _delete(session, row)
    await delete_variant_vectors(session, [row.id])
    await announce_texts(session, [row.article_id])


async def _erase_indexed(session: AsyncSession, row: Any) -> None:
    await _delete(session, row)
    await announce_texts(session, [row.article_id])


async def _delete(session: AsyncSession, row: Any) -> None:
    await session.delete(row)
    await session.flush()


_ERASE: Mapping[str, Callable[[AsyncSession, Any], Awaitable[None]]] = {
    "articles": _erase_article,
    "replies": _erase_reply,
    "article_replies": _erase_link,
    "article_variants": _erase_variant,
    "hyperlinks": _erase_indexed,
    "media_hashes": _erase_indexed,
}
"""By kind, where deleting the row is not all of it: its id is never given away again, or the index must know."""
