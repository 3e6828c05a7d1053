"""In groups: one or two lines and a link, kind to the person who forwarded the message."""

from bot.bubbles.view import View
from bot.decide import Answer, Candidate, Candidates, Outcome
from bot.fit import clean, cut, one_line
from bot.flex import Part, text_message
from bot.labels import VERDICTS, state_label, verdict_label
from storage.tables import ReplyState

MAX_REPLY = 80
MAX_LINKS = 3


def group_messages(view: View, outcome: Outcome) -> tuple[Part, ...]:
    """What a group that called the bot, or must be told, reads about the message."""
    if isinstance(outcome, Answer):
        return (text_message(_answer(view, outcome.candidate)),)
    if isinstance(outcome, Candidates):
        links = [view.article_url(candidate.article.article_id) for candidate in outcome.candidates[:MAX_LINKS]]
        return (text_message("\n".join([view.words("I am not sure. These checked messages are similar:"), *links])),)
    return (
        text_message(
            view.words("I found no check of this message. To ask the volunteers, please send it to me in our own chat.")
        ),
    )


def _answer(view: View, candidate: Candidate) -> str:
    best = candidate.replies[0]
    caution = f" ({state_label(view.words, best)})" if best.state == ReplyState.PROVISIONAL else ""
    told = view.words(
        "{sign} Volunteers have checked this message: {verdict}",
        sign=VERDICTS[best.verdict].sign,
        verdict=verdict_label(view.words, best.verdict) + caution,
    )
    return "\n".join([told, cut(one_line(clean(best.text)), MAX_REPLY), view.article_url(candidate.article.article_id)])
