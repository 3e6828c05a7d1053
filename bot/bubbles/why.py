"""Why an article was found: what it rests on, the two passages with the words they share, and the words that differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.bubbles.reply import CAUTION
from bot.bubbles.view import View
from bot.buttons import Press
from bot.fit import clean, cut, one_line
from bot.flex import INK, QUOTE, Part, box, bubble, label, postback, quote, separator, small, text
from bot.labels import Reason, differences, how_sure, to_reason, why_found
from bot.wording import Words, marked
from retrieval.explain import Explanation
from retrieval.marked_words import MarkedPassage
from retrieval.types import Match

MAX_TOLD = 200
MAX_WORD = 24
MAX_LINK = 120
PICTURE_POINTS = 256
"""Bits of a picture's hash."""

CHECKED = marked("The message that was checked")
TOLD_AS = {
    Reason.LIKE_TITLE: marked("The title of a page it links to"),
    Reason.LIKE_REPLY: marked("What the fact-check says"),
    Reason.LIKE_VARIANT: marked("Another version of the checked message"),
}
"""What the passage beside the person's own is, where it is not the checked message itself."""


WITHOUT_SHARES = {Reason.SAME_WORDS, Reason.SAME_LINK, Reason.LIKE_MEANING}
"""What does not rest on how many words are shared."""


@dataclass(frozen=True, slots=True)
class Why:
    """What is known of a match when somebody asks. Whatever has been erased meanwhile is left out."""

    reason: Reason
    probability: float
    signals: Mapping[str, float] = field(default_factory=dict)
    explanation: Explanation | None = None
    """Of the person's message, while it is kept."""
    told: str = ""
    """The checked message, where there is nothing to compare it with."""
    link: str | None = None
    """The link that both have."""


def why_action(view: View, match: Match, event_id: str | None) -> Part:
    """The button; `event_id` lets the passages be shown while the message is kept."""
    about = {"article_id": match.article_id, "probability": match.probability, "kind": to_reason(match).value}
    try:
        data = view.buttons.encode(Press.WHY, event_id=event_id, **about)  # type: ignore[arg-type]
    except ValueError:  # several messages as one, about an article with a long id: without the passages then
        data = view.buttons.encode(Press.WHY, **about)  # type: ignore[arg-type]
    return postback(view.words("Why this one?"), data)


def why_messages(view: View, why: Why) -> tuple[Part, ...]:
    """One bubble."""
    words = view.words
    reason = why_found(words, why.reason)
    is_another = why.explanation is not None and why.explanation.contradictions  # then no figure says how like it is
    figures = [] if is_another else [how_sure(words, why.probability), *_figures(words, why)]
    body = [
        text(reason, weight="bold"),
        *(small(line) for line in figures),
        *_compared(words, why),
        separator(),
        small(
            words(
                "I compare your message with all that volunteers have checked: its words, its links and what it means. "
                "Numbers, dates and words like “not” must agree. I can be wrong, so please compare for yourself."
            )
        ),
    ]
    return (view.message(reason, bubble(body)),)


def _figures(words: Words, why: Why) -> list[str]:
    """How much agrees, counted."""
    signals = why.signals
    if "picture" in signals and signals.get("exact", 0) >= 1:
        return [words("It is the very same file.")]
    lines = []
    if "picture" in signals:
        same = round(signals["picture"] * PICTURE_POINTS)
        lines.append(
            words(
                "Of {points} points that I compare in a picture, {same} look the same.",
                points=PICTURE_POINTS,
                same=same,
            )
        )
    if "sound" in signals:
        lines.append(words("Its sound and pictures agree to about {percent}%.", percent=_percent(signals["sound"])))
    if why.link is not None:
        lines.append(words("The link that both have: {link}", link=cut(clean(why.link), MAX_LINK)))
    if {"cover_q", "cover_e"} <= signals.keys() and why.reason not in WITHOUT_SHARES:
        lines.append(
            words(
                "About {mine}% of your words are in it, and {theirs}% of its words in yours; rare words count more.",
                mine=_percent(signals["cover_q"]),
                theirs=_percent(signals["cover_e"]),
            )
        )
    return lines


def _percent(share: float) -> int:
    return round(100 * min(max(share, 0), 1))


def _compared(words: Words, why: Why) -> list[Part]:
    """The passages side by side; without the person's message, which is erased within a day, only the other one."""
    theirs = words(TOLD_AS.get(why.reason, CHECKED))
    found = why.explanation
    if found is None:
        told = cut(one_line(clean(why.told)), MAX_TOLD)
        erased = words("Your message is no longer kept here, so I cannot show which of its words matched.")
        return [*([label(theirs), quote(told, lines=6)] if told else []), *_erased(erased, why)]
    return [
        *_differing(words, found.contradictions),
        label(words("Your message")),
        _marked(found.message),
        label(theirs),
        _marked(found.entry),
        *(small(line) for line in _words_told(words, found)),
    ]


def _erased(told: str, why: Why) -> list[Part]:
    """Nothing of a picture is shown, and the same words need no comparison."""
    return (
        []
        if why.reason not in {Reason.LIKE_MESSAGE, Reason.LIKE_MEANING, *TOLD_AS} or "picture" in why.signals
        else [small(told)]
    )


def _differing(words: Words, pairs: Sequence[tuple[str, str]]) -> list[Part]:
    if not pairs:
        return []
    lines = [text(line, size="sm", color=INK) for line in differences(words, pairs)]
    heading = text(words("Similar, but it says something else"), size="sm", weight="bold", color=INK)
    contents = [heading, *lines]
    return [box("vertical", contents, backgroundColor=CAUTION, cornerRadius="md", paddingAll="md", spacing="sm")]


def _marked(passage: MarkedPassage) -> Part:
    """A quote in which the shared words are bold and underlined: not told by colour alone."""
    shared = {"weight": "bold", "decoration": "underline"}
    spans = [{"type": "span", "text": piece, **(shared if both else {})} for piece, both in passage.pieces]
    shown = text(passage.text, contents=spans) if spans else text("")
    return box("vertical", [shown], backgroundColor=QUOTE, cornerRadius="md", paddingAll="lg")


def _words_told(words: Words, found: Explanation) -> list[str]:
    if not found.shared:
        return [words("They have no telling words in common. I compared what they mean, which is less sure.")]
    lines = [words("Underlined, because both have it: {words}", words=_listed(found.shared))]
    if found.only_message:
        lines.append(words("Only in yours: {words}", words=_listed(found.only_message)))
    if found.only_entry:
        lines.append(words("Only in the other: {words}", words=_listed(found.only_entry)))
    return lines


def _listed(found: Sequence[str]) -> str:
    return " · ".join(cut(word, MAX_WORD) for word in found)
