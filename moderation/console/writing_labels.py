"""What people read while they write and rate: faults, states of pages, reasons, templates."""

from dataclasses import dataclass

from moderation.console.wording import Words, marked
from moderation.rating import Level, ReasonTag
from moderation.writing.correcting import Effect, Outcome, Why
from moderation.writing.helper import HelperError, HelperNonsenseError, HelperRefusedError, HelperSlowError
from moderation.writing.submitting import Fault
from storage.tables import PageState, Verdict

FAULTS = {
    Fault.NO_VERDICT: marked("Please choose a verdict."),
    Fault.NO_TEXT: marked("Please write what you found."),
    Fault.TOO_LONG: marked("The text is longer than one LINE message may be. Please shorten it."),
    Fault.NO_REFERENCE: marked("Please give at least one source: a page where others can read it."),
    Fault.REFERENCES_TOO_LONG: marked("These are too many sources. The best ones are enough."),
    Fault.CIRCULAR_REFERENCE: marked("This page is the one the message itself carries; it proves nothing:"),
    Fault.PAGE_GONE: marked("The site says that it has no such page:"),
    Fault.NOT_A_PAGE: marked("This is not the address of a public page:"),
    Fault.EXPIRED_ALREADY: marked("The day until which the verdict holds is over already."),
}

EFFECTS = {
    Effect.MENDS: marked(
        "As it reads now, this mends the answer: its ratings stay, and whoever was shown it is told that it was "
        "corrected."
    ),
    Effect.REPLACES: marked(
        "As it reads now, this is a new answer: the old one is withdrawn, whoever was shown it is told so, and the new "
        "one is shown once it has been rated."
    ),
    Effect.BESIDE: marked(
        "As it reads now, this is a new answer: it is proposed beside the old one, which others gave and which stays, "
        "and it is shown once it has been rated."
    ),
}

WHY_OTHER = {
    Why.OTHER_VERDICT: marked("It gives another verdict than the one that was rated."),
    Why.OTHER_WORDS: marked("It keeps little of the words that were rated."),
    Why.OTHER_SENSE: marked("It says otherwise than what was rated: “{before}” there, “{now}” here."),
}

PAGE_STATES = {
    PageState.WAITING: marked("being looked at …"),
    PageState.FOUND: marked("found"),
    PageState.GONE: marked("the site says that it has no such page"),
    PageState.UNREACHABLE: marked("could not be looked at from here; please check it yourself"),
    PageState.REFUSED: marked("not the address of a public page"),
}

HELPER_FAULTS: dict[type[HelperError], str] = {
    HelperSlowError: marked("The language model took too long or cannot be reached."),
    HelperRefusedError: marked("The language model refuses, or has had enough for now."),
    HelperNonsenseError: marked("The language model answered with nothing that could be used."),
}

LEVELS = {
    Level.HELPFUL: marked("Helpful: people may be shown this"),
    Level.SOMEWHAT: marked("Somewhat: right, but it could be better"),
    Level.NOT_HELPFUL: marked("Not helpful: people should not be shown this"),
}

TAGS = {
    ReasonTag.CLEAR: marked("easy to understand"),
    ReasonTag.GOOD_SOURCES: marked("good sources"),
    ReasonTag.ADDRESSES_CLAIM: marked("answers just what the message says"),
    ReasonTag.ADDS_CONTEXT: marked("explains what is behind it"),
    ReasonTag.FAIR: marked("fair to all sides"),
    ReasonTag.INCORRECT: marked("something in it is wrong"),
    ReasonTag.SOURCES_MISSING: marked("sources are missing"),
    ReasonTag.SOURCES_DO_NOT_SAY_SO: marked("the sources do not say so"),
    ReasonTag.MISSES_THE_POINT: marked("misses the point of the message"),
    ReasonTag.HARD_TO_UNDERSTAND: marked("hard to understand"),
    ReasonTag.BIASED: marked("takes sides"),
    ReasonTag.OUTDATED: marked("out of date"),
}

ADVICE = {
    Verdict.RUMOR: marked("something in it is not true"),
    Verdict.NOT_RUMOR: marked("what it says can be confirmed"),
    Verdict.OPINIONATED: marked("an opinion, which others see otherwise"),
    Verdict.NOT_ARTICLE: marked("nothing in it can be checked: no source is needed"),
}


def describe_outcome(words: Words, outcome: Outcome) -> list[str]:
    """What a correction will do as it reads now, and why where it is more than mending."""
    told = [words(EFFECTS[outcome.effect])]
    if outcome.why is not None:
        now, before = outcome.turned or ("", "")
        told.append(words(WHY_OTHER[outcome.why], before=before or "—", now=now or "—"))
    return told


@dataclass(frozen=True, slots=True)
class Template:
    """A beginning that says in what order an answer is best told."""

    name: str
    text: str


TEMPLATES = {
    "wrong": Template(
        marked("What is wrong, what is right"),
        marked("The message says: …\n\nThat is not right: …\n\nWhat is known: …"),
    ),
    "outdated": Template(
        marked("Old or another place"),
        marked("This is true of …, but not of today: …\n\nWhat holds now: …"),
    ),
    "fraud": Template(
        marked("A trick to get money or data"),
        marked("Do not press the link and give no data: …\n\nHow the trick works: …\n\nIf it has happened: call 165."),
    ),
    "true": Template(
        marked("It is true"),
        marked("This is true: …\n\nWhat the source says: …\n\nWhat to keep in mind: …"),
    ),
}
