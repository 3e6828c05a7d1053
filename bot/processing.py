"""One inbox row from beginning to end: read, handled, sent, finished; or put back, or given up.

Whatever goes wrong with an event stays with that event. A failure is recorded by its class, retried with growing
pauses while that can help, and given up after `MAX_ATTEMPTS`. Attempts are counted when a row is claimed, so what kills
the process ends as well, after `MAX_CLAIMS`: many more, for most rows in hand at a kill are not to blame.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields
from datetime import timedelta
from functools import partial
from typing import Protocol

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError

from bot.bursts import may_join
from bot.delivery import Delivery, Undelivered
from bot.event_parser import parse_event
from bot.events import ACTIVE, Burst, Event, MediaMessage, OtherMessage, Sticker, TextMessage, Unfollow, Unsend
from bot.json_text import read_json
from bot.line_client import LineClient
from bot.line_errors import LineError
from bot.logs import class_name
from bot.metrics import Metrics
from bot.outcome import IGNORED, HandlerResult
from bot.rich_menu import show_rich_menu
from retrieval.batching import EncoderBusyError
from storage.inbox import Inbox, InboxRow
from storage.inbox_turns import JoinedRow
from storage.tables import utc_now

Handle = Callable[[Event], Awaitable[HandlerResult]]


class JoinNotices(Protocol):
    """Adds to an answer what else the person is to be told."""

    async def __call__(self, event: Event, result: HandlerResult, *, again: bool) -> HandlerResult: ...


MAX_ATTEMPTS = 6
MAX_CLAIMS = 30
MAX_ATTEMPTS_OF_OUR_OWN_FAULT = 3
"""Trying again seldom mends a mistake of ours, and the next messages of the chat are waiting."""
TRANSIENT = (LineError, EncoderBusyError, InterfaceError, OperationalError, OSError)
"""What passes by itself: LINE, a queue that is full, the database, the network."""

FIRST_PAUSE_S = 0.5
PAUSE_GROWS_BY = 4.0
LONGEST_PAUSE_S = 60.0
"""Pauses of 0.5, 2, 8, 32 and 60 s: the first three fall within a reply token's life."""

HANDLER_TIMEOUT_S = 30.0
LOADING_AFTER_S = 0.7
KEEP_PAYLOAD = timedelta(hours=24)

WANTS_AN_ANSWER = (TextMessage, MediaMessage, Sticker, OtherMessage)
"""Kinds that are of no use to handle once nothing said could reach the asker any more."""
TAKES_BACK = (Unfollow, Unsend)
"""Kinds that are honoured even while another module of the channel speaks."""

UNSEEN = (Undelivered.EXPIRED, Undelivered.NO_ADDRESS)
"""What was decided is not recorded where nobody can have seen it. A token that LINE refuses may have been used."""

UNDELIVERED = frozenset(Undelivered)
"""How an answer ends that did not go out; what came together ends alike."""

log = structlog.get_logger()


class Gather(Protocol):
    """Brings in the events of a chat that came at once with one that is being handled."""

    def is_more_in(self, row: InboxRow, event: Event) -> bool: ...

    async def __call__(self, row: InboxRow, event: Event) -> list[InboxRow]: ...


@dataclass(slots=True)
class _Turn:
    """The rows that end together: the one that was handed over, and those that were gathered to it."""

    row: InboxRow
    gather: Gather | None
    rows: list[InboxRow] = field(init=False)

    def __post_init__(self) -> None:
        self.rows = [self.row]


