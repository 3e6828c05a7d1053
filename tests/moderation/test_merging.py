"""Two unanswered articles that are one message: merged with all who wait, and parted again as they were."""

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.intake import add_article, request_reply
from moderation.merging import NotMergeableError, merge_articles, unmerge_article
from moderation.taking_back import forget_asker, take_back_request
from moderation.variants import Because, ContradictedError, UnknownVariantError, attach_variant, load_variant_log
from storage.articles import resolve_article
from storage.database import Database
from storage.index_changes import load_changes
from storage.index_entries import load_entries
from storage.tables import (
    Article,
    ArticleReply,
    ArticleVariant,
    ChangeKind,
    Reply,
    ReplyRequest,
    ReviewTask,
    Status,
    TaskState,
    VariantAction,
    Verdict,
)

FIRST = "喝熱水可以殺死病毒，請轉發給家人"
SECOND = "聽說喝熱水就可以殺死病毒喔，請轉發給家人朋友"
THIRD = "喝熱水殺死病毒，轉發給家人"
EDITOR = Because("editor", "the same rumour")


async def send(session: AsyncSession, text: str, *askers: str) -> str:
    article = await add_article(session, text=text, matching_key_hash=f"key of {text}", contributor=askers[0])
    for asker in askers:
        await request_reply(session, article_id=article.id, asker_id=asker, matching_key_hash=f"key of {text}")
    return article.id


async def texts(session: AsyncSession, article_id: str) -> list[str]:
    return [entry.text for entry in (await load_entries(session, [article_id]))[article_id]]


async def waiting(session: AsyncSession, article_id: str) -> set[str]:
    rows = await session.scalars(select(ReplyRequest.contributor).where(col(ReplyRequest.article_id) == article_id))
    return {str(row) for row in rows}


async def tasks(session: AsyncSession) -> list[str]:
    return list(await session.scalars(select(ReviewTask.article_id).order_by(ReviewTask.article_id)))


async def test_those_who_ask_about_either_wait_for_one_answer(database: Database) -> None:
    async with database.transaction() as session:
        target = await send(session, FIRST, "asker", "both")
        source = await send(session, SECOND, "outsider", "both")
        assert await merge_articles(session, source, target, EDITOR) is True
        assert await merge_articles(session, source, target, EDITOR) is False
    async with database.reading() as session:
        assert await texts(session, target) == [FIRST, SECOND]
        assert await texts(session, source) == []
        assert await waiting(session, target) == {"asker", "both", "outsider"}
        assert await tasks(session) == [target]
        assert await resolve_article(session, source) == target
        last = (await load_changes(session, 0))[-2:]
        assert {change.article_id for change in last} == {source, target}
        assert {change.kind for change in last} == {ChangeKind.REINDEXED}
        (row,) = await load_variant_log(session, source)
        assert (row.action, row.article_id, row.other_article_id) == (VariantAction.MERGED, target, source)


async def test_parting_them_again_puts_everything_back(database: Database) -> None:
    async with database.transaction() as session:
        target = await send(session, FIRST, "asker", "both")
        source = await send(session, SECOND, "outsider", "both")
        brought = await attach_variant(
            session, source, text=THIRD, matching_key_hash="k3", contributor="third", because=EDITOR
        )
        assert brought is not None
        await request_reply(session, article_id=source, asker_id="third", matching_key_hash="k3")
        await merge_articles(session, source, target, EDITOR)
    async with database.transaction() as session:
        later = await add_article(session, text=SECOND, matching_key_hash=f"key of {SECOND}", contributor="later")
        assert later.id == target
        await request_reply(session, article_id=source, asker_id="later", matching_key_hash=f"key of {SECOND}")
    async with database.transaction() as session:
        assert await unmerge_article(session, source, EDITOR) is True
        assert await unmerge_article(session, source, EDITOR) is False
    async with database.reading() as session:
        assert await texts(session, target) == [FIRST]
        assert await texts(session, source) == [SECOND, THIRD]
        assert await waiting(session, target) == {"asker", "both"}
        assert await waiting(session, source) == {"outsider", "both", "third", "later"}
        assert await tasks(session) == sorted([target, source])
        assert (await session.get_one(Article, source)).status == Status.NORMAL
        wordings = dict((await session.execute(select(ReplyRequest.contributor, ReplyRequest.variant_id))).all())  # type: ignore[arg-type]
        assert wordings["outsider"] is None
        assert wordings["third"] == brought.id
        assert [row.action for row in await load_variant_log(session, target)] == [
            VariantAction.MERGED,
            VariantAction.UNMERGED,
        ]


