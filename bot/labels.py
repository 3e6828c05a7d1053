"""What the stored values are called on screens: verdicts, states, sources, and how sure a match is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from bot.decide import has_same_words
from bot.fit import clean, cut, one_line
from bot.wording import Words, marked
from retrieval.types import EntryKind, Match
from storage.articles import ReplySummary
from storage.tables import ReplyState, Verdict


@dataclass(frozen=True, slots=True)
class VerdictLook:
    """How a verdict is told: always in words and with a sign, never by colour alone."""

    label: str
    advice: str
    sign: str
    colour: str
    """The ground under white letters: contrast 4.5:1 at least."""


VERDICTS = {
    Verdict.RUMOR: VerdictLook(
        marked("Contains false information"), marked("Please think twice before passing it on."), "✕", "#B3261E"
    ),
    Verdict.NOT_RUMOR: VerdictLook(
        marked("Contains true information"), marked("Parts of this message are confirmed."), "✓", "#1B6B3A"
    ),
    Verdict.OPINIONATED: VerdictLook(
        marked("Contains personal opinion"), marked("Please look at other views as well."), "！", "#7A4F00"
    ),
    Verdict.NOT_ARTICLE: VerdictLook(
        marked("Cannot be fact-checked"), marked("There is nothing in it to verify."), "–", "#4A5060"
    ),
}

STATES = {
    ReplyState.VERIFIED: marked("Confirmed by several volunteers"),
    ReplyState.PROVISIONAL: marked("First check, to be confirmed by more people"),
    ReplyState.IMPORTED: marked("From open fact-checking data"),
}

MAX_NAME = 6
"""Characters of a pseudonym that are shown: enough to tell two volunteers apart."""
MAX_SOURCE = 40

COFACTS = "cofacts"
COFACTS_URL = "https://cofacts.tw"
COFACTS_SHARE_ALIKE_SINCE = datetime(2021, 2, 17, tzinfo=UTC)
"""Cofacts' data was CC0 before this day, and has been CC BY-SA 4.0 since."""


def verdict_label(words: Words, verdict: Verdict) -> str:
    return words(VERDICTS[verdict].label)


def state_label(words: Words, reply: ReplySummary) -> str:
    if reply.state == ReplyState.IMPORTED and reply.source == COFACTS:
        return words("From Cofacts 真的假的")
    return words(STATES.get(reply.state, STATES[ReplyState.PROVISIONAL]))


def checked_on(words: Words, reply: ReplySummary) -> str:
    """When the reply was written, and when it was changed, if it was."""
    if reply.created_at is None:
        return words("Date of the check: unknown")
    checked = words("Checked on {date}", date=words.date(reply.created_at))
    if reply.updated_at and words.date(reply.updated_at) != words.date(reply.created_at):
        return checked + " · " + words("corrected on {date}", date=words.date(reply.updated_at))
    return checked


def written_by(words: Words, reply: ReplySummary, name: str = "") -> str:
    """Who wrote it: a pseudonym, shortened; for imported data the project it comes from, as its licence asks."""
    name = name[:MAX_NAME]
    if reply.source == COFACTS:
        who = words("a volunteer of Cofacts 真的假的")
    elif reply.source != "chaming":
        who = words("a volunteer of {source}", source=cut(one_line(clean(reply.source)), MAX_SOURCE))
    else:
        who = words("a volunteer")
    return words("Written by {who} ({name})", who=who, name=name) if name else words("Written by {who}", who=who)


def licence(words: Words, reply: ReplySummary) -> str | None:
    """The attribution that imported data comes with; None for our own."""
    if reply.source != COFACTS:
        return None
    if reply.created_at and reply.created_at < COFACTS_SHARE_ALIKE_SINCE:
        return words("Data: Cofacts message reporting chatbot and crowd-sourced fact-checking community (CC0)")
    return words("Data: Cofacts message reporting chatbot and crowd-sourced fact-checking community (CC BY-SA 4.0)")


def how_sure(words: Words, probability: float) -> str:
    """A calibrated probability, never told as certainty."""
    percent = min(round(probability * 100), 99)
    return words("Likely the same message: about {percent}%", percent=percent)


class Reason(StrEnum):
    """What a match rests on. The values travel in buttons, so they keep their meaning."""

    SAME_WORDS = "exact"
    SAME_LINK = "link"
    SAME_PICTURE = "picture"
    SAME_SOUND = "sound"
    LIKE_MESSAGE = "article"
    LIKE_VARIANT = "variant"
    LIKE_TITLE = "title"
    LIKE_REPLY = "reply"
    LIKE_MEANING = "meaning"


FEW_WORDS = 0.1
"""Share of either text's words below which a match does not rest on words: another language, or quite other words."""


def to_reason(match: Match) -> Reason:
    for signal, reason in _BY_SIGNAL.items():
        if signal in match.signals:
            return reason
    if has_same_words(match):
        return Reason.SAME_WORDS
    if max(match.signals.get("same_link", 0), match.signals.get("shared_link", 0)) >= 1:
        return Reason.SAME_LINK
    shares = match.signals.get("cover_q", 1), match.signals.get("cover_e", 1)
    by_meaning = "meaning" in match.signals or max(shares) < FEW_WORDS
    return Reason.LIKE_MEANING if by_meaning else _BY_KIND[match.entry_kind]


def why_found(words: Words, reason: Reason) -> str:
    """What the match rests on, in one sentence."""
    return words(_REASONS[reason])


_BY_SIGNAL = {"picture": Reason.SAME_PICTURE, "sound": Reason.SAME_SOUND}
_BY_KIND = {
    EntryKind.ARTICLE: Reason.LIKE_MESSAGE,
    EntryKind.VARIANT: Reason.LIKE_VARIANT,
    EntryKind.TITLE: Reason.LIKE_TITLE,
    EntryKind.REPLY: Reason.LIKE_REPLY,
}
_REASONS = {
    Reason.SAME_WORDS: marked("The words are the same as in your message."),
    Reason.SAME_PICTURE: marked("It looks like the picture you sent."),
    Reason.SAME_SOUND: marked("It looks and sounds like what you sent."),
    Reason.SAME_LINK: marked("It has the same link as your message."),
    Reason.LIKE_MESSAGE: marked("The words are much like those of your message."),
    Reason.LIKE_VARIANT: marked("The words are much like another version of this message."),
    Reason.LIKE_TITLE: marked("Your message is like the title of a page this message links to."),
    Reason.LIKE_REPLY: marked("Your message is about what this fact-check says."),
    Reason.LIKE_MEANING: marked("It seems to say the same in other words or in another language."),
}


def differences(words: Words, contradictions: Sequence[tuple[str, str]]) -> list[str]:
    """What the message says, and what the similar one says instead; at most three, they are enough to tell."""
    return [
        words("Yours: “{yours}” — this one: “{theirs}”", yours=yours or "—", theirs=theirs or "—")
        for yours, theirs in contradictions[:3]
    ]
