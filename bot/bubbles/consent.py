"""Nobody has checked it: say so, and ask whether the message may be published for volunteers to check.

The person sees exactly what would become public before saying yes; nothing is stored as public before that. What may
tell who somebody is has been taken out, and a press puts each back.
"""

from bot.bubbles.know_more import know_more
from bot.bubbles.view import View
from bot.buttons import Press
from bot.drafts import Draft
from bot.fit import one_line, split, units
from bot.flex import QUIET, Part, bubble, button, label, postback, quote, separator, small, text, text_message, uri
from bot.wording import marked
from storage.articles import ArticleSummary
from storage.personal_data import MASK

MAX_IN_BUBBLE = 2000
"""UTF-16 units of a message that are shown inside the bubble; a longer one stands in messages of its own before it."""
PART_UNITS = 4800
MAX_PARTS = 3
MAX_PUBLISHED = PART_UNITS * MAX_PARTS
"""The longest message that can be shown whole, and so the longest that can be published from a chat."""
MAX_TOGGLES = 6
"""More than these are put back on the page."""

ASK, KEEP_WORDING = marked("Shall I ask the volunteers to check it?"), marked("May I keep your wording of it?")
ALT_ASK = marked("Not checked yet. Shall I ask the volunteers?")


def no_match_messages(view: View, draft: Draft, event_id: str) -> tuple[Part, ...]:
    """An honest "not checked yet" and the consent step."""
    honest = text_message(
        view.words(
            "Nobody has checked this message yet, as far as I can find. "
            "That does not make it true or false: please wait before passing it on."
        )
    )
    return (honest, *consent_messages(view, draft, event_id))


def consent_messages(view: View, draft: Draft, event_id: str, *, wording_of: str | None = None) -> tuple[Part, ...]:
    """Everything that would become public, and the question whether it may.

    `wording_of` names an article that says the same in other words: then it is asked only whether these are kept.
    """
    shown = draft.public
    if units(shown) > MAX_PUBLISHED:
        return (_too_long(view, event_id),)
    is_short = units(shown) <= MAX_IN_BUBBLE
    parts = [] if is_short else [text_message(part) for part in split(shown, PART_UNITS)]
    footer = _buttons(view, draft, event_id, wording_of)
    heading = view.words(KEEP_WORDING if wording_of else ASK)
    asked = bubble(_body(view, draft, event_id, heading, is_short, wording_of), footer=footer)
    return (*parts, view.message(heading if wording_of else view.words(ALT_ASK), asked))


def waiting_messages(view: View, article: ArticleSummary, wording_event: str | None = None) -> tuple[Part, ...]:
    """The message is known and public, and still waits for its first reply: offer to wait with the others."""
    asked = view.words.plural(
        "Someone else has asked about this message. It has not been checked yet.",
        "{number} people have asked about this message. It has not been checked yet.",
        max(article.request_count, 1),
    )
    join = view.buttons.encode(Press.JOIN, article_id=article.article_id)
    offers = [postback(view.words("I want to know too"), join)]
    if wording_event is not None:
        offers.append(wording_offer(view, article.article_id, wording_event))
    offers.append(know_more(view, article.article_id))
    return (text_message(asked, offers),)


def wording_offer(view: View, article_id: str, event_id: str) -> Part:
    """Asks for the consent to keep the person's wording; it leads to seeing it first."""
    return postback(
        view.words("Help with my wording"), view.buttons.encode(Press.WORDING, article_id=article_id, event_id=event_id)
    )


def _too_long(view: View, event_id: str) -> Part:
    told = view.words("It is too long to be sent to volunteers from here. You can choose a part of it on a page.")
    return text_message(told, [uri(view.words("Choose a part"), view.draft_url(event_id))])


def _body(view: View, draft: Draft, event_id: str, heading: str, is_short: bool, wording_of: str | None) -> list[Part]:
    if is_short:
        what = [label(view.words("This would become public")), quote(draft.public or MASK)]
    else:
        what = [label(view.words("This would become public: all of the text just above"))]
    return [
        text(heading, weight="bold", size="lg"),
        *what,
        *_toggles(view, draft, event_id, wording_of),
        text(
            view.words("Anyone will be able to read and reuse it (CC0). Your name and your LINE account stay private."),
            color=QUIET,
        ),
    ]


def _toggles(view: View, draft: Draft, event_id: str, wording_of: str | None) -> list[Part]:
    """What was found, each with the way to take it out or put it back."""
    if not draft.findings:
        return []
    told = view.words(
        "I took out what may tell who somebody is ({mask}). Press to put it back or take it out.", mask=MASK
    )
    presses = [
        button(_toggle(view, draft, number, event_id, wording_of), "link")
        for number in range(min(len(draft.findings), MAX_TOGGLES))
    ]
    left = len(draft.findings) - len(presses)
    more = (
        [small(view.words.plural("One more is on the page.", "{number} more are on the page.", left))] if left else []
    )
    return [separator(), small(told), *presses, *more, separator()]


def _toggle(view: View, draft: Draft, number: int, event_id: str, wording_of: str | None) -> Part:
    words = one_line(draft.words_of(number))
    is_kept = draft.is_kept(number)
    caption = view.words("Hide: {words}", words=words) if is_kept else view.words("Show: {words}", words=words)
    data = view.buttons.encode(Press.TOGGLE, event_id=event_id, article_id=wording_of, kept=draft.toggled(number))
    return postback(caption, data)


def _buttons(view: View, draft: Draft, event_id: str, wording_of: str | None) -> list[Part]:
    yes = view.buttons.encode(Press.AGREE, event_id=event_id, article_id=wording_of, kept=draft.kept, mark=draft.mark)
    no = view.buttons.encode(Press.DECLINE, event_id=event_id)
    agreed = view.words("Yes, keep it") if wording_of else view.words("Yes, please ask")
    page = [] if wording_of else [button(uri(view.words("Cut it, say why"), view.draft_url(event_id)), "link")]
    return [
        button(postback(agreed, yes), "primary"),
        button(postback(view.words("No, thank you"), no)),
        *page,
    ]
