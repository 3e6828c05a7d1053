"""Pictures: fetched, looked up by how they look and by the words in them, and answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from bot.bubbles import media as bubbles
from bot.bubbles.group import group_messages
from bot.bubbles.notes import asked_before
from bot.bubbles.view import View
from bot.decide import Answer, NoMatch, Outcome, decide, may_speak_unasked
from bot.decisions import outcome_of, to_decision
from bot.drafts import draft_of
from bot.events import MediaMessage
from bot.flex import Part
from bot.handlers.looking_up import about, find_view, has_asked
from bot.media.content import ContentGoneError, ContentNotReadyError, ContentTooLargeError
from bot.media.desk import SeenPicture
from bot.media.merging import PICTURE, LookedAt, merge
from bot.media.reading import Reading, ReadText
from bot.media.watching import MediaFileError, TooLongError
from bot.outcome import HandlerResult
from bot.render import render
from bot.services import Services
from retrieval.pictures.decoding import PictureError, TooManyPixelsError
from retrieval.pictures.index import SURE
from retrieval.types import Band, Match
from storage.articles import ArticleSummary, load_article_summaries
from storage.match_decisions import record_decision
from storage.questions import find_question
from storage.tables import MatchDecision, utc_now

GIVE_UP_AFTER_S = 40.0
"""How long LINE may take to prepare a picture: after that the reply token is about to die, and the person is told."""

GROUP_TEXT = "圖" * 20
"""A group hears of a picture only when it is surely known, however few words are in it."""

REFUSED = (
    ContentGoneError,
    ContentTooLargeError,
    ContentNotReadyError,
    PictureError,
    MediaFileError,
    TimeoutError,
)
"""What ends with a plain sentence. Other failures of LINE's are tried again by the inbox."""


@dataclass(frozen=True, slots=True)
class LookedUpPicture:
    """What was found for one picture."""

    view: View
    outcome: Outcome
    matches: Sequence[Match]
    read: ReadText
    seen: SeenPicture

    @property
    def rests_on_words(self) -> bool:
        """Whether what is shown was found by the words in the picture, and not by how it looks."""
        return bool(self.matches) and PICTURE not in self.matches[0].signals and self.read.reading == Reading.READ


async def handle_picture(event: MediaMessage, services: Services) -> HandlerResult:
    """One picture in a one-to-one chat."""
    try:
        found = await look_up_picture(event, services)
    except REFUSED as error:
        return await refuse(event, services, error)
    return await answer_picture(event, services, found)


async def look_up_picture(event: MediaMessage, services: Services) -> LookedUpPicture:
    """Fetch, look and read. Raises what fetching and decoding raise."""
    if event.is_external:
        raise ContentGoneError
    desk = services.media
    await desk.library.wait_ready()
    seen = await desk.see(event.message_id)
    same = desk.library.find_bytes(seen.sha256)
    near = desk.library.pictures.find(seen.hashes)
    shown = seen.part(near[0].by) if near and near[0].distance <= SURE else seen.picture
    read = ReadText(Reading.NOTHING) if same else await desk.reader.read(shown)
    looked = LookedAt(same, near, (), read)
    said = await services.matching.match(read.text) if read.text else []
    view = await find_view(services, event)
    matches, summaries = await merge_found(services, looked, said)
    return LookedUpPicture(view, decide(matches, summaries), matches, read, seen)


async def answer_picture(event: MediaMessage, services: Services, found: LookedUpPicture) -> HandlerResult:
    """What the person is told, and what is remembered of it."""
    outcome = found.outcome
    if isinstance(outcome, NoMatch) and outcome.unanswered:
        article_id = outcome.unanswered.article_id
        if await has_asked(services, event, article_id):
            async with services.database.reading() as session:
                question = await find_question(session, event.chat, article_id)
            return HandlerResult(asked_before(found.view, article_id, question), "asked_before")
    decision = decision_of(event, services, found)
    return HandlerResult(
        picture_messages(about(found.view, decision.id), event, found),
        outcome_of(outcome).value,
        keep_payload=not (isinstance(outcome, NoMatch) and outcome.unanswered),
        record=partial(record_decision, decision=decision),
        shows=(outcome.candidate.article.article_id,) if isinstance(outcome, Answer) else (),
    )


