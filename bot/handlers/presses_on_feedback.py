"""Presses on a reply's votes: it helped, it did not, why, and not counted any more. The last word counts."""

from bot.bubbles import notes
from bot.bubbles.feedback import thanks_for_reason, voted
from bot.buttons import Action, Vote
from bot.events import Postback
from bot.handlers.looking_up import find_person, find_view, to_view
from bot.outcome import HandlerResult
from bot.services import Services
from moderation.feedback import HELPFUL, NOT_HELPFUL, give_feedback, give_reason
from storage.tables import FeedbackReason

SCORES = {Vote.HELPFUL: HELPFUL, Vote.NOT_HELPFUL: NOT_HELPFUL, Vote.NONE: None}
OUTCOMES = {Vote.HELPFUL: "voted_helpful", Vote.NOT_HELPFUL: "voted_not_helpful", Vote.NONE: "vote_taken_back"}


async def vote(event: Postback, action: Action, services: Services) -> HandlerResult:
    if action.article_id is None or action.reply_id is None or action.kind not in set(Vote):
        return HandlerResult(notes.expired(await find_view(services, event)), "button_unknown")
    pressed, article_id, reply_id = Vote(action.kind), action.article_id, action.reply_id
    async with services.database.transaction() as session:
        view = to_view(services, await find_person(session, event))
        is_counted = await give_feedback(
            session, article_id=article_id, reply_id=reply_id, contributor=event.chat, score=SCORES[pressed]
        )
    if not is_counted:
        return HandlerResult(notes.withdrawn(view), "withdrawn")
    return HandlerResult(voted(view, pressed, article_id, reply_id), OUTCOMES[pressed])


async def say_why(event: Postback, action: Action, services: Services) -> HandlerResult:
    """Keep the reason, while the person says that the reply did not help."""
    if action.article_id is None or action.reply_id is None or action.kind not in set(FeedbackReason):
        return HandlerResult(notes.expired(await find_view(services, event)), "button_unknown")
    reason = FeedbackReason(action.kind)
    async with services.database.transaction() as session:
        view = to_view(services, await find_person(session, event))
        is_kept = await give_reason(
            session, article_id=action.article_id, reply_id=action.reply_id, contributor=event.chat, reason=reason
        )
    thanks = thanks_for_reason(view, action.article_id, action.reply_id)
    return HandlerResult(thanks, "reason_given" if is_kept else "reason_not_kept")
