"""Asking the volunteers, from a chat or from the draft's page: what was agreed to is published, the request kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from bot.decide import is_sure
from bot.handlers.looking_up import find_shown
from bot.services import Services
from moderation.intake import RequestReceipt, SureMatch, request_reply, take_in_message
from moderation.taking_back import take_back_message, take_back_request
from retrieval.normalise import key_hash
from storage.articles import ArticleSummary, resolve_article
from storage.askers import ensure_asker
from storage.inbox_statements import hold_payload
from storage.match_decisions import find_decision, load_decisions_of, record_asked, record_asked_with
from storage.questions import Question, count_questions_since, find_question
from storage.statistics import Waiting, find_waiting
from storage.tables import Choice, utc_now

MAX_QUESTIONS_A_DAY = 20
"""Of one person. Volunteers answer perhaps a hundred a day; nobody in need asks so much."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks: the pseudonym, and where they can be told."""

    asker_id: str
    line_user_id: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking."""

    outcome: str
    """`asked`, `asked_before`, `answered_meanwhile`, `not_published`, `too_many_questions` or `expired`."""
    article: ArticleSummary | None = None
    receipt: RequestReceipt | None = None
    waiting: Waiting | None = None

    @property
    def was_asked(self) -> bool:
        return self.receipt is not None


async def publish_and_ask(
    services: Services,
    person: Person,
    public: str,
    decision_id: str | None,
    event_ids: Sequence[str],
    parts: Sequence[str] = (),
) -> Asked:
    """Store a text as an article, exactly as it was shown and agreed to, and let this person wait for an answer.

    A message is published once: whoever agreed to it on the page, in other words, or as a part of several, asks about
    what they asked then. `event_ids`: the messages that are in the text. `parts`: the decisions on them, each of which
    takes the text back when its message is unsent.
    """
    sure = await find_same(services, decision_id, public)
    async with services.database.transaction() as session:
        if not await hold_messages(session, event_ids):
            return Asked("expired")
        if question := await find_question_of(session, decision_id, parts):
            return await ask_about(session, person, question.article_id)
        asked = await publish_within(session, person, public, sure)
        if asked.receipt is not None and decision_id is not None:
            await note_asked(session, person, decision_id, asked.receipt.article_id, public, parts)
        return asked


async def publish_within(session: AsyncSession, person: Person, public: str, sure: Sequence[SureMatch]) -> Asked:
    """The same in the caller's transaction, who has looked what surely says the same, and whether it may still be."""
    await ensure_asker(session, person.asker_id, person.line_user_id)
    if await asks_too_much(session, person):
        return Asked("too_many_questions")
    article = await take_in_message(
        session, text=public, matching_key_hash=key_hash(public), contributor=person.asker_id, sure=sure
    )
    return await ask_about(session, person, article.id, public)


async def hold_messages(session: AsyncSession, event_ids: Sequence[str]) -> bool:
    """Whether all of these messages are still kept.

    Who takes one of them back, or agrees to it elsewhere, waits until the session's transaction has ended, and finds
    what was asked in it. In a fixed order, so that two who hold several never wait for one another.
    """

    def hold(sync: Session) -> bool:
        now = utc_now()
        return all(hold_payload(sync.connection(), event_id, now) for event_id in sorted(event_ids))

    return await session.run_sync(hold)


async def find_question_of(
    session: AsyncSession, decision_id: str | None, parts: Sequence[str] = ()
) -> Question | None:
    """What was asked with the message this decision was made on, or with one of its parts, on a page or in the chat."""
    for one in (decision_id, *parts):
        decision = await find_decision(session, one) if one else None
        if decision is None or decision.asker_id is None or decision.asked_article_id is None:
            continue
        asked_article_id = await resolve_article(session, decision.asked_article_id)
        if question := await find_question(session, decision.asker_id, asked_article_id):
            return question
    return None


async def note_asked(
    session: AsyncSession, person: Person, decision_id: str, article_id: str, public: str, parts: Sequence[str] = ()
) -> None:
    """Which article was asked about with the message, and the words that became public."""

    def record(sync: Session) -> None:
        record_asked(sync.connection(), decision_id, person.asker_id, article_id, public)
        record_asked_with(sync.connection(), parts, person.asker_id, article_id)

    await session.run_sync(record)


async def ask_about(session: AsyncSession, person: Person, article_id: str | None, public: str | None = None) -> Asked:
    """Record the request; an article answered in the meantime is shown instead, a blocked one is not taken."""
    article = await find_shown(session, article_id)
    if article is None:
        return Asked("not_published")
    if article.replies:
        return Asked("answered_meanwhile", article)
    receipt = await request_reply(
        session,
        article_id=article.article_id,
        asker_id=person.asker_id,
        matching_key_hash=key_hash(public) if public else None,
    )
    return Asked("asked" if receipt.is_new else "asked_before", article, receipt, await find_waiting(session))


async def take_back_question(session: AsyncSession, asker_id: str, article_id: str) -> str:
    """Take the question back, with what was made of it, while that can be done by a button; returns the outcome."""
    question = await find_question(session, asker_id, article_id)
    if question is None:
        return "nothing_to_take_back"
    if not question.may_be_taken_back:
        return "too_late_to_take_back"
    for decision in await load_decisions_of(session, asker_id):
        if decision.asked_article_id == article_id:
            await take_back_message(session, decision_id=decision.id, asker_id=asker_id)
    await take_back_request(session, article_id=article_id, asker_id=asker_id)
    return "taken_back"


async def asks_too_much(session: AsyncSession, person: Person) -> bool:
    today = await count_questions_since(session, person.asker_id, utc_now() - timedelta(days=1))
    return today >= MAX_QUESTIONS_A_DAY


async def find_same(services: Services, decision_id: str | None, text: str) -> list[SureMatch]:
    """Articles that came in since the message did and surely say the same; none that the person has refused."""
    async with services.database.reading() as session:
        decision = await find_decision(session, decision_id) if decision_id else None
    refused = {offer["article_id"] for offer in decision.offered} if decision and decision.choice == Choice.NONE else ()
    model_id = services.matching.model_id
    return [
        SureMatch(match.article_id, model_id, match.probability)
        for match in await services.matching.match(text)
        if is_sure(match) and match.article_id not in refused
    ]
