"""`LineSimulator`: people with LINE in front, the Messaging API behind, and a bot in between that believes both.

    async with running_simulator(webhook_url=bot_url + "/callback") as line:
        asker = line.add_user("asker")
        await line.send_text(asker, "喝熱檸檬水可以治癌症，請轉發")
        [answer] = await line.wait_for_messages(asker)
        await line.press(asker, "為什麼？")
        assert line.refusals == []

Point the bot's settings at it with `line.settings()`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from scripts.simulator.actions import visible_actions
from scripts.simulator.clock import Clock, SystemClock
from scripts.simulator.delivery import Deliverer, Delivery, DeliverySwitches, Order, sign
from scripts.simulator.faults import Fault, FaultKind
from scripts.simulator.people import Happening, People
from scripts.simulator.platform import Platform
from scripts.simulator.problems import JSON
from scripts.simulator.server import DATA_PREFIX, MAX_BODY_BYTES, ApiServer, LoggedRequest
from scripts.simulator.world import Channel, Chat, User

MESSAGES = "/v2/bot/message/"
ASKED = ("/v2/bot/profile/", "/v2/bot/richmenu/alias/", "/v2/bot/user/")
"""Where a bot asks whether something is there, or changes the menu of somebody who may have gone."""
WAIT_S = 60.0
"""How long to wait for the bot before giving up: long, for a busy machine."""


class LineSimulator(People):
    """What people do, what the bot did about it, and what goes wrong on the way."""

    def __init__(
        self,
        *,
        webhook_url: str | None = None,
        clock: Clock | None = None,
        channel: Channel | None = None,
        quota: int | None = 200,
        switches: DeliverySwitches | None = None,
    ) -> None:
        clock = clock or SystemClock()
        platform = Platform(clock, channel, quota=quota)
        super().__init__(platform, Deliverer(platform, switches or DeliverySwitches()), clock)
        self.channel.webhook_url = webhook_url or self.channel.webhook_url
        self.server = ApiServer(self.platform, self.delivery)
        self.api_url = ""

    # What the bot needs to know

    @property
    def channel(self) -> Channel:
        return self.platform.channel

    @property
    def data_url(self) -> str:
        return self.api_url + DATA_PREFIX

    def settings(self) -> dict[str, str]:
        """Return the bot's settings that make it talk to this platform, as environment variables."""
        return {
            "LINE_API_URL": self.api_url,
            "LINE_DATA_URL": self.data_url,
            "LINE_CHANNEL_SECRET": self.channel.secret,
            "LINE_CHANNEL_ACCESS_TOKEN": self.channel.access_token,
        }

    # What the bot did

    @property
    def requests(self) -> list[LoggedRequest]:
        """Every request to the API so far, oldest first."""
        return self.server.requests

    @property
    def refusals(self) -> list[LoggedRequest]:
        """The requests LINE would have refused; those that failed on order are not among them.

        Nor is asking for what is not there, as a person who has blocked the bot by then: it cannot be known before.
        """
        return [
            each
            for each in self.requests
            if each.is_refusal and not (each.status == 404 and each.path.startswith(ASKED))
        ]

    def messages(self, chat: Chat) -> list[JSON]:
        """Return the bot's message objects in a chat, oldest first."""
        return [posted.content for posted in self.timeline(chat) if posted.sender is None]

    def buttons(self, chat: Chat) -> list[str]:
        """Return the labels one can press in a chat, newest message first."""
        return [action.get("label", "") for action in visible_actions(self.timeline(chat))]

    def is_loading(self, chat: Chat) -> bool:
        return self.platform.loading_until.get(chat.chat_id, 0) > self.clock.now()

    async def wait_until(self, condition: Callable[[], bool], *, timeout: float = WAIT_S) -> None:  # noqa: ASYNC109
        """Wait until something is so; raise TimeoutError naming what the bot was refused meanwhile."""
        async with self.platform.changed:
            try:
                await asyncio.wait_for(self.platform.changed.wait_for(condition), timeout)
            except TimeoutError:
                refused = [f"{each.path} {each.status} {each.answer}" for each in self.refusals]
                raise TimeoutError(f"waited {timeout} s in vain; refusals: {refused}") from None

    async def wait_for_messages(self, chat: Chat, count: int = 1, *, timeout: float = WAIT_S) -> list[JSON]:  # noqa: ASYNC109
        """Wait until the bot has written so many messages in a chat altogether, and return all of them."""
        await self.wait_until(lambda: len(self.messages(chat)) >= count, timeout=timeout)
        return self.messages(chat)

    async def ask(self, user: User, text: str, *, to: Chat | None = None, timeout: float = WAIT_S) -> list[JSON]:  # noqa: ASYNC109
        """Send a text and return what the bot answers to it."""
        chat = to or user
        before = len(self.messages(chat))
        await self.send_text(user, text, to=to)
        return (await self.wait_for_messages(chat, before + 1, timeout=timeout))[before:]

    # What goes wrong

    def fail(self, path: str = MESSAGES, *, status: int = 500, times: int | None = 1, accepted: bool = False) -> Fault:
        """Let requests fail; `accepted`: LINE takes the message all the same, which the bot cannot know."""
        kind = FaultKind.ACCEPT_THEN_STATUS if accepted else FaultKind.STATUS
        return self.server.faults.order(Fault(kind, path, status=status, times=times))

    def drop(self, path: str = MESSAGES, *, times: int | None = 1, accepted: bool = False) -> Fault:
        """Let connections break, before LINE takes the message or (`accepted`) after."""
        kind = FaultKind.ACCEPT_THEN_DROP if accepted else FaultKind.DROP
        return self.server.faults.order(Fault(kind, path, times=times))

    def slow(self, seconds: float, path: str = MESSAGES, *, times: int | None = 1) -> Fault:
        return self.server.faults.order(Fault(FaultKind.SLOW, path, seconds=seconds, times=times))

    def hold(self) -> None:
        """Hold every delivery until `release`."""
        self.delivery.holding = True

    async def release(self, order: Order = Order.SENT, *, together: bool = False) -> list[Delivery]:
        return await self.delivery.release(order, together=together)

    async def redeliver(self, happening: Happening) -> Delivery:
        return await self.delivery.redeliver(happening.event)

    def sign(self, body: bytes) -> str:
        return sign(self.channel.secret, body)


def build_app(simulator: LineSimulator) -> web.Application:
    """Return the application that serves LINE's API and, under its prefix, LINE's data host."""
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    simulator.server.add_routes(app)
    return app


@asynccontextmanager
async def serve_app(app: web.Application, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve an application while the context lasts and yield its URL; port 0 takes a free one."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield f"http://{host}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def running_simulator(
    webhook_url: str | None = None,
    *,
    clock: Clock | None = None,
    channel: Channel | None = None,
    quota: int | None = 200,
    redeliver_after: tuple[float, ...] = (),
    port: int = 0,
) -> AsyncIterator[LineSimulator]:
    """Run a LINE platform on this machine while the context lasts.

    The webhook's URL may also be set later, as `line.channel.webhook_url`, once the bot's port is known.
    """
    switches = DeliverySwitches(redeliver_after=redeliver_after)
    simulator = LineSimulator(webhook_url=webhook_url, clock=clock, channel=channel, quota=quota, switches=switches)
    async with serve_app(build_app(simulator), port=port) as url:
        simulator.api_url = url
        try:
            yield simulator
        finally:
            await simulator.delivery.close()
