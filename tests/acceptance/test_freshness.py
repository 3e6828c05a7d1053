"""What one process publishes, every other answers with within a second; what is withdrawn stops as fast."""

import pytest

from scripts.simulator.line import LineSimulator
from storage.database import Database
from tests.acceptance.library import ask_until, ask_until_gone, is_answer, publish_fact_check, withdraw_reply

pytestmark = pytest.mark.model

AT_MOST_S = 1.0
ALLOWANCE_S = 1.0
"""For asking, being answered, and a machine that runs other tests meanwhile."""
TEXTS = (
    "水族館的企鵝學會用手機付款，館方因此取消現金收費，遊客要先加企鵝好友才能入場。",
    "郵局從下週起改用飛鼠送掛號信，收件人要在窗口放一盤花生，沒放的信會直接退回。",
    "動物園的長頸鹿開始值夜班看門，晚上經過的人要先報上姓名，不然隔天會收到罰單。",
)
"""The quickest counts: a busy machine holds up one or the other."""


async def test_it_answers_within_a_second_with_what_another_process_published(
    line: LineSimulator, database: Database
) -> None:
    asker = line.add_user("asker")
    told, gone = [], []
    for text in TEXTS:
        assert not is_answer(await line.ask(asker, text))
        article_id, reply_id = await publish_fact_check(database, text, "主管機關表示並無此事，一切照舊。")
        told.append(await ask_until(line, asker, text, "主管機關表示並無此事"))
        await withdraw_reply(database, article_id, reply_id)
        gone.append(await ask_until_gone(line, asker, text, "主管機關表示並無此事"))
    assert min(told) < AT_MOST_S + ALLOWANCE_S
    assert min(gone) < AT_MOST_S + ALLOWANCE_S


async def test_it_stops_showing_what_is_withdrawn_to_whoever_has_seen_it(
    line: LineSimulator, database: Database
) -> None:
    asker = line.add_user("asker")
    text = "高鐵下個月開始提供吊床車廂，站著睡覺的旅客可以半價，現在預約還送枕頭一個。"
    article_id, reply_id = await publish_fact_check(database, text, "台灣高鐵表示沒有吊床車廂。")
    await ask_until(line, asker, text, "台灣高鐵表示沒有吊床車廂")
    seen = len(line.messages(asker))
    await line.press(asker, "不是這則")
    await line.wait_for_messages(asker, seen + 1)
    await withdraw_reply(database, article_id, reply_id)
    await ask_until_gone(line, asker, text, "台灣高鐵表示沒有吊床車廂")
