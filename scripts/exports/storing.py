"""Storing a batch of a release: what is new is inserted, what differs is taken over where it is not ours.

What was written, blocked, corrected or taken back here stays as it is.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from moderation.announcing import announce_articles, announce_texts
from moderation.feedback import find_counted_here, recount
from moderation.kept_out import is_of_here
from moderation.taking_in import correct_imported, publish_imported, restore_links, withdraw_imported
from moderation.variants import delete_variant_vectors
from storage.articles import PUBLISHED
from storage.bulk import insert_rows
from storage.exports.cleaning import HERE
from storage.exports.pseudonyms import PUBLIC
from storage.tables import (
    Article,
    ArticleReplyFeedback,
    ArticleVariant,
    Category,
    Hyperlink,
    MatchDecision,
    Reply,
    ReplyRequest,
    ReplyState,
    ReplyVersion,
    Status,
)


@dataclass(slots=True)
class Stored:
    """What became of rows."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    """Taken back here, of an id that is another's here, or about something that is not here."""

    def __iadd__(self, other: "Stored") -> "Stored":
        self.added += other.added
        self.changed += other.changed
        self.unchanged += other.unchanged
        self.refused += other.refused
        return self


HIDDEN_HERE = (Status.BLOCKED, Status.MERGED)
"""Of an article from elsewhere. DELETED it is when a tombstone said so; the newest release may have it again."""

Batch = Sequence[Any]
Store = Callable[[AsyncSession, Batch, tuple[str, ...]], Awaitable[Stored]]


async def store_articles(session: AsyncSession, batch: Batch, fields: tuple[str, ...]) -> Stored:
    stored = {row.id: row for row in await load_by(session, Article, "id", (row.id for row in batch))}
    before = {id_: (row.status, row.text) for id_, row in stored.items()}
    result = Stored()
    new, foreign = [], []
    for row in batch:
        existing = stored.get(row.id)
        if existing is None:
            new.append(row)
        elif existing.source == HERE or existing.status in HIDDEN_HERE:
            result.unchanged += 1
        elif existing.source != row.source:
            result.refused += 1
        else:
            foreign.append((existing, row))
    changed = [existing for existing, row in foreign if _take_over(existing, row, (*fields, "matching_key_hash"))]
    await insert_rows(session, new)
    retold = [row for row in changed if before[row.id] != (row.status, row.text)]
    await announce_articles(session, [(row.id, row.status) for row in (*new, *retold)])
    result += Stored(len(new), len(changed), len(foreign) - len(changed))
    return result


async def store_variants(session: AsyncSession, batch: Batch, fields: tuple[str, ...]) -> Stored:
    """Wordings; one that its source has moved to another article, when two were merged or parted, is moved here too."""
    known = await _about_known(session, batch)
    stored = {row.id: row for row in await load_by(session, ArticleVariant, "id", (row.id for row in known))}
    new = [row for row in known if row.id not in stored]
    followed = [(stored[row.id], row) for row in known if row.id in stored]
    theirs = [(existing, row) for existing, row in followed if existing.source == row.source != HERE]
    moved = [(existing.article_id, row.article_id) for existing, row in theirs if existing.article_id != row.article_id]
    changed = [existing for existing, row in theirs if _take_over(existing, row, (*fields, "matching_key_hash"))]
    await insert_rows(session, new)
    await delete_variant_vectors(session, [row.id for row in changed])
    told = {row.article_id for row in (*new, *changed)}.union(*moved)
    await announce_texts(session, told)
    return Stored(len(new), len(changed), len(followed) - len(changed), len(batch) - len(known))


async def store_hyperlinks(session: AsyncSession, batch: Batch, fields: tuple[str, ...]) -> Stored:
    result, new = await _insert_new(session, Hyperlink, batch, lambda row: (row.article_id, row.url))
    await announce_texts(session, {row.article_id for row in new if row.title})
    return result


async def store_categories(session: AsyncSession, batch: Batch, fields: tuple[str, ...]) -> Stored:
    stored = {row.id: row for row in await load_by(session, Category, "id", (row.id for row in batch))}
    new = [row for row in batch if row.id not in stored]
    await insert_rows(session, new)
    return Stored(added=len(new), unchanged=len(batch) - len(new))


