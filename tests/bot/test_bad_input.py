"""Whatever somebody sends gets a sensible word, in bounded time: through the handlers, by a real matcher."""

import time
from collections.abc import AsyncIterator

import pytest

from bot.buttons import Press
from retrieval.batching import BatchingEncoder
from retrieval.matcher import Matcher
from tests.bot.conversation import Conversation, said
from tests.bot.test_why import CHECKED, add_checked
from tests.retrieval.made import HashEncoder
from tests.retrieval.matching import make_calibration, make_index

BOUND_S = 3.0
"""Processor time of one message, on a busy machine: LINE's own two seconds with room to spare."""

NEWS = "昨天下午市府召開記者會說明新的公車路線，預計明年三月通車，沿線居民都很期待。" * 40
LINKS = " ".join(f"https://news.example.com/{number}" for number in range(100))

NOTHING_TO_READ = {
    "white space": " \n\t\u3000",
    "emoji": "😀👍🏻👨‍👩‍👧‍👦🇹🇼",
    "punctuation": "？！……",
    "control characters": "\x00\x01\x07\x1b\x7f\x85",
    "direction marks": "\u202e\u2066\u200f\u061c" * 50,
    "zero-width characters": "\u200b\u200d\ufeff" * 100,
}
NOT_KNOWN = {
    "one character": "菌",
    "one number": "7",
    "100 links": LINKS,
    "5,000 characters of another story": NEWS[:5000],
    "5,000 times a character": "吃" * 5000,
    "5,000 times a short sentence": "吃。" * 2500,
    "5,000 characters without a space": "a" * 5000,
    "marks piled up": "Z̷̢͎͠a̶l̵g̸o̵" * 300,
}
KNOWN = {
    "control characters within": "\x00".join(CHECKED),
    "mixed direction marks": "\u202e" + CHECKED[:15] + "\u2066\u200f" + CHECKED[15:] + "\u202c",
    "links around it": f"{LINKS}\n{CHECKED}",
    "a whole page pasted with it": f"{NEWS[:1500]}\n\n{CHECKED}\n\n{NEWS[:1500]}",
}


@pytest.fixture
async def asked(chat: Conversation) -> AsyncIterator[Conversation]:
    """A conversation that knows one checked message."""
    await add_checked(chat)
    encoder = BatchingEncoder(HashEncoder().encode)
    matcher = Matcher(make_index(article=CHECKED), encoder.encode, make_calibration())
    chat.services.matching.use(matcher)
    yield chat
    matcher.close()
    encoder.close()


@pytest.mark.parametrize("name", NOTHING_TO_READ)
async def test_what_holds_no_words_is_told_so(asked: Conversation, name: str) -> None:
    result = await asked.say(NOTHING_TO_READ[name])
    assert result.outcome == "nothing_to_read"
    assert Press.AGREE not in asked.buttons(result)


async def test_an_empty_text_which_line_never_sends_breaks_nothing(asked: Conversation) -> None:
    assert (await asked.say("")).outcome == "ignored"


@pytest.mark.parametrize("name", NOT_KNOWN)
async def test_what_is_not_known_is_never_answered(asked: Conversation, name: str) -> None:
    began = time.process_time()
    result = await asked.say(NOT_KNOWN[name])
    assert time.process_time() - began < BOUND_S
    assert result.outcome in {"no_match", "nothing_to_read"}
    assert said(result)


@pytest.mark.parametrize("name", KNOWN)
async def test_what_is_known_is_found_however_it_is_wrapped(asked: Conversation, name: str) -> None:
    began = time.process_time()
    result = await asked.say(KNOWN[name])
    assert time.process_time() - began < BOUND_S
    assert result.outcome in {"answer", "candidates"}
    assert "菌類不能和茄子一起吃" in said(result)
    why = await asked.press(asked.buttons(result)[Press.WHY])
    assert why.outcome == "explained"
    assert not any(mark in said(why) for mark in "\u202e\u2066\u200f\x00")
