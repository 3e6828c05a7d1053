"""What was found for a picture, video or recording, and how the ways to an article are put together."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.bubbles.view import View
from bot.decide import NoMatch, Outcome, decide
from bot.events import Event, MediaMessage
from bot.handlers.looking_up import find_view
from bot.media.content import ContentGoneError
from bot.media.covering import PrivatePart
from bot.media.merging import PICTURE, SOUND, LookedAt, merge
from bot.media.reading import Reading, ReadText
from bot.services import Services
from retrieval.types import Band, Match
from storage.articles import load_article_summaries

LOOK_UP_WITHIN_S = 25.0
"""Fetching, looking, reading and matching together: less than a handler has, so that there is time to say it failed."""


@dataclass(frozen=True, slots=True)
class LookedUpMedia:
    """What was found for one of them."""

    view: View
    outcome: Outcome
    matches: Sequence[Match]
    read: ReadText
    """The words in it, or what is said."""
    sha256: bytes
    may_be_published: bool = True
    parts: tuple[PrivatePart, ...] = ()
    """What of an unknown picture would be covered."""

    @property
    def is_unknown(self) -> bool:
        """Nothing was found, not even somebody who asked about it."""
        return isinstance(self.outcome, NoMatch) and self.outcome.unanswered is None

    @property
    def rests_on_words(self) -> bool:
        """Whether what is shown was found by the words in it, and not by how it looks or sounds."""
        is_seen = bool(self.matches) and bool({PICTURE, SOUND} & self.matches[0].signals.keys())
        return bool(self.matches) and self.read.reading == Reading.READ and not is_seen


LookUp = Callable[[MediaMessage, Services], Awaitable[LookedUpMedia]]


async def in_time(look_up: LookUp, event: MediaMessage, services: Services) -> LookedUpMedia:
    """Look it up, in time to say so if that fails; raises what `media_refusals.REFUSED` lists."""
    if event.is_external:
        raise ContentGoneError
    async with asyncio.timeout(LOOK_UP_WITHIN_S):
        await services.media.library.wait_ready()
        return await look_up(event, services)


async def decide_on(
    services: Services, event: Event, looked: LookedAt, sha256: bytes, *, may_be_published: bool = True
) -> LookedUpMedia:
    """Match the words, put both ways together, and decide by how the articles stand now: each is read once."""
    read = looked.read or ReadText(Reading.NOTHING)
    said = await services.matching.match(read.text) if read.text else []
    ids = {near.article_id for near in looked.near} | {article_id for article_id, _ in looked.heard}
    ids |= {match.article_id for match in said if match.band != Band.NOTHING}
    ids |= {looked.same_file} if looked.same_file else set()
    async with services.database.reading() as session:
        summaries = await load_article_summaries(session, sorted(ids))
    matches = merge(looked, said, {article_id: summary.text for article_id, summary in summaries.items()})
    view = await find_view(services, event)
    return LookedUpMedia(view, decide(matches, summaries), matches, read, sha256, may_be_published)
