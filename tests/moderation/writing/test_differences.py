"""How much two answers have in common."""

import pytest

from moderation.writing.correcting import REWRITTEN_BELOW
from moderation.writing.differences import measure_common

CHINESE = (
    "大蒜不能治病，衛福部已經說明。蒜素在試管裡能抑制細菌，但這不代表吃大蒜能治好感染，更不能取代藥物。"
    "醫師提醒，胃不好的人空腹吃生蒜反而會刺激胃黏膜。"
)
ANOTHER = (
    "網傳訊息指出每天吃三瓣大蒜可預防癌症，此說法並無根據。國健署指出目前沒有人體試驗支持，"
    "民眾應該均衡飲食並定期接受篩檢，不要聽信偏方而延誤就醫。"
)
ENGLISH = (
    "Garlic does not cure cancer. The ministry has explained that allicin inhibits bacteria in a test tube, which "
    "does not mean that eating it heals an infection or replaces any medicine."
)
OTHER_ENGLISH = (
    "The message says that three cloves a day prevent disease. There is no evidence for that in people, and doctors "
    "warn that raw garlic on an empty stomach may hurt. Please see a physician instead."
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(CHINESE, CHINESE.replace("試管", "式管"), id="a typo"),
        pytest.param(CHINESE * 65, CHINESE * 65 + "。", id="a typo in what is as long as may be"),
        pytest.param(ENGLISH, ENGLISH.replace("inhibits", "inhibit"), id="a typo in English"),
        pytest.param(CHINESE, f"{CHINESE}\n\n{ANOTHER[:40]}", id="a paragraph more"),
        pytest.param("吃" * 5_000, "吃" * 4_999, id="one word over and over"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_what_is_mended_is_the_same_answer(before: str, after: str) -> None:
    assert measure_common(before, after) >= REWRITTEN_BELOW
    assert measure_common(after, before) == measure_common(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(CHINESE, ANOTHER, id="rewritten"),
        pytest.param(CHINESE * 60, ANOTHER * 60, id="rewritten at length"),
        pytest.param(ENGLISH, OTHER_ENGLISH, id="rewritten in English"),
        pytest.param(CHINESE, "", id="emptied"),
    ],
)
def test_what_is_rewritten_is_another_answer(before: str, after: str) -> None:
    assert measure_common(before, after) < REWRITTEN_BELOW / 2
