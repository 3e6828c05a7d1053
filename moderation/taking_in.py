"""Taking answers in that come from elsewhere, in bulk: from open data, or from another instance's release.

What somebody here has said of an answer stands: what was withdrawn or hidden here stays so, for messages that its
source gives it to from now on as well; a reply corrected here is not set back, votes given here stay counted. The
caller commits.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.announcing import append_with_stock, load_articles_of, to_change
from moderation.feedback import find_counted_here, recount
from moderation.kept_out import is_withdrawn_here, keep_out
from storage.articles import PUBLISHED
from storage.askers import SOURCE
from storage.bulk import insert_rows
from storage.exports.pseudonyms import PUBLIC
from storage.index_changes import Change
from storage.index_entries import load_indexed_replies, load_indexed_texts
from storage.tables import ArticleReply, ChangeKind, Editor, Reply, ReplyState, Status, hash_text, utc_now


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

    A new link gets the state `imported`, unless its answer is kept out here. A link that is here already keeps its
    state, so that what was withdrawn here stays withdrawn, and takes over the import's status and counts. Articles and
    replies must be stored before.
    """
    reply_ids = {link.reply_id for link in links}
    before = await load_indexed_replies(session, reply_ids)
    stored = await _load_links(session, [(link.article_id, link.reply_id) for link in links])
    new: dict[tuple[str, str], ArticleReply] = {}
    for link in links:
        link.source_positive_count = link.positive_feedback_count
        link.source_negative_count = link.negative_feedback_count
        if (link.article_id, link.reply_id) not in stored.keys() | new.keys():
            link.state, link.published_at = ReplyState.IMPORTED, link.published_at or link.created_at or utc_now()
            new[link.article_id, link.reply_id] = link
    await keep_out(session, list(new.values()))
    changed: list[ArticleReply] = []
    for link in links:
        key = (link.article_id, link.reply_id)
        existing = stored.get(key) or new[key]
        if existing is not link and _take_over(existing, link) and key in stored:
            changed.append(existing)
    await session.flush()
    await insert_rows(session, list(new.values()))
    changed += new.values()
    after = await load_indexed_replies(session, reply_ids)
    await append_with_stock(session, [to_change(link) for link in changed], before, after)
    return len(new), len(changed) - len(new)


async def withdraw_imported(session: AsyncSession, links: Sequence[ArticleReply]) -> int:
    """Take from readers what the source of an imported answer has withdrawn since; returns how many were shown."""
    stored = await _load_links(session, [(link.article_id, link.reply_id) for link in links])
    taken_back = [link for link in links if _is_imported(stored.get((link.article_id, link.reply_id)))]
    reply_ids = {link.reply_id for link in taken_back}
    before = await load_indexed_replies(session, reply_ids)
    changed = [stored[link.article_id, link.reply_id] for link in taken_back]
    for existing, link in zip(changed, taken_back, strict=True):
        existing.state, existing.withdrawn_at = ReplyState.WITHDRAWN, link.withdrawn_at or link.updated_at
        existing.updated_at = link.updated_at
    await session.flush()
    after = await load_indexed_replies(session, reply_ids)
    await append_with_stock(session, [to_change(link) for link in changed], before, after)
    return len(changed)


def _is_imported(link: ArticleReply | None) -> bool:
    """Nobody here has made the answer theirs, by ratings or otherwise."""
    return link is not None and link.state == ReplyState.IMPORTED


async def restore_links(session: AsyncSession, links: Sequence[ArticleReply]) -> tuple[int, int]:
    """Take links over as a release of chaming has them, their states included; how many are new and changed.

    Left as they are: a link whose reply was written here or that somebody here made, since nobody else's copy of it
    counts more; one hidden or withdrawn here, whatever was said of it elsewhere since; and one that was otherwise moved
    here after the release's last word on it. What came from open data takes over the state alone: that source is nearer
    to the rest. Where readers voted here or a vote is hidden, the counts are made anew.
    """
    reply_ids = {link.reply_id for link in links}
    own = set(
        await session.scalars(select(col(Reply.id)).where(col(Reply.id).in_(reply_ids), col(Reply.source) == SOURCE))
    )
    before = await load_indexed_replies(session, reply_ids)
    stored = await _load_links(session, [(link.article_id, link.reply_id) for link in links])
    editors = await _find_editors(session, stored.values())
    counted_here = await find_counted_here(session, list(stored))
    new = [link for link in links if (link.article_id, link.reply_id) not in stored]
    await keep_out(session, new)
    changed = []
    for link in links:
        key = (link.article_id, link.reply_id)
        existing = stored.get(key)
        if existing is None or link.reply_id in own or _is_ours(existing, link, editors):
            continue
        names = _choose_names(existing, link) - (_COUNTS if key in counted_here else set())
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
_MOVE = {"state", "updated_at", "published_at", "withdrawn_at"}


def _is_ours(existing: ArticleReply, link: ArticleReply, editors: Collection[str]) -> bool:
    """Whether what is stored is somebody's word here rather than the release's."""
    if existing.status == Status.BLOCKED or existing.contributor in editors or is_withdrawn_here(existing):
        return True
    if existing.state in (link.state, ReplyState.IMPORTED) or existing.status == Status.DELETED:
        return False  # moved to the same, by nobody, or in its source's name
    return existing.updated_at is not None and (link.updated_at is None or existing.updated_at > link.updated_at)


def _choose_names(existing: ArticleReply, link: ArticleReply) -> set[str]:
    """The fields in which the release is followed."""
    if existing.contributor is None or PUBLIC.fullmatch(existing.contributor):
        return set(ArticleReply.model_fields)
    return _MOVE if existing.state != link.state else set()


async def _find_editors(session: AsyncSession, links: Collection[ArticleReply]) -> set[str]:
    """Those who made these links and are volunteers here."""
    makers = {link.contributor for link in links if link.contributor is not None}
    return set(await session.scalars(select(col(Editor.id)).where(col(Editor.id).in_(makers))))


def _take_over(existing: ArticleReply, imported: ArticleReply) -> bool:
    """Copy what the source may change; True when any of it did. Votes given here stay counted.

    When a link was verified or withdrawn, `updated_at` says so from then on.
    """
    names = ["status", "source_positive_count", "source_negative_count", "contributor", "app_id"]
    names += ["updated_at"] if existing.state == ReplyState.IMPORTED else []
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