class Processor:
    """Handles rows that are claimed for this process."""

    def __init__(
        self,
        *,
        inbox: Inbox,
        handlers: Mapping[type[Event], Handle],
        delivery: Delivery,
        line: LineClient,
        metrics: Metrics,
        join_notices: JoinNotices | None = None,
    ) -> None:
        self._join_notices = join_notices
        self._inbox = inbox
        self._handlers = handlers
        self._delivery = delivery
        self._line = line
        self._metrics = metrics

    async def process(self, row: InboxRow, gather: Gather | None = None) -> None:
        """Bring the row to an end or put it back. Raises only when the database cannot even record that.

        `gather` brings in what came at once with it, to be answered by one reply.
        """
        kind, turn = "unread", _Turn(row, gather)
        if row.attempts == 1:
            self._metrics.step_seconds.labels("wait").observe(max(0.0, time.time() - row.received_at.timestamp()))
        try:
            event = read_event(row)
            kind = type(event).__name__
            if row.attempts > MAX_CLAIMS:
                await self._give_up(row, kind, "TooManyAttempts")
                return
            result, outcome = await self._answer(event, turn)
        except Exception as error:
            for one in turn.rows:
                await self._put_back(one, kind, error)
            return
        keep_until = utc_now() + KEEP_PAYLOAD if result.keep_payload else None
        record = choose_record(result, outcome, row.attempts)
        joined = [
            JoinedRow(
                one.id,
                outcome if outcome in UNDELIVERED else ended.outcome,
                utc_now() + KEEP_PAYLOAD if ended.keep_payload else None,
            )
            for one, ended in zip(turn.rows[1:], result.joined, strict=True)
        ]
        with self._metrics.step_seconds.labels("finish").time():
            is_ours = await self._inbox.finish(
                row.id, outcome, keep_payload_until=keep_until, record=record, joined=joined
            )
        if is_ours:
            self._metrics.events_finished.labels(kind, outcome).inc()
            for also in joined:
                self._metrics.events_finished.labels(kind, also.outcome).inc()
            log.info("event_finished", event_id=row.event_id, kind=kind, outcome=outcome, attempts=row.attempts)
        else:
            log.warning("event_lease_lost", event_id=row.event_id, kind=kind)

    async def _answer(self, event: Event, turn: "_Turn") -> tuple[HandlerResult, str]:
        """Handle and send; returns the result and how the event ended."""
        row = turn.row
        handle = self._handlers.get(type(event))
        if event.mode != ACTIVE and not isinstance(event, TAKES_BACK):
            return IGNORED, event.mode if event.mode == "standby" else "unknown_mode"
        if handle is None:
            return IGNORED, IGNORED.outcome
        if isinstance(event, WANTS_AN_ANSWER) and not self._delivery.may_answer(event, row):
            return IGNORED, Undelivered.EXPIRED
        async with self._loading_animation(event):
            with self._metrics.handle_seconds.labels(type(event).__name__).time():
                async with asyncio.timeout(HANDLER_TIMEOUT_S):
                    result = await self._handle(event, handle, turn)
            if self._join_notices is not None:
                result = await self._join_notices(event, result, again=row.attempts > 1)
            outcome = await self._delivery.send(event, row, result)
            if result.leaves and event.chat_id is not None:
                await self._line.leave(event.source_kind, event.chat_id)
        if result.menu_language is not None and event.user_id is not None:
            await show_rich_menu(self._line, event.user_id, result.menu_language)
        return result, outcome

    async def _handle(self, event: Event, handle: Handle, turn: "_Turn") -> HandlerResult:
        """Handle the event, together with what came at once with it if another is in before this one is answered."""
        together = self._handlers.get(Burst)
        if turn.gather is None or together is None or not may_join(event):
            return await handle(event)
        result = None if turn.gather.is_more_in(turn.row, event) else await handle(event)
        if result is not None and not turn.gather.is_more_in(turn.row, event):
            return result
        turn.rows += await turn.gather(turn.row, event)
        if len(turn.rows) == 1:
            return result or await handle(event)
        return await together(to_burst(event, turn.rows))

    @asynccontextmanager
    async def _loading_animation(self, event: Event) -> AsyncIterator[None]:
        """Show, in a one-to-one chat, that an answer is being worked on if it takes longer than a moment."""
        if event.source_kind != "user" or event.user_id is None or event.reply_token is None:
            yield
            return
        showing: set[asyncio.Task[None]] = set()

        def show(user_id: str) -> None:
            showing.add(asyncio.create_task(self._show_loading(user_id)))

        waiting = asyncio.get_running_loop().call_later(LOADING_AFTER_S, show, event.user_id)
        try:
            yield
        finally:
            waiting.cancel()
            for task in showing:
                task.cancel()

    async def _show_loading(self, user_id: str) -> None:
        try:
            await self._line.start_loading(user_id)
        except LineError as error:  # a courtesy: the answer itself is on its way
            log.info("loading_not_shown", error=error.code)

    async def _put_back(self, row: InboxRow, kind: str, error: Exception) -> None:
        code = error.code if isinstance(error, LineError) else class_name(error)
        self._metrics.event_errors.labels(kind, code.rpartition(".")[2]).inc()
        reason = error.reason if isinstance(error, LineError) else None
        log.error(
            "event_failed",
            event_id=row.event_id, kind=kind, attempts=row.attempts, code=code, reason=reason, exc_info=error,
        )  # fmt: skip
        if row.attempts >= choose_max_attempts(error):
            await self._give_up(row, kind, code)
            return
        pause = choose_pause_s(row.attempts, error)
        await self._inbox.fail(row.id, code, retry_at=utc_now() + timedelta(seconds=pause))

    async def _give_up(self, row: InboxRow, kind: str, code: str) -> None:
        await self._inbox.fail(row.id, code, retry_at=None)
        self._metrics.events_dead.labels(kind).inc()
        log.error("event_given_up", event_id=row.event_id, kind=kind, attempts=row.attempts, code=code)


def choose_record(result: HandlerResult, outcome: str, attempts: int) -> Callable[[Connection], object] | None:
    """What is written down when the event ends so.

    Refused at the first attempt, an answer was surely not taken, so the notices in it were not told; refused later, it
    may have been taken the time before.
    """
    if outcome in UNSEEN:
        return None
    surely_not_taken = outcome == Undelivered.REPLY_TOKEN_INVALID and attempts == 1
    joined = [one.record for one in result.joined]
    told = None if surely_not_taken else result.told
    records = [record for record in (result.record, *joined, told) if record is not None]
    return partial(_write, records) if records else None


def _write(records: Sequence[Callable[[Connection], object]], connection: Connection) -> None:
    for record in records:
        record(connection)


def choose_max_attempts(error: Exception) -> int:
    """How often to try in all, when this is what went wrong last."""
    if isinstance(error, LineError) and not error.may_retry:
        return 1
    is_transient = isinstance(error, TRANSIENT) and not isinstance(error, TimeoutError)  # a handler that hangs
    return MAX_ATTEMPTS if is_transient else MAX_ATTEMPTS_OF_OUR_OWN_FAULT


def choose_pause_s(attempts: int, error: Exception) -> float:
    """How long to wait after this many attempts; as long as LINE asks for, when it asks."""
    pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * float(PAUSE_GROWS_BY ** (attempts - 1)))
    asked = error.retry_after_s if isinstance(error, LineError) else None
    return max(pause, asked or 0.0)


def to_burst(first: Event, rows: Sequence[InboxRow]) -> Burst:
    """Several messages as one event, with the reply token of the first: whoever tries again uses the same one."""
    common = {one.name: getattr(first, one.name) for one in fields(Event)}
    return Burst(events=(first, *(read_event(row) for row in rows[1:])), **common)


def read_event(row: InboxRow) -> Event:
    raw = read_json(row.payload)
    return parse_event(
        raw if isinstance(raw, dict) else {}, event_id=row.event_id, chat=row.chat, timestamp=row.timestamp
    )
