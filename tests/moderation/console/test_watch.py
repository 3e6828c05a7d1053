"""The page of outbreaks: how often each was asked about, day by day."""

from datetime import UTC, date, datetime

from moderation.console.pages.watch import count_asks
from storage.database import Database
from storage.tables import Article, ReplyRequest, Status

DAYS = [date(2026, 3, 1), date(2026, 3, 2)]


async def test_it_counts_who_asked_by_message_and_day_in_taiwan(database: Database) -> None:
    asked = (
        ("a", datetime(2026, 2, 28, 15, 59, tzinfo=UTC), Status.NORMAL),
        ("a", datetime(2026, 2, 28, 16, 0, tzinfo=UTC), Status.NORMAL),
        ("a", datetime(2026, 3, 1, 15, 59, 59, 999_999, tzinfo=UTC), Status.NORMAL),
        ("a", datetime(2026, 3, 1, 16, 0, tzinfo=UTC), Status.NORMAL),
        ("a", datetime(2026, 3, 1, 17, 0, tzinfo=UTC), Status.BLOCKED),
        ("b", datetime(2026, 3, 2, 1, 0, tzinfo=UTC), Status.NORMAL),
        ("other", datetime(2026, 3, 2, 1, 0, tzinfo=UTC), Status.NORMAL),
    )
    async with database.transaction() as session:
        session.add_all([Article(id=name, text=name) for name in ("a", "b", "quiet", "other")])
        await session.flush()
        for number, (article_id, at, status) in enumerate(asked):
            session.add(ReplyRequest(article_id=article_id, contributor=f"{number}", created_at=at, status=status))
    async with database.reading() as session:
        assert await count_asks(session, ["a", "b", "quiet"], DAYS) == {"a": [2, 1], "b": [0, 1]}
        assert await count_asks(session, [], DAYS) == {}
