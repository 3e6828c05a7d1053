"""The work of a process besides its web server: load model and index, follow changes, handle the inbox."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial

import structlog

from bot.bubbles.notes import too_much
from bot.delivery import Delivery
from bot.dispatch import Dispatcher
from bot.events import Burst, Event
from bot.handlers import HANDLERS, Handler
from bot.handlers.looking_up import find_view
from bot.limits import Judgement
from bot.outcome import HandlerResult
from bot.processing import Handle, Processor
from bot.services import Services

BACKGROUND_PAUSE_S = 1.0

log = structlog.get_logger()


def build_dispatcher(services: Services, handlers: Mapping[type[Event], Handle] | None = None) -> Dispatcher:
    """Put together what handles the inbox; tests bring handlers of their own."""
    delivery = Delivery(services.line, services.metrics, push_expired=services.settings.push_expired_replies)
    processor = Processor(
        inbox=services.inbox,
        handlers=bind_handlers(services) if handlers is None else handlers,
        delivery=delivery,
        line=services.line,
        metrics=services.metrics,
        join_notices=services.notices.join,
    )
    return Dispatcher(
        inbox=services.inbox,
        processor=processor,
        matching=services.matching,
        metrics=services.metrics,
        limits=services.limits,
    )


def bind_handlers(services: Services) -> dict[type[Event], Handle]:
    """The table of handlers, each given the services."""
    return {kind: partial(_handle, handler, services) for kind, handler in HANDLERS.items()}


async def _handle(handler: Handler, services: Services, event: Event) -> HandlerResult:
    """Handle the event, unless its chat has asked for too much or is not answered."""
    judgement = services.limits.judge(event, len(event.events) if isinstance(event, Burst) else 1)
    if judgement == Judgement.FINE:
        return await handler(event, services)
    joined = tuple(HandlerResult(outcome="limited") for _ in event.events[1:]) if isinstance(event, Burst) else ()
    if judgement == Judgement.TELL and event.source_kind == "user":
        return HandlerResult(too_much(await find_view(services, event)), "limited_told", joined=joined)
    return HandlerResult(outcome="blocked" if judgement == Judgement.BLOCKED else "limited", joined=joined)


@asynccontextmanager
async def working(services: Services, dispatcher: Dispatcher | None = None) -> AsyncIterator[Dispatcher]:
    """Load, follow and handle while the block lasts; then let running handlers end and give back what was claimed."""
    dispatcher = dispatcher or build_dispatcher(services)
    if services.database.is_sqlite:
        await services.inbox.release_all()  # whoever had claimed it is gone: one process works on a SQLite database
    following = [
        asyncio.create_task(keep_running(run, name), name=name)
        for name, run in (
            ("index-follower", services.follower.run),
            ("notice-rider", services.notices.run),
            ("block-list", services.limits.run),
            ("media-library", services.media.run),
        )
    ]
    dispatcher.start()
    try:
        yield dispatcher
    finally:
        await dispatcher.stop()
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)


async def keep_running(run: Callable[[], Awaitable[None]], name: str) -> None:
    """Run it for ever: what the handlers wait for must not end unseen, whatever went wrong in it."""
    while True:
        try:
            await run()
        except Exception:
            log.exception("background_work_failed", work=name)
        await asyncio.sleep(BACKGROUND_PAUSE_S)
