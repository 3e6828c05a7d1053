"""A simulator with a manual clock, and a bot that only remembers what it was told."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from scripts.simulator.clock import ManualClock
from scripts.simulator.line import LineSimulator, running_simulator, serve_app


@dataclass
class RecordingBot:
    """A webhook that takes everything and can be told which status to answer."""

    bodies: list[dict[str, Any]] = field(default_factory=list)
    signatures: list[tuple[str, bytes]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    url: str = ""

    async def callback(self, request: web.Request) -> web.Response:
        raw = await request.read()
        self.signatures.append((request.headers["x-line-signature"], raw))
        self.bodies.append(await request.json())
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for body in self.bodies for event in body["events"]]


@dataclass
class Caller:
    """Calls the simulated API with the channel's token, as a bot would."""

    line: LineSimulator
    session: aiohttp.ClientSession

    async def __call__(
        self, method: str, path: str, body: object = None, *, token: str | None = None, **headers: str
    ) -> tuple[int, dict[str, Any]]:
        status, answer, _ = await self.with_headers(method, path, body, token=token, **headers)
        return status, answer

    async def with_headers(
        self, method: str, path: str, body: object = None, *, token: str | None = None, **headers: str
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        sent = {"Authorization": f"Bearer {token or self.line.channel.access_token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.request(method, self.line.api_url + path, json=body, headers=sent) as answer:
            return answer.status, await answer.json() if answer.content_length else {}, dict(answer.headers)

    async def reply(self, token: str | None, text: str = "好") -> tuple[int, dict[str, Any]]:
        message = {"type": "text", "text": text}
        return await self("POST", "/v2/bot/message/reply", {"replyToken": token, "messages": [message]})

    async def push(self, to: str, text: str = "好", **headers: str) -> tuple[int, dict[str, Any]]:
        message = {"type": "text", "text": text}
        return await self("POST", "/v2/bot/message/push", {"to": to, "messages": [message]}, **headers)


@pytest.fixture
async def bot() -> AsyncIterator[RecordingBot]:
    recording = RecordingBot()
    app = web.Application()
    app.router.add_post("/callback", recording.callback)
    async with serve_app(app) as url:
        recording.url = url + "/callback"
        yield recording


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def line(bot: RecordingBot, clock: ManualClock) -> AsyncIterator[LineSimulator]:
    async with running_simulator(bot.url, clock=clock) as simulator:
        yield simulator


@pytest.fixture
async def call(line: LineSimulator) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession() as session:
        yield Caller(line, session)
