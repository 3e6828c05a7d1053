"""Videos and recordings: looked up by their pictures, their sound and, where a model is configured, by what is said."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from bot.bubbles import media as bubbles
from bot.bubbles.notes import asked_before, cannot_read
from bot.bubbles.view import View
from bot.decide import Answer, NoMatch, Outcome, decide
from bot.decisions import outcome_of, to_decision
from bot.events import MediaMessage
from bot.flex import Part
from bot.handlers.looking_up import about, find_view, has_asked
from bot.handlers.pictures import REFUSED, consent_messages, merge_found, refuse
from bot.media.content import ContentGoneError
from bot.media.merging import PICTURE, SOUND, LookedAt
from bot.media.programs import ProgramMissingError
from bot.media.reading import Reading, ReadText
from bot.media.watching import MAX_BYTES, MAX_KEPT_BYTES, Watched, passing_file, watch
from bot.outcome import HandlerResult
from bot.render import render
from bot.services import Services
from retrieval.types import Match
from storage.match_decisions import record_decision
from storage.questions import find_question


@dataclass(frozen=True, slots=True)
class LookedUpRecording:
    """What was found for one video or recording."""

    view: View
    outcome: Outcome
    matches: Sequence[Match]
    heard: ReadText
    watched: Watched
    may_be_published: bool

    @property
    def rests_on_words(self) -> bool:
        """Whether what is shown was found by what is said in it."""
        signals = self.matches[0].signals if self.matches else {}
        return bool(self.matches) and self.heard.reading == Reading.READ and not {PICTURE, SOUND} & signals.keys()


async def handle_recording(event: MediaMessage, services: Services) -> HandlerResult:
    """Answer a person's video or recording."""
    try:
        found = await look_up_recording(event, services)
    except ProgramMissingError:
        return HandlerResult(cannot_read(await find_view(services, event), event.kind), "cannot_read")
    except REFUSED as error:
        return await refuse(event, services, error)
    return await _answer(event, services, found)


async def look_up_recording(event: MediaMessage, services: Services) -> LookedUpRecording:
    """Fetch, watch and listen. Raises what these raise."""
    if event.is_external:
        raise ContentGoneError
    desk = services.media
    await desk.library.wait_ready()
    with passing_file() as path:
        await desk.content.save(event.message_id, path, limit=MAX_BYTES)
        watched = await watch(path)
        same = desk.library.find_bytes(watched.sha256)
        may_be_published = path.stat().st_size <= MAX_KEPT_BYTES
        heard = ReadText(Reading.NOTHING) if same or watched.sound is None else await desk.listener.listen(path)
    looked = LookedAt(same, *desk.library.find_recording(watched.frames, watched.sound), heard)
    said = await services.matching.match(heard.text) if heard.text else []
    view = await find_view(services, event)
    matches, summaries = await merge_found(services, looked, said)
    return LookedUpRecording(view, decide(matches, summaries), matches, heard, watched, may_be_published)


async def _answer(event: MediaMessage, services: Services, found: LookedUpRecording) -> HandlerResult:
    outcome = found.outcome
    if isinstance(outcome, NoMatch) and outcome.unanswered:
        article_id = outcome.unanswered.article_id
        if await has_asked(services, event, article_id):
            async with services.database.reading() as session:
                question = await find_question(session, event.chat, article_id)
            return HandlerResult(asked_before(found.view, article_id, question), "asked_before")
    decision = to_decision(
        outcome,
        found.matches,
        decision_id=services.pseudonyms.of_message(event.chat, event.message_id),
        model_id=services.matching.model_id,
        asker_id=event.chat,
        key_hash=services.pseudonyms.of_words(found.watched.sha256.hex()),
    )
    return HandlerResult(
        _messages(about(found.view, decision.id), event, found),
        outcome_of(outcome).value,
        keep_payload=not (isinstance(outcome, NoMatch) and outcome.unanswered),
        record=partial(record_decision, decision=decision),
        shows=(outcome.candidate.article.article_id,) if isinstance(outcome, Answer) else (),
    )


def _messages(view: View, event: MediaMessage, found: LookedUpRecording) -> tuple[Part, ...]:
    outcome = found.outcome
    if isinstance(outcome, NoMatch) and not outcome.unanswered:
        if found.may_be_published:
            return consent_messages(view, event, found.heard)
        unknown = bubbles.not_found(view, event.kind, event.quote_token, found.heard.reading)
        return (unknown, *bubbles.told(view, bubbles.TOO_LARGE[event.kind]))
    heard = (bubbles.what_was_read(view, found.heard.text, event.kind),) if found.rests_on_words else ()
    return (*heard, *render(view, outcome, found.heard.text, event.event_id))
