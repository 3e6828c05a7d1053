"""The public history of an answer, and the differences in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.publish import correct, publish, set_article_status
from moderation.writing.differences import Piece, Side, find_differences
from moderation.writing.history import find_history
from storage.database import Database
from storage.tables import ReplyState, Status, Verdict
from tests.moderation.community import add_answer


@pytest.mark.parametrize(
    ("before", "after", "pieces"),
    [
        ("大蒜能治病", "大蒜不能治病", [Piece(Side.SAME, "大蒜"), Piece(Side.ADDED, "不"), Piece(Side.SAME, "能治病")]),
        ("3.5% fat", "35% fat", [Piece(Side.REMOVED, "3.5%"), Piece(Side.ADDED, "35%"), Piece(Side.SAME, " fat")]),
        ("", "新", [Piece(Side.ADDED, "新")]),
        ("同", "同", [Piece(Side.SAME, "同")]),
    ],
)
def test_it_marks_what_differs(before: str, after: str, pieces: list[Piece]) -> None:
    assert find_differences(before, after) == pieces


@given(st.text(max_size=60), st.text(max_size=60))
def test_it_leaves_nothing_out(before: str, after: str) -> None:
    pieces = find_differences(before, after)

    assert "".join(piece.text for piece in pieces if piece.side != Side.ADDED) == before
    assert "".join(piece.text for piece in pieces if piece.side != Side.REMOVED) == after


async def test_it_tells_every_version_of_what_was_published(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session)
        await publish(session, "a", "r", ReplyState.PROVISIONAL)
        await correct(
            session, "r", verdict=Verdict.NOT_RUMOR, text="查證回應 s", reference="x", editor="second_volunteer"
        )

    async with database.reading() as session:
        history = await find_history(session, "a", "r")

    assert history is not None
    newest, first = history.versions
    assert (newest.number, newest.verdict, newest.verdict_before) == (2, Verdict.NOT_RUMOR, Verdict.RUMOR)
    assert Piece(Side.REMOVED, "r") in newest.text
    assert (first.number, first.verdict_before, first.text) == (1, None, [Piece(Side.SAME, "查證回應 r")])


async def test_it_shows_no_text_that_never_was_public(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session)

    async with database.reading() as session:
        history = await find_history(session, "a", "r")

    assert history is not None
    assert history.versions == []


async def test_it_tells_nothing_of_a_hidden_message(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session, state=ReplyState.IMPORTED)
        await set_article_status(session, "a", Status.BLOCKED)

    async with database.reading() as session:
        assert await find_history(session, "a", "r") is None
