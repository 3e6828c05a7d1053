"""What people do that nobody planned for: too much at once, in any language, with other people's buttons.

Everybody is answered, politely and once; nothing becomes public that nobody agreed to; LINE refuses nothing.
"""

from collections.abc import Sequence
from typing import Any

import pytest

from scripts.simulator.actions import visible_actions
from scripts.simulator.line import LineSimulator
from scripts.simulator.world import User
from storage.database import Database
from tests.acceptance.library import KNOWN, SAMPLES, find_articles_with, never_seen, words
from tests.acceptance.program import Program
from tests.acceptance.test_pictures import jpeg, landscape

pytestmark = pytest.mark.model

GARBAGE = ("", " ", "x", "0" * 300, "action=buy&item=1", "{}", "💥" * 100, "../../etc/passwd", "1.AAAA.BBBB")


async def press_data(line: LineSimulator, person: User, data: str) -> str:
    """Press a button with this data, and return what is said to it."""
    before = len(line.messages(person))
    await line.press(person, {"type": "postback", "label": "a button", "data": data})
    return words((await line.wait_for_messages(person, before + 1))[before:])


def data_of(line: LineSimulator, person: User, label: str) -> str:
    actions: Sequence[Any] = visible_actions(line.timeline(person))
    return str(next(action["data"] for action in actions if action.get("label") == label))


async def test_ten_texts_and_five_pictures_at_once_are_all_answered_in_a_few_messages(line: LineSimulator) -> None:
    asker = line.add_user("asker")
    line.hold()
    for number in range(10):
        await line.send_text(asker, never_seen(f"第 {number} 件事"))
    await line.send_images(asker, *(jpeg(landscape(seed)) for seed in range(5)), order=[3, 0, 4, 1, 2])
    await line.release(together=True)
    await line.send_text(asker, SAMPLES[KNOWN])
    await line.wait_until(lambda: "含有不實訊息" in words(line.messages(asker)), timeout=120)
    said = words(line.messages(asker))
    assert said.count("5 則訊息，我分別查了") == 2
    assert "這些圖片" in said
    assert len(line.messages(asker)) <= 10


async def test_another_persons_buttons_publish_and_tell_nothing(line: LineSimulator, database: Database) -> None:
    asker, outsider = line.add_user("asker"), line.add_user("outsider")
    text = never_seen("別人的訊息")
    await line.ask(asker, text)
    for label in ("好，請志工查證", "不用了"):
        assert text not in await press_data(line, outsider, data_of(line, asker, label))
    assert await find_articles_with(database, text) == []
    assert "第 1 位" in await press_data(line, asker, data_of(line, asker, "好，請志工查證"))


async def test_a_button_that_means_nothing_gets_a_polite_word(line: LineSimulator) -> None:
    asker = line.add_user("asker")
    await line.ask(asker, "你好")
    good = data_of(line, asker, "設定")
    for data in (*GARBAGE, good[:-1], good + "A", good[::-1]):
        if data:
            assert "這個按鈕" in await press_data(line, asker, data)
    assert "字體大小" in await press_data(line, asker, good)


async def test_blocking_and_coming_back_leaves_settings_and_older_buttons(line: LineSimulator) -> None:
    asker = line.add_user("asker")
    text = never_seen("先封鎖再回來")
    await line.ask(asker, text)
    await line.block(asker)
    await line.follow(asker)
    await line.wait_until(lambda: "我是查明" in words(line.messages(asker)))
    assert "第 1 位" in await press_data(line, asker, data_of(line, asker, "好，請志工查證"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("😂🙏👍❤️" * 20, "沒有可以查的文字"),
        ("字" * 5_000, "還找不到"),
        ("Drinking lemon water in the shed of a yellow cow cures the hiccups of bank clerks", "志工"),
        ("レモン水を黄色い牛小屋で飲むと銀行員のしゃっくりが治るそうです", "志工"),
        ("Uống nước chanh trong chuồng bò vàng chữa được chứng nấc của nhân viên ngân hàng", "志工"),
        ("Minum air lemon di kandang sapi kuning menyembuhkan cegukan pegawai bank", "志工"),
        ("ดื่มน้ำมะนาวในคอกวัวสีเหลืองรักษาอาการสะอึกของพนักงานธนาคารได้", "志工"),
    ],
    ids=["emoji", "5000", "en", "ja", "vi", "id", "th"],
)
async def test_whatever_is_written_is_answered_and_never_with_a_verdict(
    line: LineSimulator, text: str, said: str
) -> None:
    answer = words(await line.ask(line.add_user("asker"), text))
    assert said in answer or "我不太確定" in answer
    assert "含有不實訊息" not in answer


async def test_the_other_languages_words_for_language_lead_to_the_choice(line: LineSimulator, program: Program) -> None:
    asker = line.add_user("asker")
    for word in ("Bahasa Indonesia", "tiếng việt", "ภาษาไทย", "Language", "語言"):
        assert "Please choose a language" in words((await line.ask(asker, word))[-1:])
