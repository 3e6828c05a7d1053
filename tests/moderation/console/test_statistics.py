"""The page of statistics: whom an answer reached."""

from datetime import UTC, date, datetime

from moderation.console.pages.statistics import load_reach
from storage.database import Database
from storage.statistics.counts import SMALLEST_CROWD
from storage.tables import Article, ArticleReply, DailyCount, Measure, Reply, ReplyState, Status, Verdict

FROM, UNTIL = date(2026, 3, 1), date(2026, 3, 28)


async def test_it_counts_the_messages_that_an_answer_was_shown_for(database: Database) -> None:
    links = (
        ("a", "wide", ReplyState.VERIFIED, Status.NORMAL),
        ("b", "wide", ReplyState.PROVISIONAL, Status.NORMAL),
        ("a", "proposed", ReplyState.PROPOSED, Status.NORMAL),
        ("a", "hidden", ReplyState.VERIFIED, Status.BLOCKED),
        ("few", "narrow", ReplyState.VERIFIED, Status.NORMAL),
    )
    counts = (("a", date(2026, 3, 1), 15), ("a", date(2026, 2, 28), 900), ("b", date(2026, 3, 28), 8))
    async with database.transaction() as session:
        session.add_all([Article(id=name, text=name) for name in ("a", "b", "few")])
        session.add_all([Reply(id=name, verdict=Verdict.RUMOR, text=name) for name in {link[1] for link in links}])
        await session.flush()
        session.add_all([ArticleReply(article_id=a, reply_id=r, state=s, status=t) for a, r, s, t in links])
        for article_id, day, number in (*counts, ("few", FROM, SMALLEST_CROWD - 1)):
            session.add(DailyCount(measure=Measure.ARTICLE_MESSAGES, key=article_id, day=day, count=number))
    async with database.reading() as session:
        found = await load_reach(session, FROM, UNTIL)
    assert [(reply.id, article_id, messages) for reply, article_id, messages in found] == [("wide", "a", 23)]


async def test_it_counts_nothing_from_before_an_answer_was_shown(database: Database) -> None:
    shown = datetime(2026, 3, 9, 16, 0, tzinfo=UTC)  # midnight in Taiwan: the tenth
    async with database.transaction() as session:
        session.add(Article(id="a", text="a"))
        session.add(Reply(id="r", verdict=Verdict.RUMOR, text="r"))
        await session.flush()
        session.add(ArticleReply(article_id="a", reply_id="r", state=ReplyState.VERIFIED, published_at=shown))
        for day, number in ((9, 500), (10, 20), (11, 5)):
            session.add(DailyCount(measure=Measure.ARTICLE_MESSAGES, key="a", day=date(2026, 3, day), count=number))
    async with database.reading() as session:
        found = await load_reach(session, FROM, UNTIL)
    assert [(reply.id, article_id, messages) for reply, article_id, messages in found] == [("r", "a", 25)]
