"""Readers' votes: pressed, changed, taken back; and what people turn against is no answer any more."""

import pytest

from scripts.simulator.line import LineSimulator
from storage.articles import load_article_summaries
from storage.database import Database
from tests.acceptance.library import ask_until, is_answer, publish_fact_check, words
from tests.acceptance.test_told_later import press

pytestmark = pytest.mark.model

TEXT = "夜間部的清潔人員說，教室第三排的椅子坐滿一學期，期末成績會自動多一級分。"
HELPED, DID_NOT, WHY, UNDO = "有幫助", "沒有幫助", "沒有可靠的出處", "收回"


async def counts(database: Database, article_id: str) -> tuple[int, int]:
    async with database.reading() as session:
        [reply] = (await load_article_summaries(session, [article_id]))[article_id].replies
        return reply.positive_feedback_count, reply.negative_feedback_count


async def test_what_readers_say_decides_what_is_an_answer(line: LineSimulator, database: Database) -> None:
    article_id, _ = await publish_fact_check(database, TEXT, "學校表示椅子和成績無關。")
    asker, outsider = line.add_user("asker"), line.add_user("outsider")
    await ask_until(line, asker, TEXT, "學校表示椅子和成績無關")
    assert is_answer(line.messages(asker)[-1:])
    assert "是哪裡沒有幫助呢" in words(await press(line, asker, DID_NOT))
    assert await counts(database, article_id) == (0, 1)
    assert "志工會看到" in words(await press(line, asker, WHY))
    assert not is_answer(await line.ask(outsider, TEXT)), "more readers against it than for it: only a candidate"
    await press(line, outsider, "就是這則")
    await press(line, outsider, HELPED)
    await press(line, outsider, HELPED)
    assert await counts(database, article_id) == (1, 1)
    assert is_answer(await line.ask(outsider, TEXT))
    await press(line, asker, UNDO)
    assert await counts(database, article_id) == (1, 0)
