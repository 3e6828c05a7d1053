"""What is close to a message: replies to reuse, categories to suggest."""

from moderation.publish import publish
from moderation.writing.similar import load_similar, set_categories, suggest_categories
from retrieval.types import Band, EntryKind, Match
from storage.database import Database
from storage.tables import ArticleCategory, Category, ReplyState, Status
from tests.moderation.community import add_answer


def matching(article_id: str, probability: float) -> Match:
    return Match(article_id, probability, Band.CANDIDATE, EntryKind.ARTICLE, "text")


MATCHES = [matching("a", 0.99), matching("b", 0.7), matching("c", 0.4), matching("d", 0.3), matching("e", 0.001)]


async def test_it_offers_published_replies_to_near_messages_only(database: Database) -> None:
    async with database.transaction() as session:
        for article_id in "abcde":
            await add_answer(session, article_id, f"r-{article_id}")
            if article_id != "c":
                await publish(session, article_id, f"r-{article_id}", ReplyState.VERIFIED)

        found = await load_similar(session, "a", MATCHES)

    assert [(each.reply.reply_id, each.probability) for each in found] == [("r-b", 0.7), ("r-d", 0.3)]


async def test_it_suggests_categories_of_the_nearest(database: Database) -> None:
    async with database.transaction() as session:
        for article_id in "abcd":
            await add_answer(session, article_id, f"r-{article_id}")
        session.add_all(Category(id=name, title=name) for name in ("health", "money", "politics"))
        await session.flush()
        for article_id, category_id in (("a", "politics"), ("b", "health"), ("c", "money"), ("d", "money")):
            session.add(ArticleCategory(article_id=article_id, category_id=category_id))
        session.add(ArticleCategory(article_id="b", category_id="politics"))
        await session.flush()

        found = await suggest_categories(session, "a", MATCHES)

    assert [category.id for category in found] == ["health", "money"]


async def test_it_sets_categories_and_keeps_what_was_taken_off(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session)
        session.add_all(Category(id=name, title=name) for name in ("health", "money"))
        await session.flush()
        await set_categories(session, "a", ["health", "no such"], "volunteer")
        await set_categories(session, "a", ["money"], "volunteer")
        rows = [await session.get_one(ArticleCategory, ("a", name)) for name in ("health", "money")]

    assert [row.status for row in rows] == [Status.DELETED, Status.NORMAL]
