"""What the verification rule looks at, read from the database: whose ratings count, and as what."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.rating import load_authors
from moderation.trust import EARNED
from moderation.verification import Case, Voice
from storage.articles import PUBLISHED
from storage.tables import ArticleReply, RaterStanding, Rating, Reply, ReplyStanding, Role, Status


@dataclass(frozen=True, slots=True)
class Said:
    """One rating and its rater's standing."""

    rater: str
    score: float
    ratings: int
    standing: RaterStanding | None = None

    @property
    def account(self) -> str:
        """The account it is counted as."""
        return (self.standing and self.standing.counted_as) or self.rater

    @property
    def rank(self) -> tuple[bool, int, int]:
        """Of one group's ratings the senior's counts; is the senior silent, that of the most trusted."""
        return self.account == self.rater, EARNED.index(self.level), self.ratings

    @property
    def level(self) -> Role:
        return self.standing.level if self.standing else Role.NEWCOMER

    def to_voice(self) -> Voice:
        factor = self.standing.factor if self.standing else None
        return Voice(self.score, self.level, self.ratings, factor)


async def load_case(session: AsyncSession, link: ArticleReply) -> Case:
    """Everything the rule needs to know about one answer."""
    said = await _load_said(session, link)
    authors = await load_authors(session, link)
    alike = await _load_standings(session, authors)
    accounts = authors | {standing.counted_as for standing in alike.values() if standing.counted_as}
    model = await session.get(ReplyStanding, (link.article_id, link.reply_id))
    return Case(
        voices=tuple(each.to_voice() for each in choose_counted(said, accounts)),
        state=link.state,
        intercept=model.intercept if model else None,
        factor=model.factor if model else None,
        has_rival=await _has_rival(session, link),
    )


def choose_counted(said: Iterable[Said], authors: Iterable[str]) -> list[Said]:
    """The ratings that count: one a person, nobody's who is blocked, or wrote the answer under this or another name."""
    own = set(authors)
    groups: dict[str, list[Said]] = {}
    for each in said:
        is_blocked = each.standing is not None and each.standing.blocked
        if not is_blocked and each.account not in own and each.rater not in own:
            groups.setdefault(each.account, []).append(each)
    return [max(sorted(group, key=lambda each: each.rater), key=lambda each: each.rank) for group in groups.values()]


async def _load_said(session: AsyncSession, link: ArticleReply) -> Sequence[Said]:
    rows = await session.execute(
        select(col(Rating.rater), col(Rating.score))
        .where(col(Rating.article_id) == link.article_id, col(Rating.reply_id) == link.reply_id)
        .order_by(col(Rating.id))
    )
    scores: dict[str, float] = {row.rater: row.score for row in rows}
    standings = await _load_standings(session, scores)
    totals = await session.execute(
        select(col(Rating.rater), func.count().label("ratings"))
        .where(col(Rating.rater).in_(scores))
        .group_by(col(Rating.rater))
    )
    counts: dict[str, int] = {row.rater: row.ratings for row in totals}
    return [Said(rater, score, counts[rater], standings.get(rater)) for rater, score in scores.items()]


async def _load_standings(session: AsyncSession, raters: Iterable[str]) -> Mapping[str, RaterStanding]:
    rows = await session.scalars(select(RaterStanding).where(col(RaterStanding.rater).in_(list(raters))))
    return {row.rater: row for row in rows}


async def _has_rival(session: AsyncSession, link: ArticleReply) -> bool:
    """Another reply with another verdict is shown for the same message."""
    reply = await session.get_one(Reply, link.reply_id)
    rival = (
        select(col(Reply.id))
        .join(ArticleReply, col(ArticleReply.reply_id) == col(Reply.id))
        .where(
            col(ArticleReply.article_id) == link.article_id,
            col(ArticleReply.reply_id) != link.reply_id,
            col(ArticleReply.status) == Status.NORMAL,
            col(ArticleReply.state).in_(PUBLISHED),
            col(Reply.verdict) != reply.verdict,
        )
    )
    return bool(await session.scalar(select(rival.exists())))
