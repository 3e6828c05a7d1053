"""From what was decided to what is sent in a one-to-one chat."""

from bot.bubbles.answer import answer_messages
from bot.bubbles.candidates import candidate_messages
from bot.bubbles.consent import no_match_messages, waiting_messages
from bot.bubbles.view import View
from bot.decide import Answer, Candidates, Outcome
from bot.flex import Part


def render(view: View, outcome: Outcome, shown: str, event_id: str) -> tuple[Part, ...]:
    """The messages for an outcome; `shown` is the asker's cleaned text, as it would be published if they agreed."""
    if isinstance(outcome, Answer):
        return answer_messages(view, outcome.candidate, event_id)
    if isinstance(outcome, Candidates):
        return candidate_messages(view, outcome, event_id)
    if outcome.unanswered:
        return waiting_messages(view, outcome.unanswered)
    return no_match_messages(view, shown, event_id)
