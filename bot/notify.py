"""Telling people later what became of a message they asked about: along with the bot's next free reply to them.

Who waits for a notice is known in memory, so that an answer to anybody else costs one look into a set. What has waited
too long for such an occasion is pushed (`bot/notice_push.py`).
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import structlog
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncSession

from bot.bubbles.notice import News, notice_messages
from bot.bubbles.view import View
from bot.events import Event
from bot.metrics import Metrics
from bot.outcome import MAX_MESSAGES, HandlerResult
from storage.articles import ArticleSummary, load_article_summaries
from storage.askers import find_asker
from storage.database import Database
from storage.notices import claim_for_reply, load_waiting, load_wordings, mark_told_with_reply
from storage.tables import Asker, Notice, NoticeKind, NoticeState, Status, Verdict, utc_now
from storage.told_verdicts import load_told_verdicts

FOLLOW_S = 1.0
RELOAD_S = 600.0
"""Now and then all is read anew: somebody was left out because another process had claimed their notice, and died."""

REPLY, PUSH, SEEN = "reply", "push", "answer"
"""How people are told: with a reply, by a push, or because they asked again and saw for themselves."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Told:
    """Claimed notices about one article, and what there is to say; None: nothing any more."""

    notices: tuple[Notice, ...]
    news: News | None

    @property
    def ids(self) -> list[int]:
        return [notice.id or 0 for notice in self.notices]


class NoticeRider:
    """Lets notices ride along with answers. `run` keeps it knowing for whom any wait."""

    def __init__(self, database: Database, metrics: Metrics, to_view: Callable[[Asker | None], View]) -> None:
        self._database = database
        self._metrics = metrics
        self._to_view = to_view
        self._waiting: set[str] = set()
        self._seen = 0

    async def run(self) -> None:
        """Follow the notices for ever; a database that is away for a while is waited for."""
        reload_at = 0.0
        while True:
            try:
                now = asyncio.get_running_loop().time()
                if now >= reload_at:
                    self._seen, reload_at = 0, now + RELOAD_S
                await self.catch_up()
            except Exception:
                log.exception("notices_not_followed")
            await asyncio.sleep(FOLLOW_S)

    async def catch_up(self) -> None:
        """Learn for whom notices were made since the last time."""
        async with self._database.reading() as session:
            rows = await load_waiting(session, self._seen)
        if self._seen == 0:
            self._waiting = set()
        if rows:
            self._seen = rows[-1][0]
            self._waiting.update(asker_id for _, asker_id in rows)

    async def join(self, event: Event, result: HandlerResult, *, again: bool = False) -> HandlerResult:
        """The result, with what the person is to be told in front; as it was when there is nothing, or no room.

        In front, because the answer to what was just asked belongs at the end, where the eye falls, and because quick
        replies are shown under the last message only. Whatever goes wrong here, the answer goes out. `again`: the event
        was tried before, by a process that may be gone, so what it had claimed is looked for whatever is known here.
        """
        if (event.chat not in self._waiting and not again) or event.source_kind != "user" or not result.messages:
            return result
        if len(result.messages) >= MAX_MESSAGES:
            return result  # they wait for another occasion
        try:
            return await self._join(event, result)
        except Exception:
            log.exception("notices_not_joined", event_id=event.event_id)
            return result

    async def _join(self, event: Event, result: HandlerResult) -> HandlerResult:
        async with self._database.transaction() as session:
            claimed = await claim_for_reply(session, event.chat, event.event_id, utc_now())
            if not claimed:
                self._waiting.discard(event.chat)
                return result
            asker = await find_asker(session, event.chat)
            told = await load_told(session, event.chat, claimed)
        view = self._to_view(asker)
        seen = [one for one in told if one.news and _is_shown(one.news, result)]
        fresh = [one for one in told if one.news and one not in seen]
        messages = notice_messages(view, [one.news for one in fresh if one.news]) if fresh else ()
        record = partial(self._record, event.event_id, fresh, seen, [one for one in told if one.news is None])
        return replace(result, messages=(*messages, *result.messages), told=record)

    def _record(
        self,
        event_id: str,
        fresh: Sequence[Told],
        seen: Sequence[Told],
        void: Sequence[Told],
        connection: Connection,
    ) -> None:
        """Write down what was told; runs in the transaction that finishes the event."""
        now = utc_now()
        for way, told in ((REPLY, fresh), (SEEN, seen)):
            for one in told:
                if mark_told_with_reply(connection, event_id, one.ids, now):
                    count_told(self._metrics, one.notices, way)
        for one in void:
            mark_told_with_reply(connection, event_id, one.ids, now, NoticeState.SUPPRESSED)


def _is_shown(news: News, result: HandlerResult) -> bool:
    """Whether the answer itself tells it. That something was corrected, changed or withdrawn, it does not say."""
    is_first = news.kind == NoticeKind.ANSWERED and not news.is_changed
    return is_first and news.article.article_id in result.shows


def count_told(metrics: Metrics, notices: Sequence[Notice], way: str) -> None:
    metrics.notices_told.labels(notices[0].kind.value, way).inc()


async def load_told(session: AsyncSession, asker_id: str, claimed: Sequence[Notice]) -> list[Told]:
    """What one person's claimed notices say, an article at a time, in the order of the notices."""
    summaries = await load_article_summaries(session, {notice.article_id for notice in claimed})
    wordings = await load_wordings(session, claimed)
    return to_told(asker_id, claimed, summaries, wordings, await load_told_verdicts(session, claimed))


def to_told(
    asker_id: str,
    claimed: Sequence[Notice],
    summaries: Mapping[str, ArticleSummary],
    wordings: Mapping[tuple[str, str], str],
    verdicts: Mapping[tuple[str, str], Verdict],
) -> list[Told]:
    """The same of what was loaded, for many people at once: `wordings` and `verdicts` are by asker and article."""
    by_article: dict[str, list[Notice]] = {}
    for notice in claimed:
        by_article.setdefault(notice.article_id, []).append(notice)
    told = []
    for article_id, own in by_article.items():
        wording, before = wordings.get((asker_id, article_id)), verdicts.get((asker_id, article_id))
        told.append(Told(tuple(own), choose_news(own, summaries.get(article_id), wording, before)))
    return told


def choose_news(
    notices: Sequence[Notice], article: ArticleSummary | None, wording: str | None, before: Verdict | None = None
) -> News | None:
    """What notices about one article come to by now; None: the article is gone, or shows nothing new after all."""
    if article is None or article.status != Status.NORMAL:
        return None
    kinds = {notice.kind for notice in notices}
    if not article.replies and NoticeKind.WITHDRAWN not in kinds:
        return None
    kind = next(k for k in (NoticeKind.WITHDRAWN, NoticeKind.CORRECTED, NoticeKind.ANSWERED) if k in kinds)
    return News(kind, article, wording or article.text or "", before)