async def store_replies(session: AsyncSession, batch: Batch, fields: tuple[str, ...]) -> Stored:
    stored = {row.id: row for row in await load_by(session, Reply, "id", (row.id for row in batch))}
    versions = await load_by(session, ReplyVersion, "reply_id", stored)
    corrected_here = {version.reply_id for version in versions if is_of_here(version.replaced_at)}
    new = [row for row in batch if row.id not in stored]
    names = (*fields, "text_hash")
    corrections = [
        (stored[row.id], row)
        for row in batch
        if row.id in stored
        and row.id not in corrected_here
        and stored[row.id].source == row.source != HERE
        and any(getattr(stored[row.id], name) != getattr(row, name) for name in names)
    ]
    await insert_rows(session, new)
    await correct_imported(session, corrections, names)
    return Stored(len(new), len(corrections), len(batch) - len(new) - len(corrections))


async def store_versions(session: AsyncSession, batch: Batch, fields: tuple[str, ...]) -> Stored:
    known = await _known(session, Reply, {row.reply_id for row in batch})
    mine = [row for row in batch if row.reply_id in known]
    stored = await load_by(session, ReplyVersion, "reply_id", (row.reply_id for row in mine))
    have = {(row.reply_id, row.version) for row in stored}
    new = [row for row in mine if (row.reply_id, row.version) not in have]
    await insert_rows(session, new)
    return Stored(len(new), 0, len(mine) - len(new), len(batch) - len(mine))


async def restore_states(session: AsyncSession, batch: Batch, fields: tuple[str, ...]) -> Stored:
    """Links exactly as they were."""
    known = await _about_known(session, batch)
    added, changed = await restore_links(session, known)
    return Stored(added, changed, len(known) - added - changed, len(batch) - len(known))


async def store_as_imported(session: AsyncSession, batch: Batch, fields: tuple[str, ...]) -> Stored:
    """Links as answers of another instance; what it has withdrawn is withdrawn here too."""
    known = await _about_known(session, batch)
    shown = [row for row in known if row.state in PUBLISHED]
    added, changed = await publish_imported(session, shown)
    withdrawn = await withdraw_imported(session, [row for row in known if row.state == ReplyState.WITHDRAWN])
    unchanged = len(shown) - added - changed
    return Stored(added, changed + withdrawn, unchanged, len(batch) - len(shown) - withdrawn)


def keep_current(model: type[SQLModel], key: Callable[[Any], Hashable]) -> Store:
    """A store for what people said and may say anew: of a person whom a release names, the newest release is right.

    What was hidden or taken off here stays so, and what somebody here says stays theirs.
    """

    async def store(session: AsyncSession, batch: Batch, fields: tuple[str, ...]) -> Stored:
        result, new = await _insert_new(session, model, batch, key)
        inserted = {key(row) for row in new}
        said_before = {key(row): row for row in batch if is_from_a_release(row) and key(row) not in inserted}
        stored = await load_by(session, model, "article_id", {row.article_id for row in said_before.values()})
        theirs = [row for row in stored if key(row) in said_before and _is_as_released(row)]
        changed = sum(_take_over(row, said_before[key(row)], fields) for row in theirs)
        return Stored(result.added, changed, result.unchanged - changed, result.refused)

    return store


async def store_votes(session: AsyncSession, batch: Batch, fields: tuple[str, ...]) -> Stored:
    """Readers' votes. Where one is hidden here, or somebody voted here, the counts are not the release's: made anew."""
    result = await _STORE_VOTES(session, batch, fields)
    await session.flush()
    for link in sorted(await find_counted_here(session, {(row.article_id, row.reply_id) for row in batch})):
        await recount(session, *link)
    return result


