"""Wordings of an article: attached, detached, attached again. Each step is logged, and reversible.

A wording that says something else is never attached, whoever asks for it: a flipped number or negation is another
claim. Whether it does is looked up in the texts themselves, not taken from whoever attaches. The caller commits.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from retrieval.contradiction import find_contradictions
from storage.askers import SOURCE
from storage.index_changes import Change, append_changes
from storage.tables import (
    Article,
    ArticleVariant,
    ChangeKind,
    Embedding,
    MeasureKind,
    ModerationMeasure,
    Status,
    VariantAction,
    VariantLog,
    VariantSighting,
    utc_now,
)


class VariantError(Exception):
    """This cannot be made a variant, or be one no longer.

    VariantError
    ├── UnknownVariantError   there is no such article or wording
    ├── ContradictedError     the two say different things
    ├── DetachedBeforeError   an editor has taken this wording off the article
    ├── HiddenError           moderators hide this wording
    └── NotMergeableError     (moderation/merging.py) one of the articles is answered, worked on, or not public
    """

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class UnknownVariantError(VariantError):
    """There is no such article, or no such wording of it."""


class ContradictedError(VariantError):
    """The two say different things: a number, a date, a negation or a direction differs."""


class DetachedBeforeError(VariantError):
    """This wording was detached from the article before; only an editor attaches it again."""


class HiddenError(VariantError):
    """Moderators hide this wording; only they show it again."""


@dataclass(frozen=True, slots=True)
class Because:
    """Who makes a change to the variants, and why: what the log keeps."""

    actor: str
    """`matcher:` and a model's id, or a person's pseudonym."""
    reason: str
    probability: float | None = None
    """The match's, where one is the reason."""

    @classmethod
    def of_match(cls, model_id: str, probability: float) -> "Because":
        return cls(f"matcher:{model_id}", "sure match", round(probability, 5))

    def details(self) -> dict[str, float]:
        return {} if self.probability is None else {"probability": self.probability}


async def attach_variant(
    session: AsyncSession,
    article_id: str,
    *,
    text: str,
    matching_key_hash: str | None,
    contributor: str | None,
    because: Because,
    source: str = SOURCE,
) -> ArticleVariant | None:
    """Make a text whose publication was agreed to a wording of the article; None when the article says just that.

    A wording it has already is returned as it is. Raises `VariantError`.
    """
    article = await session.get(Article, article_id)
    if article is None or article.status != Status.NORMAL:
        raise UnknownVariantError
    if text == article.text or (matching_key_hash and matching_key_hash == article.matching_key_hash):
        return None
    known = await _find_known(session, article_id, text, matching_key_hash)
    if known is not None:
        if known.detached_at is not None:
            raise DetachedBeforeError
        return known
    refuse_contradiction(text, article.text)
    variant = ArticleVariant(
        article_id=article_id, text=text, matching_key_hash=matching_key_hash, contributor=contributor, source=source
    )
    session.add(variant)
    await session.flush()
    await log_variants(session, article_id, VariantAction.ATTACHED, because, variant_id=variant.id)
    return variant


async def detach_variant(session: AsyncSession, variant_id: str, because: Because) -> bool:
    """Take a wording off its article, so that it leads there no more; False when it is off already."""
    variant = await _get_variant(session, variant_id)
    if variant.detached_at is not None:
        return False
    variant.detached_at = utc_now()
    session.add(variant)
    await delete_variant_vectors(session, [variant_id])
    await log_variants(session, variant.article_id, VariantAction.DETACHED, because, variant_id=variant_id)
    return True


