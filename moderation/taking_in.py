"""Taking answers in that come from elsewhere, in bulk: from open data, or from another instance's release.

What somebody here has said of an answer stands: what was withdrawn or hidden here stays so, a reply corrected here is
not set back, votes given here stay counted. The caller commits.
"""

from collections.abc import Sequence

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.announcing import append_with_stock, load_articles_of, to_change
from moderation.feedback import find_counted_here, recount
from storage.articles import PUBLISHED
from storage.askers import SOURCE
from storage.bulk import insert_rows
from storage.exports.pseudonyms import PUBLIC
from storage.index_changes import Change
from storage.index_entries import load_indexed_replies, load_indexed_texts
from storage.tables import ArticleReply, ChangeKind, Reply, ReplyState, Status, hash_text, utc_now


async def correct_imported(
    session: AsyncSession, corrections: Sequence[tuple[Reply, Reply]], names: Sequence[str]
) -> None:
    """Take over what an import's source has changed in its replies: pairs of the stored reply and the new one.

    How it read before is not kept: nobody here corrected it, and its history is the source's.
    """
    if not corrections:
        return
    hashes = {hash_text(reply.text) for pair in corrections for reply in pair}
    before = await load_indexed_texts(session, hashes)
    changes: list[Change] = []
    for stored, incoming in corrections:
        for name in names:
            setattr(stored, name, getattr(incoming, name))
        changes += [Change(id_, ChangeKind.CORRECTED, stored.id) for id_ in await load_articles_of(session, stored.id)]
    await session.flush()
    await append_with_stock(session, changes, before, await load_indexed_texts(session, hashes))


async def publish_imported(session: AsyncSession, links: Sequence[ArticleReply]) -> tuple[int, int]:
    """Publish links that come from an import, in bulk; returns how many are new and how many changed.

    A new link gets the state `imported`. A link that is here already keeps its state, so that what was withdrawn here
    stays withdrawn, and takes over the import's status and counts. Articles and replies must be stored before.
    """
    reply_ids = {link.reply_id for link in links}
    before = await load_indexed_replies(session, reply_ids)
    stored = await _load_links(session, [(link.article_id, link.reply_id) for link in links])
    new: dict[tuple[str, str], ArticleReply] = {}
    changed: list[ArticleReply] = []
    for link in links:
        key = (link.article_id, link.reply_id)
        link.source_positive_count = link.positive_feedback_count
        link.source_negative_count = link.negative_feedback_count
        existing = stored.get(key) or new.get(key)
        if existing is None:
            link.state, link.published_at = ReplyState.IMPORTED, link.published_at or link.created_at or utc_now()
            new[key] = link
        elif _take_over(existing, link) and key in stored:
            changed.append(existing)
    await session.flush()
    await insert_rows(session, list(new.values()))
    changed += new.values()
    after = await load_indexed_replies(session, reply_ids)
    await append_with_stock(session, [to_change(link) for link in changed], before, after)
    return len(new), len(changed) - len(new)


async def restore_links(session: AsyncSession, links: Sequence[ArticleReply]) -> tuple[int, int]:
    """Take links over as a release of chaming has them, their states included; how many are new and changed.

    Left as they are: a link whose reply was written here or that somebody here made, since nobody else's copy of it
    counts more; one hidden here; and one that was moved here after the release's last word on it. Where readers voted
    here or a vote is hidden, the counts are made anew.
    """
    reply_ids = {link.reply_id for link in links}
    own = set(
        await session.scalars(select(col(Reply.id)).where(col(Reply.id).in_(reply_ids), col(Reply.source) == SOURCE))
    )
    before = await load_indexed_replies(session, reply_ids)
    stored = await _load_links(session, [(link.article_id, link.reply_id) for link in links])
    counted_here = await find_counted_here(session, list(stored))
    new = [link for link in links if (link.article_id, link.reply_id) not in stored]
    changed = []
    for link in links:
        key = (link.article_id, link.reply_id)
        existing = stored.get(key)
        if existing is None or link.reply_id in own or _is_ours(existing, link):
            continue
        names = set(ArticleReply.model_fields) - (_COUNTS if key in counted_here else set())
        differing = [name for name in names if getattr(existing, name) != getattr(link, name)]
        for name in differing:
            setattr(existing, name, getattr(link, name))
        changed += [existing] if differing else []
    await session.flush()
    await insert_rows(session, new)
    for key in counted_here:
        await recount(session, *key)
    after = await load_indexed_replies(session, reply_ids)
    told = [to_change(link) for link in (*new, *changed) if link.state in PUBLISHED or link in changed]
    await append_with_stock(session, told, before, after)
    return len(new), len(changed)


_COUNTS = {"positive_feedback_count", "negative_feedback_count"}


def _is_ours(existing: ArticleReply, link: ArticleReply) -> bool:
    """Whether what is stored is somebody's word here rather than the release's."""
    made_here = existing.contributor is not None and not PUBLIC.fullmatch(existing.contributor)
    moved_here = existing.updated_at is not None and (link.updated_at is None or existing.updated_at > link.updated_at)
    return existing.status == Status.BLOCKED or made_here or (moved_here and existing.state != link.state)


def _take_over(existing: ArticleReply, imported: ArticleReply) -> bool:
    """Copy what the source may change; True when any of it did. Votes given here stay counted."""
    names = ("status", "source_positive_count", "source_negative_count", "contributor", "app_id", "updated_at")
    differing = [name for name in names if getattr(existing, name) != getattr(imported, name)]
    if existing.status == Status.BLOCKED and "status" in differing:  # hidden here, or there for good reason
        differing.remove("status")
    existing.positive_feedback_count += imported.source_positive_count - existing.source_positive_count
    existing.negative_feedback_count += imported.source_negative_count - existing.source_negative_count
    for name in differing:
        setattr(existing, name, getattr(imported, name))
    return bool(differing)


async def _load_links(session: AsyncSession, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], ArticleReply]:
    rows = await session.scalars(
        select(ArticleReply).where(tuple_(col(ArticleReply.article_id), col(ArticleReply.reply_id)).in_(keys))
    )
    return {(row.article_id, row.reply_id): row for row in rows}
