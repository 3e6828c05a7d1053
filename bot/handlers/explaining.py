"""The press on "why this one?": what the answer or candidate rests on, told from what is still there.

The person's own words are compared again while the message is kept, which is a day at most; afterwards, and of
pictures, only the scores tell that were stored with the decision. The matcher is not asked.
"""

import asyncio
from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from bot.bubbles import notes
from bot.bubbles.why import Why, why_messages
from bot.buttons import Action
from bot.events import Postback
from bot.fit import clean
from bot.handlers.kept_message import find_kept_text
from bot.handlers.looking_up import find_person, find_shown, to_view
from bot.labels import Reason
from bot.outcome import HandlerResult
from bot.services import Services
from retrieval.explain import Explanation, explain, shared_links
from storage.index_entries import IndexedText, load_entries
from storage.match_decisions import find_decision

KIND_OF_TEXT = {Reason.LIKE_TITLE: "title", Reason.LIKE_REPLY: "reply", Reason.LIKE_VARIANT: "variant"}
"""Which of an article's texts the match rests on; the others rest on the article's own."""


async def explain_match(event: Postback, action: Action, services: Services) -> HandlerResult:
    async with services.database.reading() as session:
        view = to_view(services, await find_person(session, event))
        if action.kind not in set(Reason) or action.probability is None:
            return HandlerResult(notes.expired(view), "button_unknown")
        entries = await _load_texts(session, action)
        signals = await _load_signals(session, event, action)
    reason = Reason(action.kind)
    message = await find_kept_text(services, event, action.event_id) if action.event_id else None
    texts = [clean(entry.text) for entry in _resting_on(entries, reason)]
    own = [entry.text for entry in entries if entry.kind in {"article", "variant"}]
    links = shared_links(message, own) if message and reason is Reason.SAME_LINK else ()
    why = Why(
        reason=reason,
        probability=action.probability,
        signals=signals,
        explanation=await _compare(message, texts) if not links else None,
        told=texts[0] if texts else "",
        link=links[0] if links else None,
    )
    return HandlerResult(why_messages(view, why), "explained")


async def _compare(message: str | None, texts: Sequence[str]) -> Explanation | None:
    """In a thread: a long message takes some milliseconds."""
    return await asyncio.to_thread(explain, clean(message), texts) if message and texts else None


async def _load_texts(session: AsyncSession, action: Action) -> Sequence[IndexedText]:
    """The texts that lead to the article; none when it was taken down since."""
    article = await find_shown(session, action.article_id)
    return (await load_entries(session, [article.article_id]))[article.article_id] if article else ()


def _resting_on(entries: Sequence[IndexedText], reason: Reason) -> Sequence[IndexedText]:
    kind = KIND_OF_TEXT.get(reason, "article")
    return [entry for entry in entries if entry.kind == kind] or entries


async def _load_signals(session: AsyncSession, event: Postback, action: Action) -> Mapping[str, float]:
    """The scores that were stored for this article, when it was this person's message."""
    decision = await find_decision(session, action.decision_id) if action.decision_id else None
    if decision is None or decision.asker_id != event.chat:
        return {}
    offers = [offer for offer in decision.offered if offer["article_id"] == action.article_id]
    return dict(offers[0].get("signals", {})) if offers else {}