async def reattach_variant(session: AsyncSession, variant_id: str, because: Because) -> bool:
    """Undo `detach_variant`; False when it is attached. Raises `HiddenError` while moderators hide it."""
    variant = await _get_variant(session, variant_id)
    if variant.detached_at is None:
        return False
    hidden = select(col(ModerationMeasure.id)).where(
        col(ModerationMeasure.kind) == MeasureKind.HIDE_WORDING,
        col(ModerationMeasure.subject_id) == variant_id,
        col(ModerationMeasure.undone_at).is_(None),
    )
    if await session.scalar(hidden.limit(1)) is not None:
        raise HiddenError
    variant.detached_at = None
    session.add(variant)
    await log_variants(session, variant.article_id, VariantAction.ATTACHED, because, variant_id=variant_id)
    return True


async def set_sighting(
    session: AsyncSession, article_id: str, key_hash: str, *, attached: bool, because: Because
) -> bool:
    """Detach a wording of which only a hash is kept, or attach it again; False when it is so already."""
    sighting = await session.get(VariantSighting, (article_id, key_hash))
    if sighting is None:
        raise UnknownVariantError
    if (sighting.detached_at is None) == attached:
        return False
    sighting.detached_at = None if attached else utc_now()
    session.add(sighting)
    action = VariantAction.ATTACHED if attached else VariantAction.DETACHED
    await log_variants(session, article_id, action, because, key_hash=key_hash)
    return True


async def load_variant_log(session: AsyncSession, article_id: str) -> Sequence[VariantLog]:
    """What was made a variant of the article, or merged into or parted from it, oldest first."""
    rows = await session.scalars(
        select(VariantLog)
        .where((col(VariantLog.article_id) == article_id) | (col(VariantLog.other_article_id) == article_id))
        .order_by(col(VariantLog.id))
    )
    return list(rows)


def refuse_contradiction(text: str, other: str | None) -> None:
    """Raise `ContradictedError` when the two texts say different things."""
    if other and find_contradictions(text, other):
        raise ContradictedError


async def log_variants(
    session: AsyncSession,
    article_id: str,
    action: VariantAction,
    because: Because,
    *,
    variant_id: str | None = None,
    key_hash: str | None = None,
    other_article_id: str | None = None,
    **moved: Sequence[str],
) -> None:
    """Append to the log, and tell the indexes that other texts lead to the articles than before."""
    session.add(
        VariantLog(
            article_id=article_id,
            action=action,
            variant_id=variant_id,
            key_hash=key_hash,
            other_article_id=other_article_id,
            actor=because.actor,
            reason=because.reason,
            details={**because.details(), **{name: list(ids) for name, ids in moved.items()}},
        )
    )
    if key_hash is None:  # of a bare hash nothing is indexed
        concerned = [article_id, *([other_article_id] if other_article_id else [])]
        await append_changes(session, [Change(id_, ChangeKind.REINDEXED) for id_ in concerned])


async def delete_variant_vectors(session: AsyncSession, variant_ids: Sequence[str]) -> None:
    """Forget the vectors made from these wordings."""
    entries = [f"variant:{variant_id}" for variant_id in variant_ids]
    await session.execute(delete(Embedding).where(col(Embedding.entry_id).in_(entries)))


async def move_variants(session: AsyncSession, variant_ids: Sequence[str], to_article_id: str) -> None:
    """Let these wordings lead to another article."""
    await session.execute(
        update(ArticleVariant).where(col(ArticleVariant.id).in_(variant_ids)).values(article_id=to_article_id)
    )
    await delete_variant_vectors(session, variant_ids)


async def _get_variant(session: AsyncSession, variant_id: str) -> ArticleVariant:
    variant = await session.get(ArticleVariant, variant_id, with_for_update=True)
    if variant is None:
        raise UnknownVariantError
    return variant


async def _find_known(
    session: AsyncSession, article_id: str, text: str, matching_key_hash: str | None
) -> ArticleVariant | None:
    same = col(ArticleVariant.text) == text
    if matching_key_hash:
        same |= col(ArticleVariant.matching_key_hash) == matching_key_hash
    rows = await session.scalars(
        select(ArticleVariant)
        .where(col(ArticleVariant.article_id) == article_id, same)
        .order_by(col(ArticleVariant.detached_at).is_not(None))
        .limit(1)
    )
    return rows.first()
