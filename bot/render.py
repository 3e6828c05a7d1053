"""From what was decided to what is sent in a one-to-one chat."""

from bot.bubbles.answer import answer_messages
from bot.bubbles.candidates import candidate_messages
from bot.bubbles.consent import no_match_messages, waiting_messages, wording_offer
from bot.bubbles.view import View
from bot.decide import Answer, Candidates, Outcome, has_same_words
from bot.drafts import draft_of
from bot.flex import Part


def render(view: View, outcome: Outcome, text: str, event_id: str, *, is_new_wording: bool = False) -> tuple[Part, ...]:
    """The messages for an outcome of the asker's text; in a new wording of a known message, it may be kept."""
    if isinstance(outcome, Answer):
        is_known_text = has_same_words(outcome.candidate.match)  # public already, so there is nothing to ask about
        messages = answer_messages(view, outcome.candidate, None if is_known_text else event_id)
        if is_new_wording:
            offer = wording_offer(view, outcome.candidate.article.article_id, event_id)
            messages[-1]["quickReply"] = {"items": [{"type": "action", "action": offer}]}
        return messages
    if isinstance(outcome, Candidates):
        return candidate_messages(view, outcome, event_id)
    if outcome.unanswered:
        return waiting_messages(view, outcome.unanswered, event_id if is_new_wording else None)
    return no_match_messages(view, draft_of(text), event_id)
