"""What was moderated or said here stays so when the same release, or the next one, is taken in."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from moderation.abuse.hiding import hide
from moderation.abuse.subjects import Subject
from moderation.feedback import give_feedback
from moderation.publish import correct, publish, withdraw
from moderation.taking_in import publish_imported
from moderation.writing.similar import set_categories
from scripts.exports.take_in import take_in
from storage.database import Database
from storage.tables import (
    ArticleCategory,
    ArticleReply,
    ArticleReplyFeedback,
    Category,
    Editor,
    Reply,
    ReplyRequest,
    ReplyState,
    Rule,
    Status,
    SubjectKind,
    Verdict,
    utc_now,
)
from tests.storage.exports.instance import NOW, THEN, release


async def test_what_was_hidden_or_taken_off_here_stays_so(database: Database, source: Database, tmp_path: Path) -> None:
    async with source.transaction() as session:
        session.add(Category(id="c2", title="健康"))
        await session.flush()
        session.add(ArticleCategory(article_id="a1", category_id="c2", contributor="volunteer-one", created_at=THEN))
    first = await release(source, tmp_path / "releases", formats=("jsonl",))
    await take_in(database, tmp_path / "releases" / first.release, "b.example")
    asked = col(ReplyRequest.article_id) == "a2"
    async with database.transaction() as session:
        vote = (await session.scalars(select(ArticleReplyFeedback))).one()
        await hide(
            session,
            Subject(SubjectKind.COMMENT, vote.article_id, vote.reply_id, str(vote.id)),
            by="editor-here",
            rule=Rule.HARASSMENT,
            note="",
            now=NOW,
        )
        await session.execute(update(ReplyRequest).where(asked).values(status=Status.BLOCKED))
        await set_categories(session, "a1", [], "editor-here")
    taken = await take_in(database, tmp_path / "releases" / first.release, "b.example")
    moderated = ("article_categories", "reply_requests", "article_reply_feedbacks")
    assert [taken[name].changed for name in moderated] == [0, 0, 0]
    async with source.transaction() as session:
        await session.execute(update(ReplyRequest).where(asked).values(reason="換個說法"))
        await session.execute(update(ArticleCategory).values(updated_at=NOW))
        session.add(ReplyRequest(article_id="a2", contributor="asker-two", reason="真的嗎", created_at=THEN))
    second = await release(source, tmp_path / "releases", NOW + timedelta(days=1), formats=("jsonl",))
    taken = await take_in(database, tmp_path / "releases" / second.release, "b.example")
    assert taken["reply_requests"].added == 1
    async with database.reading() as session:
        vote = (await session.scalars(select(ArticleReplyFeedback))).one()
        requests = {row.reason: row.status for row in await session.scalars(select(ReplyRequest).where(asked))}
        labels = {row.category_id: row.status for row in await session.scalars(select(ArticleCategory))}
    assert vote.status == Status.BLOCKED
    assert requests == {None: Status.BLOCKED, "真的嗎": Status.NORMAL}
    assert labels == {"c1": Status.DELETED, "c2": Status.DELETED}


async def test_it_follows_its_source_where_nobody_here_said_anything(
    database: Database, source: Database, tmp_path: Path
) -> None:
    first = await release(source, tmp_path / "releases", formats=("jsonl",))
    await take_in(database, tmp_path / "releases" / first.release, "b.example")
    async with source.transaction() as session:
        await session.execute(update(ArticleCategory).values(contributor="volunteer-one", ai_model=None))
        await session.execute(update(ArticleReplyFeedback).values(score=1, comment=None))
    second = await release(source, tmp_path / "releases", NOW + timedelta(days=1), formats=("jsonl",))
    await take_in(database, tmp_path / "releases" / second.release, "b.example")
    async with database.reading() as session:
        vote = (await session.scalars(select(ArticleReplyFeedback))).one()
        label = (await session.scalars(select(ArticleCategory))).one()
    assert (vote.score, vote.comment) == (1, None)
    assert (label.ai_model, (label.contributor or "")[:7]) == (None, "2026Q4.")


async def test_the_label_of_an_editor_here_stays_theirs(database: Database, source: Database, tmp_path: Path) -> None:
    first = await release(source, tmp_path / "releases", formats=("jsonl",))
    await take_in(database, tmp_path / "releases" / first.release, "b.example")
    async with database.transaction() as session:
        await set_categories(session, "a2", ["c1"], "editor-here")
    async with source.transaction() as session:
        await set_categories(session, "a2", ["c1"], "volunteer-one")
    second = await release(source, tmp_path / "releases", NOW + timedelta(days=1), formats=("jsonl",))
    await take_in(database, tmp_path / "releases" / second.release, "b.example")
    async with database.reading() as session:
        assert (await session.get_one(ArticleCategory, ("a2", "c1"))).contributor == "editor-here"


async def test_votes_hidden_or_given_here_stay_counted_as_here(
    database: Database, source: Database, tmp_path: Path
) -> None:
    first = await release(source, tmp_path / "releases", formats=("jsonl",))
    await take_in(database, tmp_path / "releases" / first.release, "b.example")
    async with database.transaction() as session:
        vote = (await session.scalars(select(ArticleReplyFeedback))).one()
        subject = Subject(SubjectKind.COMMENT, vote.article_id, vote.reply_id, str(vote.id))
        await hide(session, subject, by="editor-here", rule=Rule.HARASSMENT, note="", now=NOW)
        link = (vote.article_id, vote.reply_id)
        await give_feedback(session, article_id=link[0], reply_id=link[1], contributor="asker-here", score=1)
    for moment in (None, NOW + timedelta(days=1)):
        made = await release(source, tmp_path / "releases", moment, formats=("jsonl",)) if moment else first
        taken = await take_in(database, tmp_path / "releases" / made.release, "b.example")
        assert taken["article_replies"].changed == 0
        async with database.reading() as session:
            stored = await session.get_one(ArticleReply, link)
        assert (stored.positive_feedback_count, stored.negative_feedback_count) == (1, 0)


async def test_an_answer_that_somebody_here_chose_or_moved_stays_theirs(
    database: Database, source: Database, tmp_path: Path
) -> None:
    first = await release(source, tmp_path / "releases", formats=("jsonl",))
    await take_in(database, tmp_path / "releases" / first.release, "b.example")
    async with database.transaction() as session:
        session.add(Editor(id="editor-here"))
        session.add(ArticleReply(article_id="a2", reply_id="r1", state=ReplyState.PROPOSED, contributor="editor-here"))
        await withdraw(session, "a1", "r1")
    async with source.transaction() as session:
        session.add(ArticleReply(article_id="a2", reply_id="r1", state=ReplyState.VERIFIED, created_at=THEN))
    second = await release(source, tmp_path / "releases", NOW + timedelta(days=1), formats=("jsonl",))
    await take_in(database, tmp_path / "releases" / second.release, "b.example")
    async with database.reading() as session:
        chosen = await session.get_one(ArticleReply, ("a2", "r1"))
        withdrawn = await session.get_one(ArticleReply, ("a1", "r1"))
    assert (chosen.state, chosen.contributor) == (ReplyState.PROPOSED, "editor-here")
    assert withdrawn.state == ReplyState.WITHDRAWN


@pytest.mark.parametrize("then", [ReplyState.VERIFIED, ReplyState.WITHDRAWN])
async def test_what_was_withdrawn_here_stays_so_whatever_its_source_says_later(
    then: ReplyState, database: Database, source: Database, tmp_path: Path
) -> None:
    first = await release(source, tmp_path / "releases", formats=("jsonl",))
    await take_in(database, tmp_path / "releases" / first.release, "b.example")
    async with database.transaction() as session:
        await withdraw(session, "a1", "r1")
    later = utc_now() + timedelta(days=1)
    for days, state in ((1, then), (2, ReplyState.PROVISIONAL)):
        async with source.transaction() as session:
            moved = {"state": state, "updated_at": later + timedelta(days=days)}
            await session.execute(update(ArticleReply).where(col(ArticleReply.reply_id) == "r1").values(moved))
        made = await release(source, tmp_path / "releases", NOW + timedelta(days=days), formats=("jsonl",))
        await take_in(database, tmp_path / "releases" / made.release, "b.example")
        async with database.reading() as session:
            assert (await session.get_one(ArticleReply, ("a1", "r1"))).state == ReplyState.WITHDRAWN


async def test_what_its_source_withdrew_is_back_when_its_source_publishes_it_again(
    database: Database, source: Database, tmp_path: Path
) -> None:
    states = []
    for days, move in enumerate((None, withdraw, publish)):
        async with source.transaction() as session:
            if move is withdraw:
                await withdraw(session, "a1", "r1")
            elif move is publish:
                await publish(session, "a1", "r1", ReplyState.VERIFIED)
        made = await release(source, tmp_path / "releases", NOW + timedelta(days=days), formats=("jsonl",))
        await take_in(database, tmp_path / "releases" / made.release, "b.example")
        async with database.reading() as session:
            states.append((await session.get_one(ArticleReply, ("a1", "r1"))).state)
    assert states == [ReplyState.VERIFIED, ReplyState.WITHDRAWN, ReplyState.VERIFIED]


async def test_a_release_withdraws_an_answer_that_open_data_brought_here(
    database: Database, source: Database, tmp_path: Path
) -> None:
    """Whoever the open data names is nobody here; what it says of the link, but for its state, is left alone."""
    first = await release(source, tmp_path / "releases", formats=("jsonl",))
    await take_in(database, tmp_path / "releases" / first.release, "b.example")

    def link_of_open_data() -> ArticleReply:
        return ArticleReply(
            article_id="a2",
            reply_id="r2",
            contributor="c0ffee" * 10,
            app_id="WEBSITE",
            positive_feedback_count=9,
            updated_at=utc_now() + timedelta(days=9),
        )

    async with database.transaction() as session:
        await publish_imported(session, [link_of_open_data()])
    async with source.transaction() as session:
        await withdraw(session, "a2", "r2")
    second = await release(source, tmp_path / "releases", NOW + timedelta(days=1), formats=("jsonl",))
    await take_in(database, tmp_path / "releases" / second.release, "b.example")
    async with database.transaction() as session:
        await publish_imported(session, [link_of_open_data()])
    async with database.reading() as session:
        stored = await session.get_one(ArticleReply, ("a2", "r2"))
    assert (stored.state, stored.app_id, stored.positive_feedback_count) == (ReplyState.WITHDRAWN, "WEBSITE", 9)


async def test_a_reply_corrected_here_is_not_set_back(database: Database, source: Database, tmp_path: Path) -> None:
    first = await release(source, tmp_path / "releases", formats=("jsonl",))
    await take_in(database, tmp_path / "releases" / first.release, "b.example")
    for instance, text in ((database, "這裡更正過"), (source, "那裡更正過")):
        async with instance.transaction() as session:
            await correct(session, "r1", verdict=Verdict.RUMOR, text=text, reference=None, editor="somebody")
    second = await release(source, tmp_path / "releases", NOW + timedelta(days=1), formats=("jsonl",))
    await take_in(database, tmp_path / "releases" / second.release, "b.example")
    async with database.reading() as session:
        assert (await session.get_one(Reply, "r1")).text == "這裡更正過"
