"""What a release's source takes back is erased here, and what somebody here said is not."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from moderation.abuse.hiding import hide
from moderation.abuse.subjects import Subject
from moderation.feedback import give_feedback
from moderation.publish import set_article_status, set_link_status, withdraw
from moderation.writing.similar import set_categories
from scripts.exports.parsing import BATCH, read_batches
from scripts.exports.take_in import take_in
from storage.bulk import insert_rows
from storage.database import Database
from storage.exports.catalogue import BY_NAME
from storage.tables import (
    Article,
    ArticleCategory,
    ArticleReply,
    ArticleReplyFeedback,
    ReplyState,
    Rule,
    Status,
    SubjectKind,
    Tombstone,
)
from tests.storage.exports.instance import NOW, release


async def test_a_source_that_takes_its_label_back_leaves_the_one_given_here(
    database: Database, source: Database, tmp_path: Path
) -> None:
    without = await release(source, tmp_path / "releases", formats=("jsonl",))
    await take_in(database, tmp_path / "releases" / without.release, "b.example")
    async with database.transaction() as session:
        await set_categories(session, "a2", ["c1"], "editor-here")
    async with source.transaction() as session:
        await set_categories(session, "a2", ["c1"], "volunteer-one")
    await release(source, tmp_path / "releases", NOW + timedelta(days=1), formats=("jsonl",))
    async with source.transaction() as session:
        await set_categories(session, "a1", [], "volunteer-one")
        await set_categories(session, "a2", [], "volunteer-one")
    after = await release(source, tmp_path / "releases", NOW + timedelta(days=2), formats=("jsonl",))
    taken = await take_in(database, tmp_path / "releases" / after.release, "b.example")
    assert (taken["tombstones"].added, taken["tombstones"].refused) == (1, 1)
    async with database.reading() as session:
        assert await session.get(ArticleCategory, ("a1", "c1")) is None
        assert (await session.get_one(ArticleCategory, ("a2", "c1"))).contributor == "editor-here"


async def test_a_label_put_back_here_is_not_taken_off_again(
    database: Database, source: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "releases"
    first = await release(source, folder, formats=("jsonl",))
    await take_in(database, folder / first.release, "b.example")
    for wanted in ([], ["c1"]):
        async with database.transaction() as session:
            await set_categories(session, "a1", wanted, "editor-here")
    async with source.transaction() as session:
        await set_categories(session, "a1", [], "volunteer-one")
    after = await release(source, folder, NOW + timedelta(days=1), formats=("jsonl",))
    await take_in(database, folder / after.release, "b.example")
    async with database.reading() as session:
        assert (await session.get_one(ArticleCategory, ("a1", "c1"))).status == Status.NORMAL


async def test_what_was_hidden_here_stays_out_when_its_source_takes_it_back_and_publishes_it_again(
    database: Database, source: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "releases"
    first = await release(source, folder, formats=("jsonl",))
    await take_in(database, folder / first.release, "b.example")
    async with database.transaction() as session:
        vote = (await session.scalars(select(ArticleReplyFeedback))).one()
        about_vote = Subject(SubjectKind.COMMENT, vote.article_id, vote.reply_id, str(vote.id))
        for subject in (about_vote, Subject(SubjectKind.ARTICLE, "a2")):
            await hide(session, subject, by="editor-here", rule=Rule.HARASSMENT, note="", now=NOW)
    for days, status in ((1, Status.BLOCKED), (2, Status.NORMAL)):
        async with source.transaction() as session:
            await session.execute(update(ArticleReplyFeedback).values(status=status))
            await set_article_status(session, "a2", status)
        made = await release(source, folder, NOW + timedelta(days=days), formats=("jsonl",))
        await take_in(database, folder / made.release, "b.example")
    async with database.reading() as session:
        assert list(await session.scalars(select(ArticleReplyFeedback))) == []
        hidden = await session.get_one(Article, "a2")
        assert (hidden.status, hidden.text) == (Status.DELETED, None)
        assert (await session.get_one(Article, "a1")).status == Status.NORMAL


async def test_a_vote_that_its_source_takes_back_is_counted_no_more(
    database: Database, source: Database, tmp_path: Path
) -> None:
    first = await release(source, tmp_path / "releases", formats=("jsonl",))
    await take_in(database, tmp_path / "releases" / first.release, "b.example")
    async with database.transaction() as session:
        await give_feedback(session, article_id="a1", reply_id="r1", contributor="asker-here", score=1)
    async with source.transaction() as session:
        await session.execute(update(ArticleReplyFeedback).values(status=Status.BLOCKED))
    second = await release(source, tmp_path / "releases", NOW + timedelta(days=1), formats=("jsonl",))
    await take_in(database, tmp_path / "releases" / second.release, "b.example")
    async with database.reading() as session:
        link = await session.get_one(ArticleReply, ("a1", "r1"))
    assert (link.positive_feedback_count, link.negative_feedback_count) == (1, 0)


@pytest.mark.parametrize("here", ["withdrawn", "hidden", "shown"])
async def test_an_answer_taken_back_and_published_again_stays_as_it_was_here(
    here: str, database: Database, source: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "releases"
    first = await release(source, folder, formats=("jsonl",))
    await take_in(database, folder / first.release, "b.example")
    async with database.transaction() as session:
        if here == "withdrawn":
            await withdraw(session, "a1", "r1")
        elif here == "hidden":
            await hide(
                session,
                Subject(SubjectKind.ANSWER, "a1", "r1"),
                by="editor-here",
                rule=Rule.HARASSMENT,
                note="",
                now=NOW,
            )
    for days, status in ((1, Status.BLOCKED), (2, Status.NORMAL)):
        async with source.transaction() as session:
            await set_link_status(session, "a1", "r1", status)
        made = await release(source, folder, NOW + timedelta(days=days), formats=("jsonl",))
        await take_in(database, folder / made.release, "b.example")
    async with database.reading() as session:
        link = await session.get_one(ArticleReply, ("a1", "r1"))
    is_shown = link.status == Status.NORMAL and link.state == ReplyState.VERIFIED
    assert is_shown == (here == "shown")


async def test_tombstones_come_in_batches_however_many_there_are_of_a_kind(source: Database, tmp_path: Path) -> None:
    """A database takes some 32,000 parameters; rows of the other tables that are about the same stay together."""
    many = 2 * BATCH + 1
    async with source.transaction() as session:
        gone = [Tombstone(kind="reply_requests", id=f"a1:{n:04}", removed_at=NOW) for n in range(many)]
        await insert_rows(session, gone)
    made = await release(source, tmp_path / "releases", formats=("jsonl",))
    batches = list(read_batches(tmp_path / "releases" / made.release, made, BY_NAME["tombstones"], "b.example"))
    assert [len(batch) for batch in batches] == [BATCH, BATCH, 1]
