"""Several articles that may be the message: the person chooses, and may say that none is."""

from collections.abc import Sequence

from bot.bubbles.reply import CAUTION
from bot.bubbles.view import MAX_CAROUSEL_BYTES, View, fitted
from bot.bubbles.why import why_action
from bot.buttons import Press
from bot.decide import Candidate, Candidates
from bot.fit import clean, cut
from bot.flex import INK, Part, box, bubble, button, label, postback, quote, small, text, text_message
from bot.labels import differences, how_sure, to_reason, why_found

MAX_QUOTE = 400
MAX_DIFFERENCE = 60


def candidate_messages(view: View, outcome: Candidates, event_id: str) -> tuple[Part, ...]:
    """A question, the candidates to swipe through, and "none of these" at the end and below."""
    candidates = outcome.candidates
    none = none_action(view, event_id, outcome.unanswered.article_id if outcome.unanswered else None)
    container = fitted(lambda limit: _container(view, candidates, none, event_id, limit), MAX_CAROUSEL_BYTES)
    alt_text = view.words.plural(
        "One checked message is similar. Is it yours?",
        "{number} checked messages are similar. Which one is yours?",
        len(candidates),
    )
    message = view.message(alt_text, container)
    message["quickReply"] = {"items": [{"type": "action", "action": none}]}
    return (text_message(_question(view, candidates)), message)


def none_action(view: View, event_id: str | None, article_id: str | None) -> Part:
    """ "None of these"; when the message itself is known and waits for an answer, `article_id` names it."""
    data = view.buttons.encode(Press.NONE_OF_THESE, event_id=event_id, article_id=article_id)
    return postback(view.words("None of these"), data)


def _question(view: View, candidates: Sequence[Candidate]) -> str:
    if all(candidate.is_contradicted for candidate in candidates):
        return view.words(
            "I found no check of exactly this message. This one is similar, but something in it differs. "
            "Please compare before you choose."
        )
    return view.words.plural(
        "I am not sure, but this may be it. Is it like the message you received?",
        "I am not sure, but it may be one of these. Which is like the message you received?",
        len(candidates),
    )


def _container(view: View, candidates: Sequence[Candidate], none: Part, event_id: str, limit: int) -> Part:
    last = bubble([text(view.words("None of these is the message I received."), weight="bold")], footer=[button(none)])
    contents = [*(_bubble(view, candidate, event_id, min(limit, MAX_QUOTE)) for candidate in candidates), last]
    return {"type": "carousel", "contents": contents}


def _bubble(view: View, candidate: Candidate, event_id: str, limit: int) -> Part:
    article = candidate.article
    choose = postback(
        view.words("See what was found") if candidate.is_contradicted else view.words("This is the one"),
        view.buttons.encode(Press.CHOOSE, article_id=article.article_id),
    )
    told = clean(article.text or view.words("(a picture, video or sound)"))
    body = [
        label(view.words("A checked message")),
        quote(cut(told, limit), lines=9),
        *_resemblance(view, candidate),
    ]
    why = button(why_action(view, candidate.match, event_id), "link")
    return bubble(body, footer=[button(choose, "secondary" if candidate.is_contradicted else "primary"), why])


def _resemblance(view: View, candidate: Candidate) -> list[Part]:
    """How like it is; or else the words that make it another claim, set out where they cannot be missed."""
    if not candidate.is_contradicted:
        match = candidate.match
        return [small(why_found(view.words, to_reason(match))), small(how_sure(view.words, match.probability))]
    pairs = [
        (cut(clean(yours), MAX_DIFFERENCE), cut(clean(theirs), MAX_DIFFERENCE))
        for yours, theirs in candidate.match.contradictions
    ]
    lines = [text(line, size="sm", color=INK) for line in differences(view.words, pairs)]
    heading = text(view.words("Similar, but it says something else"), size="sm", weight="bold", color=INK)
    note = box("vertical", [heading, *lines], backgroundColor=CAUTION, cornerRadius="md", paddingAll="md", spacing="sm")
    return [note]
