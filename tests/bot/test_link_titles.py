"""A message that is only a link: its page's title is fetched beside the answer, and looked up by a press."""

import asyncio
from dataclasses import dataclass, field

import pytest

from bot.buttons import Press
from bot.link_titles import MAX_PENDING, LinkTitles, find_only_url
from moderation.fetching import RefusedAddressError
from retrieval.types import Band
from storage.tables import Verdict
from tests.bot.conversation import Conversation, said
from tests.bot.makers import make_match
from tests.bot.test_handlers import add_article

URL = "https://example.org/news/1"


@dataclass
class Page:
    title: str


@dataclass
class FakeFetcher:
    """Hands out one title, once it is let."""

    title: str = "喝醋可以治百病"
    refuses: bool = False
    may_go: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[str] = field(default_factory=list)

    async def fetch(self, url: str) -> Page:
        self.asked.append(url)
        await self.may_go.wait()
        if self.refuses:
            raise RefusedAddressError
        return Page(self.title)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (URL, URL),
        (f"  {URL}\n", URL),
        ("www.example.org/a", "http://www.example.org/a"),
        (f"看這個 {URL}", None),
        (f"{URL} {URL}2", None),
        ("沒有網址", None),
    ],
)
def test_it_knows_a_message_that_is_only_a_link(text: str, url: str | None) -> None:
    assert find_only_url(text) == url


async def test_the_answer_does_not_wait_for_the_page(chat: Conversation) -> None:
    fetcher = FakeFetcher()
    chat.services.link_titles = LinkTitles(fetcher)
    first = await chat.say(URL)
    assert first.outcome == "no_match"
    await add_article(chat, "article", Verdict.RUMOR)
    matcher = chat.will_find(make_match("article", band=Band.ANSWER))
    fetcher.may_go.set()
    found = await chat.press(chat.buttons(first)[Press.LINK_TITLE])
    assert (matcher.asked, fetcher.asked) == ([fetcher.title], [URL])
    assert found.outcome == "title_answer"
    await chat.services.link_titles.close()


async def test_a_title_that_leads_nowhere_is_shown(chat: Conversation) -> None:
    fetcher = FakeFetcher()
    fetcher.may_go.set()
    chat.services.link_titles = LinkTitles(fetcher)
    first = await chat.say(URL)
    assert fetcher.title in said(await chat.press(chat.buttons(first)[Press.LINK_TITLE]))


async def test_a_page_that_cannot_be_read_is_said_to_be(chat: Conversation) -> None:
    fetcher = FakeFetcher(refuses=True)
    fetcher.may_go.set()
    chat.services.link_titles = LinkTitles(fetcher)
    first = await chat.say(URL)
    assert (await chat.press(chat.buttons(first)[Press.LINK_TITLE])).outcome == "no_title"


async def test_nothing_is_fetched_unless_it_is_allowed(chat: Conversation) -> None:
    assert Press.LINK_TITLE not in chat.buttons(await chat.say(URL))


async def test_each_page_is_fetched_once_and_not_too_many_at_a_time() -> None:
    fetcher = FakeFetcher()
    titles = LinkTitles(fetcher)
    for _ in range(3):
        titles.begin(URL)
    for number in range(MAX_PENDING * 2):
        titles.begin(f"{URL}/{number}")
    await asyncio.sleep(0)
    assert len(titles._pending) == MAX_PENDING
    fetcher.may_go.set()
    assert await titles.find(URL) == fetcher.title
    assert fetcher.asked.count(URL) == 1
    await titles.close()
