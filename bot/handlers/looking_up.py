"""What several handlers share: looking a text up, and the view it is answered with.

No database transaction is open while the matcher works: encoding takes longer than everything else together.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncSession

from bot.bubbles.view import View
from bot.decide import Answer, Outcome, decide
from bot.decisions import is_new_wording
from bot.events import Burst, Event, MediaMessage, TextMessage
from bot.services import Services
from bot.wording import choose_words
from retrieval.types import Band, Match
from storage.articles import ArticleSummary, load_article_summaries, read_article_summaries, resolve_article
from storage.askers import find_asker, load_asked_articles, read_asker
from storage.match_decisions import record_decision
from storage.tables import Asker, MatchDecision, Status

SENT = (TextMessage, Burst, MediaMessage)


def to_view(services: Services, asker: Asker | None = None) -> View:
    """What somebody is answered with: in the language and the size of text they have chosen, or the usual ones."""
    words = choose_words(services.wordings, asker.language if asker else None)
    is_large = asker.large_text if asker else False
    return View(words, services.buttons, services.settings.public_url, is_large, services.pseudonyms)


async def find_person(session: AsyncSession, event: Event) -> Asker | None:
    """The person in a one-to-one chat, if they are known; a group is spoken to as everybody is."""
    return await find_asker(session, event.chat) if event.source_kind == "user" else None


async def find_view(services: Services, event: Event) -> View:
    """The view of whoever sent the event; the language of somebody who sends their first message is learned later."""
    if event.source_kind != "user":
        return to_view(services)
    asker = await services.database.look_once(partial(read_asker, asker_id=event.chat))
    if isinstance(event, SENT) and (asker is None or asker.language is None):
        services.newcomers.learn_later(event.chat, event.user_id)
    return to_view(services, asker)


def about(view: View, decision_id: str | None) -> View:
    """The same view, with buttons that name the decision they follow from."""
    return replace(view, buttons=view.buttons.about(decision_id))


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What was found for a text, and with which encoder."""

    view: View
    outcome: Outcome
    matches: Sequence[Match]
    model_id: str

    def record(self, decision: MatchDecision) -> Callable[[Connection], object]:
        """Writes the decision down when the event is finished."""
        return partial(record_decision, decision=decision, is_variant=is_new_wording(self.outcome, self.matches))


async def look_up(services: Services, event: Event, text: str) -> LookedUp:
    """Match a text and decide. The very words of an answered article are answered at once, and its near copies as soon
    as the words are compared; the rest waits for the encoder."""
    model_id = services.matching.model_id
    if same := services.matching.match_words(text):
        found = await _decide(services, await find_view(services, event), same, model_id)
        if isinstance(found.outcome, Answer):
            return found
    async with services.matching.searching(text) as search, asking_for_view(services, event) as asked:
        with services.metrics.step_seconds.labels("match").time():
            copies = await search.near_copies()
            view = await asked
            matches = copies or await search.matches()
        found = await _decide(services, view, matches, model_id)
        if copies and not isinstance(found.outcome, Answer):  # its copy is unanswered, another article may be
            found = await _decide(services, view, await search.matches(), model_id)
    services.matching.count(found.matches)
    return found


@asynccontextmanager
async def asking_for_view(services: Services, event: Event) -> AsyncIterator[asyncio.Task[View]]:
    """Read who asks meanwhile. Awaited by itself: `gather` would wake whoever waits three turns of the loop later."""
    asked = asyncio.create_task(find_view(services, event))
    try:
        yield asked
    finally:
        if asked.cancel():
            await asyncio.gather(asked, return_exceptions=True)
        elif not asked.cancelled():
            asked.exception()  # of what nobody waited for: the match failed first, and that is what is told


async def _decide(services: Services, view: View, matches: Sequence[Match], model_id: str) -> LookedUp:
    """The articles are read after the match, so that what is shown is how things stand."""
    ids = [match.article_id for match in matches if match.band != Band.NOTHING]
    if not ids:
        return LookedUp(view, decide(matches, {}), matches, model_id)
    with services.metrics.step_seconds.labels("read").time():
        summaries = await services.database.look_once(partial(read_article_summaries, article_ids=ids))
    return LookedUp(view, decide(matches, summaries), matches, model_id)


async def has_asked(services: Services, event: Event, article_id: str) -> bool:
    """Whether this person waits for an answer to the article already."""
    async with services.database.reading() as session:
        return article_id in await load_asked_articles(session, event.chat)


async def find_shown(session: AsyncSession, article_id: str | None) -> ArticleSummary | None:
    """An article that may be shown, or the one it was merged into; None when there is none or it was taken down."""
    if article_id is None:
        return None
    article = (await load_article_summaries(session, [article_id])).get(article_id)
    if article is not None and article.status == Status.MERGED:
        article_id = await resolve_article(session, article_id)
        article = (await load_article_summaries(session, [article_id])).get(article_id)
    return article if article and article.status == Status.NORMAL else None
