"""Content is fetched as LINE gives it: late, gone, too large, without a length, with an expired token."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.line_errors import LineServerError, LineUnreachableError
from bot.line_tokens import LongLivedToken
from bot.media import content
from bot.media.content import (
    ContentClient,
    ContentGoneError,
    ContentNotReadyError,
    ContentTooLargeError,
)
from bot.metrics import Metrics
from scripts.simulator.line import LineSimulator, running_simulator, serve_app
from scripts.simulator.world import User

pytestmark = pytest.mark.slow

PICTURE = b"\xff\xd8" + b"picture" * 40_000


@pytest.fixture
async def line() -> AsyncIterator[LineSimulator]:
    async with running_simulator() as simulator:
        yield simulator


@pytest.fixture
async def client(line: LineSimulator) -> AsyncIterator[ContentClient]:
    made = client_for(line.data_url, line.channel.access_token)
    yield made
    await made.close()


@pytest.fixture(autouse=True)
def _no_long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "PAUSES_S", (0.05, 0.1, 0.2))


def client_for(url: str, token: str = "token") -> ContentClient:
    return ContentClient(data_url=url, tokens=LongLivedToken(token), metrics=Metrics(), session=aiohttp.ClientSession())


async def send(line: LineSimulator) -> str:
    return (await line.send_image(line.add_user("asker", follows=False), PICTURE)).message_id


async def test_it_fetches_and_saves_a_picture(line: LineSimulator, client: ContentClient, tmp_path: Path) -> None:
    message_id = await send(line)
    assert await client.fetch(message_id, limit=len(PICTURE)) == PICTURE
    await client.save(message_id, tmp_path / "picture", limit=len(PICTURE))
    assert (tmp_path / "picture").read_bytes() == PICTURE


async def test_it_waits_while_line_prepares_it(line: LineSimulator, client: ContentClient) -> None:
    line.content_delay = 0.2
    message_id = await send(line)
    assert await client.fetch(message_id, limit=len(PICTURE)) == PICTURE
    assert line.requests[0].status == 202


async def test_it_leaves_what_is_not_ready_to_the_inbox(line: LineSimulator, client: ContentClient) -> None:
    line.content_delay = 60
    with pytest.raises(ContentNotReadyError) as caught:
        await client.fetch(await send(line), limit=len(PICTURE))
    assert caught.value.may_retry
    assert len(line.requests) == 4


async def test_it_knows_what_was_taken_back_from_what_never_was(line: LineSimulator, client: ContentClient) -> None:
    sent = await line.send_image(line.add_user("asker", follows=False), PICTURE)
    assert sent.posted is not None
    await line.unsend(sent.posted)
    with pytest.raises(ContentGoneError) as unsent:
        await client.fetch(sent.message_id, limit=10)
    with pytest.raises(ContentGoneError) as unknown:
        await client.fetch("123", limit=10)
    assert (unsent.value.status, unknown.value.status) == (410, 404)


async def test_it_stops_at_the_limit(line: LineSimulator, client: ContentClient, tmp_path: Path) -> None:
    message_id = await send(line)
    with pytest.raises(ContentTooLargeError):
        await client.fetch(message_id, limit=len(PICTURE) - 1)


async def test_it_calls_failures_of_lines_what_they_are(line: LineSimulator, client: ContentClient) -> None:
    message_id = await send(line)
    line.fail(status=500)
    with pytest.raises(LineServerError):
        await client.fetch(message_id, limit=len(PICTURE))
    line.drop(times=None)  # the first time aiohttp itself asks again, on a new connection
    with pytest.raises(LineUnreachableError):
        await client.fetch(message_id, limit=len(PICTURE))


async def test_it_stops_a_stream_that_never_ends_or_never_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = 0

    async def for_ever(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while not request.path.startswith("/v2/bot/message/slow"):
            sent += 1
            await response.write(b"x" * 10_000)
        await asyncio.sleep(60)
        return response

    app = web.Application()
    app.router.add_get("/v2/bot/message/{id}/content", for_ever)
    monkeypatch.setattr(content, "FETCH_WITHIN_S", 0.3)
    async with serve_app(app) as url:
        client = client_for(url)
        with pytest.raises(ContentTooLargeError):
            await client.fetch("endless", limit=300_000)
        with pytest.raises(LineUnreachableError):
            await client.fetch("slow", limit=300_000)
        await client.close()
    assert sent < 500


async def test_it_keeps_a_message_id_inside_its_place_in_the_address(
    line: LineSimulator, client: ContentClient
) -> None:
    with pytest.raises(ContentGoneError):
        await client.fetch("../../info?x=", limit=10)
    assert isinstance(line.add_user("nobody"), User)
    assert [each.path for each in line.requests if "/info" in each.path and "content" not in each.path] == []