async def refuse(event: MediaMessage, services: Services, error: Exception) -> HandlerResult:
    """Say in one sentence why the picture was not looked up, and what would help."""
    if isinstance(error, ContentNotReadyError) and may_still_come(event):
        raise error  # the inbox tries again, after a restart as well
    if isinstance(error, ContentGoneError) and error.status == 410:
        return HandlerResult(outcome="content_unsent")
    view = await find_view(services, event)
    what, outcome = choose_refusal(event, error)
    return HandlerResult(bubbles.told(view, what, event.quote_token), outcome)


def may_still_come(event: MediaMessage) -> bool:
    """Whether there is time to wait for LINE before the reply token dies."""
    return utc_now().timestamp() - event.timestamp / 1000 < GIVE_UP_AFTER_S


def choose_refusal(event: MediaMessage, error: Exception) -> tuple[str, str]:
    """The sentence, and the word the inbox keeps."""
    if event.is_external:
        return bubbles.EXTERNAL, "content_external"
    if isinstance(error, ContentGoneError):
        return bubbles.GONE, "content_gone"
    if isinstance(error, ContentNotReadyError):
        return bubbles.NOT_READY, "content_not_ready"
    if isinstance(error, ContentTooLargeError | TooManyPixelsError | TooLongError):
        return bubbles.TOO_LARGE[event.kind], "content_too_large"
    return bubbles.UNREADABLE[event.kind], "content_unreadable"


def decision_of(event: MediaMessage, services: Services, found: LookedUpPicture) -> MatchDecision:
    """What is remembered of it: article ids and scores, never the picture or its words."""
    return to_decision(
        found.outcome,
        found.matches,
        decision_id=services.pseudonyms.of_message(event.chat, event.message_id),
        model_id=services.matching.model_id,
        asker_id=event.chat,
        key_hash=services.pseudonyms.of_words(found.seen.sha256.hex()),
    )


def picture_messages(view: View, event: MediaMessage, found: LookedUpPicture) -> tuple[Part, ...]:
    outcome = found.outcome
    if isinstance(outcome, NoMatch) and not outcome.unanswered:
        return consent_messages(view, event, found.read)
    read = (bubbles.what_was_read(view, found.read.text),) if found.rests_on_words else ()
    return (*read, *render(view, outcome, found.read.text, event.event_id))


def consent_messages(view: View, event: MediaMessage, read: ReadText) -> tuple[Part, ...]:
    """An honest "not checked yet", and the consent step for exactly this picture."""
    draft = draft_of(read.text) if read.text else None
    return (
        bubbles.not_found(view, event.kind, event.quote_token, read.reading),
        bubbles.consent(view, event.kind, draft, event.event_id),
    )


async def merge_found(
    services: Services, looked: LookedAt, said: Sequence[Match]
) -> tuple[list[Match], dict[str, ArticleSummary]]:
    """The matches by looks and by words; the articles are read once, so that what is shown is how things stand."""
    ids = {near.article_id for near in looked.near} | {article_id for article_id, _ in looked.heard}
    ids |= {match.article_id for match in said if match.band != Band.NOTHING}
    ids |= {looked.same_file} if looked.same_file else set()
    async with services.database.reading() as session:
        summaries = await load_article_summaries(session, sorted(ids))
    return merge(looked, said, {article_id: summary.text for article_id, summary in summaries.items()}), summaries


async def handle_picture_in_group(event: MediaMessage, services: Services) -> HandlerResult:
    """Look at a group's picture, read it only where it looks like a known one, and keep nothing of it."""
    desk = services.media
    if event.is_external or not len(desk.library.pictures):
        return HandlerResult(outcome="group_silent")
    try:
        seen = await desk.see(event.message_id)
    except REFUSED:
        return HandlerResult(outcome="group_silent")
    same = desk.library.find_bytes(seen.sha256)
    near = desk.library.pictures.find(seen.hashes, within=SURE)
    if not near and not same:
        return HandlerResult(outcome="group_silent")
    read = ReadText(Reading.NOTHING) if same else await desk.reader.read(seen.part(near[0].by))
    said = await services.matching.match(read.text) if read.text else []
    looked = LookedAt(same, near, (), read)
    matches, summaries = await merge_found(services, looked, said)
    outcome = decide(matches, summaries)
    if not may_speak_unasked(outcome, GROUP_TEXT):
        return HandlerResult(outcome="group_silent")
    return HandlerResult(group_messages(await find_view(services, event), outcome), "group_warned")
