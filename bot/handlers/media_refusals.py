"""Why a picture, video or recording was not looked at: one plain sentence, and what would help.

Nobody is left without a word: whatever LINE, a decoder or a program did, it is said before the reply token dies.
"""

from bot.bubbles import media as bubbles
from bot.events import Event, MediaMessage
from bot.handlers.looking_up import find_view
from bot.line_errors import LineError
from bot.media.content import ContentGoneError, ContentTooLargeError
from bot.media.programs import ProgramMissingError
from bot.media.watching import MediaFileError, TooLongError
from bot.outcome import HandlerResult
from bot.services import Services
from retrieval.pictures.decoding import PictureError, TooManyPixelsError
from storage.tables import utc_now

GIVE_UP_AFTER_S = 40.0
"""How long LINE may take to hand it over: after that the reply token is about to die, and the person is told."""

REFUSED = (LineError, PictureError, MediaFileError, ProgramMissingError, TimeoutError)
"""What ends with a plain sentence."""


async def refuse(
    event: MediaMessage, services: Services, error: Exception, *, asked_by: Event | None = None
) -> HandlerResult:
    """Say why it was not looked at; what passes by itself is left to the inbox to try again, while there is time.

    `asked_by` is the press that wants it looked at once more: then its time counts, and not the message's.
    """
    if isinstance(error, LineError) and error.may_retry and may_still_come(asked_by or event):
        raise error
    if isinstance(error, ContentGoneError) and error.status == 410:
        return HandlerResult(outcome="content_unsent")
    view = await find_view(services, event)
    what, outcome = choose_refusal(event, error)
    return HandlerResult(bubbles.told(view, what, event.quote_token), outcome)


def may_still_come(event: Event) -> bool:
    """Whether there is time to wait for LINE before the reply token dies."""
    return utc_now().timestamp() - event.timestamp / 1000 < GIVE_UP_AFTER_S


def choose_refusal(event: MediaMessage, error: Exception) -> tuple[str, str]:
    """The sentence, and the word the inbox keeps."""
    if event.is_external:
        return bubbles.EXTERNAL, "content_external"
    if isinstance(error, ContentGoneError):
        return bubbles.GONE, "content_gone"
    if isinstance(error, ContentTooLargeError | TooManyPixelsError | TooLongError):
        return bubbles.TOO_LARGE[event.kind], "content_too_large"
    if isinstance(error, LineError):
        return bubbles.NOT_READY, "content_not_ready"
    if isinstance(error, ProgramMissingError):
        return bubbles.CANNOT_WATCH, "cannot_watch"
    if isinstance(error, TimeoutError):
        return bubbles.TOO_SLOW, "content_too_slow"
    return bubbles.UNREADABLE[event.kind], "content_unreadable"
