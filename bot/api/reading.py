"""What the API answers, read from storage and matcher."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, urlencode

from bot.api import models
from bot.api.errors import BadRequestError, NotReadyError, NotThereError
from bot.data_pages.figures import FiguresReader
from bot.data_pages.releases import load_index
from bot.decide import Answer, Candidates, decide
from retrieval.batching import EncoderBusyError
from retrieval.types import Match
from storage.articles import ArticleSummary, ReplySummary, load_article_summaries
from storage.browsing import ArticleFilter, PublicReply, load_article_ids, load_public_replies, load_replies
from storage.database import Database
from storage.exports.cleaning import to_day, to_hour
from storage.exports.masking import Masker
from storage.statistics import Waiting, Week
from storage.tables import Status

SEARCHES_AT_ONCE = 1
"""The people in the chats come first: they share the encoder."""


class ApiMatcher(Protocol):
    """What `bot.matching.Matching` is."""

    @property
    def ready(self) -> bool: ...

    async def match(self, text: str, *, limit: int = 10) -> list[Match]: ...


Path_ = Mapping[str, str]


class Reading:
    """One method for each address; each returns the model that is sent."""

    def __init__(self, database: Database, matcher: ApiMatcher, public_url: str, releases: Path) -> None:
        self._database = database
        self._matcher = matcher
        self._public_url = public_url.rstrip("/")
        self._releases = releases
        self._figures = FiguresReader(database)
        self._searching = asyncio.Semaphore(SEARCHES_AT_ONCE)

    async def list_articles(self, query: models.ArticleQuery, path: Path_) -> models.ArticlePage:
        wanted = ArticleFilter(
            answered=query.answered,
            category_id=_readable(query.category),
            since=_midnight(query.since),
            until=_midnight(query.until),
        )
        async with self._database.reading() as session:
            ids = await load_article_ids(session, wanted, query.limit + 1, _readable(query.cursor))
            summaries = await load_article_summaries(session, ids[: query.limit])
        data = [self._to_article(summaries[id_]) for id_ in ids[: query.limit]]
        return models.ArticlePage(data=data, next=self._next("articles", query, ids))

    async def get_article(self, query: models.NoQuery, path: Path_) -> models.Article:
        article_id = _readable(path["article_id"]) or ""
        async with self._database.reading() as session:
            summary = (await load_article_summaries(session, [article_id])).get(article_id)
        if summary is None or summary.status != Status.NORMAL:
            raise NotThereError
        return self._to_article(summary)

    async def list_replies(self, query: models.PageQuery, path: Path_) -> models.ReplyPage:
        async with self._database.reading() as session:
            found = await load_public_replies(session, query.limit + 1, _readable(query.cursor))
        data = [_to_reply(reply) for reply in found[: query.limit]]
        return models.ReplyPage(data=data, next=self._next("replies", query, [reply.reply_id for reply in found]))

    async def get_reply(self, query: models.NoQuery, path: Path_) -> models.Reply:
        async with self._database.reading() as session:
            found = await load_replies(session, [_readable(path["reply_id"]) or ""])
        if not found:
            raise NotThereError
        return _to_reply(found[0])

    async def search(self, query: models.SearchQuery, path: Path_) -> models.SearchAnswer:
        if not self._matcher.ready or self._searching.locked():
            raise NotReadyError(retry_after_s=2)
        async with self._searching:
            try:
                matches = await self._matcher.match(query.q, limit=query.limit)
            except EncoderBusyError:
                raise NotReadyError(retry_after_s=2) from None
        async with self._database.reading() as session:
            summaries = await load_article_summaries(session, [match.article_id for match in matches])
        outcome = decide(matches, summaries)
        name = (
            "answer" if isinstance(outcome, Answer) else "candidates" if isinstance(outcome, Candidates) else "no_match"
        )
        public = [match for match in matches if _is_public(summaries.get(match.article_id))]
        return models.SearchAnswer(
            outcome=name, matches=[self._to_match(match, summaries[match.article_id]) for match in public]
        )

    async def list_releases(self, query: models.NoQuery, path: Path_) -> models.ReleaseList:
        index = await asyncio.to_thread(load_index, self._releases)
        base = f"{self._public_url}/data"
        return models.ReleaseList(
            data=[
                models.Release.model_validate(
                    entry
                    | {"url": f"{base}/{entry['release']}/", "manifest_url": f"{base}/{entry['release']}/manifest.json"}
                )
                for entry in index["releases"]
            ]
        )

    async def get_statistics(self, query: models.StatisticsQuery, path: Path_) -> models.Statistics:
        figures = await self._figures.read(query.weeks)
        queue = figures.queue
        return models.Statistics(
            as_of=figures.as_of.replace(minute=0, second=0, microsecond=0),
            weeks=[_to_week(week) for week in figures.weeks],
            categories=[
                models.CategoryFigures(
                    id=each.category_id,
                    title=each.title,
                    articles=each.articles,
                    requests=each.requests,
                    answers=each.answers,
                )
                for each in figures.categories
            ],
            waiting=_to_waiting(figures.waiting),
            queue=models.QueueFigures(
                waiting=queue.waiting, oldest_at=to_hour(queue.oldest_at), median_at=to_hour(queue.median_at)
            ),
        )

    def _next(self, name: str, query: models.PageQuery, ids: list[str]) -> str | None:
        if len(ids) <= query.limit:
            return None
        asked = query.model_dump(mode="json", exclude_none=True) | {"cursor": ids[query.limit - 1]}
        asked = {key: str(value).lower() if isinstance(value, bool) else value for key, value in asked.items()}
        return f"{self._public_url}/api/v1/{name}?{urlencode(asked)}"

    def _to_article(self, summary: ArticleSummary) -> models.Article:
        return models.Article(
            id=summary.article_id,
            url=f"{self._public_url}/articles/{quote(summary.article_id, safe='')}",
            type=summary.type,
            text=Masker().mask(summary.text) if summary.text else None,
            source=summary.source,
            created_at=to_hour(summary.created_at),
            request_count=summary.request_count,
            replies=[_to_article_reply(reply) for reply in summary.replies],
        )

    def _to_match(self, match: Match, summary: ArticleSummary) -> models.SearchMatch:
        return models.SearchMatch(
            article_id=match.article_id,
            probability=round(match.probability, 4),
            band=match.band.value,
            signals={name: round(float(value), 4) for name, value in match.signals.items()},
            contradictions=list(match.contradictions),
            article=self._to_article(summary),
        )


def _to_article_reply(reply: ReplySummary) -> models.ReplyOfArticle:
    masker = Masker()
    return models.ReplyOfArticle(
        id=reply.reply_id,
        verdict=reply.verdict,
        state=reply.state,
        text=masker.mask(reply.text),
        reference=masker.mask(reply.reference, keep_pages=True) if reply.reference else None,
        source=reply.source,
        created_at=to_hour(reply.created_at),
        updated_at=to_day(reply.updated_at),
        helpful=reply.positive_feedback_count,
        not_helpful=reply.negative_feedback_count,
    )


def _to_reply(reply: PublicReply) -> models.Reply:
    masker = Masker()
    return models.Reply(
        id=reply.reply_id,
        verdict=reply.verdict,
        text=masker.mask(reply.text),
        reference=masker.mask(reply.reference, keep_pages=True) if reply.reference else None,
        source=reply.source,
        created_at=to_hour(reply.created_at),
        updated_at=to_day(reply.updated_at),
        article_ids=list(reply.article_ids),
    )


def _to_week(week: Week) -> models.WeekFigures:
    return models.WeekFigures(
        week=week.monday,
        messages={outcome.value: count for outcome, count in week.outcomes.items()},
        articles=week.articles,
        requests=week.requests,
        verdicts={verdict.value: count for verdict, count in week.verdicts.items()},
        askers=week.askers,
        volunteers=week.volunteers,
        waiting=_to_waiting(week.waiting),
    )


def _to_waiting(waiting: Waiting | None) -> models.WaitingTime | None:
    if waiting is None:
        return None
    return models.WaitingTime(answered=waiting.answered, median_s=waiting.median_s, p90_s=waiting.p90_s)


def _is_public(summary: ArticleSummary | None) -> bool:
    return summary is not None and summary.status == Status.NORMAL


def _readable(value: str | None) -> str | None:
    """An id that can be one of ours; PostgreSQL takes no NUL."""
    if value is not None and not value.isprintable():
        raise BadRequestError("An id holds characters that no id has.")
    return value


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), UTC) if day else None
