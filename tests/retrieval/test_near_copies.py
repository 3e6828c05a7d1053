"""What is an answer whatever the encoder says: told by the words alone, and never against the whole look."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from retrieval import checks
from retrieval.calibration import CALIBRATION_PATH, Calibration, load_calibration
from retrieval.claim import Claim
from retrieval.contradiction import compare_claims
from retrieval.matcher import BlockingMatcher, Matcher
from retrieval.signals import FEATURES
from retrieval.types import Band, Match, Vector
from tests.retrieval.made import HashEncoder
from tests.retrieval.matching import make_calibration, make_index, make_scorer

CLAIM = "衛福部公告下個月起健保卡沒有照片的人不能到診所看醫生，請大家提醒家裡的長輩"
SENT_ON = "大家早安，分享給各位：" + CLAIM[:-4]


async def tell(text: str, calibration: Calibration | None = None, **articles: str) -> list[Match]:
    """What is told of the text before any encoder has run."""
    told: asyncio.Future[list[Match]] = asyncio.get_running_loop().create_future()

    async def never(text: str) -> Vector:
        await asyncio.Event().wait()
        raise AssertionError

    matcher = Matcher(make_index(**(articles or {"card": CLAIM})), never, calibration or make_calibration())

    async def take(copies: list[Match]) -> None:
        told.set_result(copies)

    looking = asyncio.create_task(matcher.match(text, tell_copies=take))
    try:
        async with asyncio.timeout(60):
            return await told
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        matcher.close()


def ids(matches: Sequence[Match]) -> list[str]:
    return [match.article_id for match in matches]


async def test_a_near_copy_is_told_before_the_encoder_has_run() -> None:
    copies = await tell(SENT_ON)
    assert ids(copies) == ["card"]
    assert copies[0].band is Band.ANSWER
    assert "dense" not in copies[0].signals
    assert copies[0].signals["cover_q"] > 0.8


async def test_what_says_more_or_less_than_a_copy_is_left_to_the_encoder() -> None:
    assert await tell(CLAIM[:12]) == []
    assert await tell("聽說看病要帶有照片的健保卡，是真的嗎") == []


async def test_a_copy_that_differs_in_a_word_is_left_to_the_whole_look() -> None:
    earlier = CLAIM.replace("下個月", "3月1日起")
    assert await tell(CLAIM.replace("下個月", "5月1日起"), card=earlier) == []
    assert await tell(CLAIM[:-2], card=CLAIM, other=CLAIM.replace("不能", "可以")) == []


@pytest.mark.parametrize(
    ("article", "asked"),
    [
        ("老人打流感疫苗會引發心肌梗塞而死亡", "聽說小孩打流感疫苗會引發心肌梗塞而死亡"),
        ("媽媽可以請領育嬰補助每個月一萬元直到三歲", "聽說爸爸可以請領育嬰補助每個月一萬元直到三歲"),
        ("抖音會偷偷錄下使用者的聲音賣給廣告商", "聽說臉書會偷偷錄下使用者的聲音賣給廣告商，是真的嗎？"),
        ("臉書說下個月起要開始收費，不轉發的帳號就會被停用", "抖音說下個月起要開始收費，不轉發的帳號就會被停用"),
        ("明天全台停班停課，氣象署已經發布陸上颱風警報", "聽說今天全台停班停課，氣象署已經發布陸上颱風警報"),
        ("昨天很多人在台北車站被砍死傷慘重", "聽說今天很多人在台北車站被砍死傷慘重"),
        ("臉書傳輸使用者的照片和通訊錄給中國政府，請立刻刪除", "抖音傳輸使用者的照片和通訊錄給中國政府，請立刻刪除"),
        ("臉書群組裡的連結點了會中毒手機會被駭", "聽說LINE群組裡的連結點了會中毒手機會被駭"),
    ],
)
async def test_a_question_about_somebody_else_or_another_day_is_no_copy(article: str, asked: str) -> None:
    """As the shipped scorer sees it: what comes off as a frame must not be what the two differ in."""
    shipped = load_calibration(json.loads(CALIBRATION_PATH.read_text())["model_id"])
    assert await tell(asked, shipped, other=article) == []
    assert ids(await tell(f"聽說{article}，是真的嗎？", shipped, same=article)) == ["same"]


async def test_several_passages_are_left_to_the_whole_look() -> None:
    other = "氣象局說這個星期六會有強烈颱風登陸，中南部停班停課，請先準備好飲水和乾糧"
    text = f"{CLAIM}\n\n{'—' * 10}\n\n{other}\n\n{CLAIM}" * 3
    assert await tell(text, card=CLAIM, storm=other) == []


async def test_it_counts_on_no_more_than_the_least_alike_copies_have() -> None:
    """A scorer that goes by the vectors alone: the answer depends on `unlike`, and on nothing that was encoded."""
    by_vectors = replace(make_calibration(), scorer=make_scorer(FEATURES, dense=20.0))
    assert ids(await tell(SENT_ON, replace(by_vectors, unlike=0.6))) == ["card"]
    assert await tell(SENT_ON, replace(by_vectors, unlike=0.4)) == []


async def test_the_whole_look_agrees() -> None:
    copies = await tell(SENT_ON)
    whole = BlockingMatcher(make_index(card=CLAIM), HashEncoder().encode, make_calibration()).match(SENT_ON)
    assert ids(copies) == ids([match for match in whole if match.band is Band.ANSWER])


async def test_the_matches_are_the_same_whether_copies_are_told_or_not() -> None:
    async def encode(text: str) -> Vector:
        return np.asarray(HashEncoder().encode([text])[0])

    matcher = Matcher(make_index(card=CLAIM), encode, make_calibration())
    told: list[list[Match]] = []

    async def take(copies: list[Match]) -> None:
        told.append(copies)

    try:
        assert await matcher.match(SENT_ON, tell_copies=take) == await matcher.match(SENT_ON)
        assert [ids(copies) for copies in told] == [["card"]]
    finally:
        matcher.close()


async def test_a_copy_is_encoded_only_once_more_than_it_is_asked_for() -> None:
    encoded: list[str] = []
    is_told, is_wanted = asyncio.Event(), asyncio.Event()

    async def encode(text: str) -> Vector:
        encoded.append(text)
        return np.asarray(HashEncoder().encode([text])[0])

    async def take(copies: list[Match]) -> None:
        is_told.set()
        await is_wanted.wait()

    matcher = Matcher(make_index(card=CLAIM), encode, make_calibration())
    looking = asyncio.create_task(matcher.match(SENT_ON, tell_copies=take))
    async with asyncio.timeout(60):
        await is_told.wait()
        assert encoded == []
        is_wanted.set()
        assert ids(await looking) == ["card"]
    assert len(encoded) == 1
    matcher.close()


async def test_what_contradicts_a_message_is_looked_for_while_the_encoder_runs_and_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_for: list[str] = []
    has_looked, loop = asyncio.Event(), asyncio.get_running_loop()

    def look_for(message: Claim, entry: Claim) -> Sequence[tuple[str, str]]:
        looked_for.append(entry.written)
        loop.call_soon_threadsafe(has_looked.set)
        return compare_claims(message, entry)

    async def encode(text: str) -> Vector:
        async with asyncio.timeout(60):
            await has_looked.wait()
        return HashEncoder().encode([text])[0]

    monkeypatch.setattr(checks, "compare_claims", look_for)
    matcher = Matcher(make_index(card=CLAIM), encode, make_calibration())
    [found] = await matcher.match(CLAIM.replace("不能", "可以"))
    matcher.close()
    assert found.contradictions
    assert looked_for == [CLAIM]