async def store_decisions(session: AsyncSession, batch: Batch, fields: tuple[str, ...]) -> Stored:
    """Decisions of the matcher. What their sender said came later, and may be in the newer release only."""
    stored = {row.id: row for row in await load_by(session, MatchDecision, "id", (row.id for row in batch))}
    new = [row for row in batch if row.id not in stored]
    await insert_rows(session, new)
    said = [(stored[row.id], row) for row in batch if row.id in stored and stored[row.id].key_hash is None]
    changed = sum(
        _take_over(existing, row, ("choice", "chosen_article_id", "chosen_at", "asked_article_id"))
        for existing, row in said
        if row.choice is not None or existing.choice is None
    )
    return Stored(len(new), changed, len(batch) - len(new) - changed)


def is_from_a_release(row: Any) -> bool:
    """Whether the row names somebody as a release does, and nobody of this instance."""
    person = _person_of(row)
    return person is not None and PUBLIC.fullmatch(person) is not None


def names_somebody_here(row: Any) -> bool:
    """Whether the row names somebody, and not as a release does."""
    return _person_of(row) is not None and not is_from_a_release(row)


def insert_missing(model: type[SQLModel], key: Callable[[Any], Hashable]) -> Store:
    """A store for rows that are never changed: those that are not here are inserted."""

    async def store(session: AsyncSession, batch: Batch, fields: tuple[str, ...]) -> Stored:
        return (await _insert_new(session, model, batch, key))[0]

    return store


def request_key(row: ReplyRequest) -> Hashable:
    """Who asked about what; without a pseudonym, everything that is known of it."""
    if row.contributor:
        return (row.article_id, row.contributor, row.app_id, row.source)
    return (row.article_id, row.reason, row.variant_id, row.app_id, row.source, row.created_at)


def feedback_key(row: ArticleReplyFeedback) -> Hashable:
    if row.contributor:
        return (row.article_id, row.reply_id, row.contributor, row.app_id)
    return (row.article_id, row.reply_id, row.score, row.reason, row.comment, row.app_id, row.created_at)


_STORE_VOTES = keep_current(ArticleReplyFeedback, feedback_key)


def _person_of(row: Any) -> str | None:
    return getattr(row, "rater", None) or getattr(row, "contributor", None)


def _is_as_released(row: Any) -> bool:
    """Releases hold NORMAL rows only: any other status was set here."""
    return not names_somebody_here(row) and getattr(row, "status", Status.NORMAL) == Status.NORMAL


async def _insert_new(
    session: AsyncSession, model: type[SQLModel], batch: Batch, key: Callable[[Any], Hashable]
) -> tuple[Stored, list[Any]]:
    """Insert the rows that are not here; of rows that are alike in all, as many as the release has."""
    about = "article_id" if "article_id" in model.model_fields else "id"
    known = await _about_known(session, batch) if about == "article_id" else list(batch)
    stored = Counter(key(row) for row in await load_by(session, model, about, {getattr(row, about) for row in known}))
    new = []
    for row in known:
        if stored[key(row)]:
            stored[key(row)] -= 1
        else:
            new.append(row)
    await insert_rows(session, new)
    return Stored(len(new), 0, len(known) - len(new), len(batch) - len(known)), new


async def _about_known(session: AsyncSession, batch: Batch) -> list[Any]:
    """The rows whose article (and reply, category) is here."""
    rows = list(batch)
    for name, model in (("article_id", Article), ("reply_id", Reply), ("category_id", Category)):
        if rows and hasattr(rows[0], name):
            known = await _known(session, model, {getattr(row, name) for row in rows})
            rows = [row for row in rows if getattr(row, name) in known]
    return rows


async def _known(session: AsyncSession, model: Any, ids: Iterable[str]) -> set[str]:
    return set(await session.scalars(select(col(model.id)).where(col(model.id).in_(list(ids)))))


async def load_by(session: AsyncSession, model: Any, name: str, values: Iterable[str]) -> list[Any]:
    return list(await session.scalars(select(model).where(getattr(model, name).in_(list(values)))))


def _take_over(stored: Any, incoming: Any, names: Iterable[str]) -> bool:
    """Copy the fields that differ; True when there were any."""
    differing = [name for name in names if getattr(stored, name) != getattr(incoming, name)]
    for name in differing:
        setattr(stored, name, getattr(incoming, name))
    return bool(differing)