async def test_what_contradicts_is_never_merged(database: Database) -> None:
    async with database.transaction() as session:
        target = await send(session, FIRST, "asker")
        source = await send(session, "喝熱水不可以殺死病毒，請轉發給家人", "outsider")
        with pytest.raises(ContradictedError):
            await merge_articles(session, source, target, EDITOR)


async def test_what_is_answered_worked_on_hidden_or_imported_is_never_merged(database: Database) -> None:
    async with database.transaction() as session:
        target = await send(session, FIRST, "asker")
        answered, taken, blocked = [await send(session, f"{SECOND}{n}", "outsider") for n in "甲乙丙"]
        session.add_all(
            [Reply(id="r", verdict=Verdict.RUMOR, text="謠言"), Article(id="c", text=THIRD, source="cofacts")]
        )
        await session.flush()
        session.add(ArticleReply(article_id=answered, reply_id="r"))
        task = (await session.scalars(select(ReviewTask).where(col(ReviewTask.article_id) == taken))).one()
        task.state = TaskState.CLAIMED
        (await session.get_one(Article, blocked)).status = Status.BLOCKED
        await session.flush()
        for source in (answered, taken, blocked, "c"):
            with pytest.raises(NotMergeableError):
                await merge_articles(session, source, target, EDITOR)
        with pytest.raises(NotMergeableError):
            await merge_articles(session, target, answered, EDITOR)
        for unknown in ("nowhere", target):
            with pytest.raises(UnknownVariantError):
                await merge_articles(session, unknown, target, EDITOR)
        with pytest.raises(UnknownVariantError):
            await unmerge_article(session, "nowhere", EDITOR)


async def test_a_chain_of_merges_leads_to_its_end(database: Database) -> None:
    async with database.transaction() as session:
        first, second, third = [await send(session, text, f"asker {text}") for text in (FIRST, SECOND, THIRD)]
        await merge_articles(session, third, second, EDITOR)
        await merge_articles(session, second, first, EDITOR)
        assert await resolve_article(session, third) == first
        assert set(await texts(session, first)) == {FIRST, SECOND, THIRD}
        assert len(await waiting(session, first)) == 3
        await unmerge_article(session, second, EDITOR)
        assert set(await texts(session, second)) == {SECOND, THIRD}
        assert await resolve_article(session, third) == second
        await unmerge_article(session, third, EDITOR)
        assert await texts(session, third) == [THIRD]
        assert [len(await waiting(session, article)) for article in (first, second, third)] == [1, 1, 1]


async def test_taking_back_a_merged_message_erases_it_in_both_places(database: Database) -> None:
    async with database.transaction() as session:
        target = await send(session, FIRST, "asker")
        source = await send(session, SECOND, "outsider")
        await merge_articles(session, source, target, EDITOR)
        assert await take_back_request(session, article_id=source, asker_id="outsider")
        assert await texts(session, target) == [FIRST]
        merged = await session.get_one(Article, source)
        assert (merged.text, merged.contributor, merged.status) == (None, None, Status.DELETED)
        assert await session.scalar(select(ArticleVariant.id)) is None
        assert await unmerge_article(session, source, EDITOR) is False


async def test_who_is_forgotten_is_forgotten_in_what_was_merged(database: Database) -> None:
    async with database.transaction() as session:
        target = await send(session, FIRST, "asker")
        source = await send(session, SECOND, "outsider")
        await request_reply(session, article_id=target, asker_id="outsider")
        await merge_articles(session, source, target, EDITOR)
        await forget_asker(session, "outsider")
        assert await texts(session, target) == [FIRST]
        assert (await session.get_one(Article, source)).text is None
        assert await waiting(session, target) == {"asker"}
        assert await waiting(session, source) == set()
