"""The answer to a stored webhook, byte for byte: any client understands it, and its connection stays usable."""

import asyncio
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.acknowledgement import acknowledge
from storage.tables import utc_now


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return acknowledge(request)

    app = web.Application()
    app.router.add_post("/", answer)
    async with TestServer(app) as running:
        yield running


async def ask(server: TestServer, *requests: bytes) -> bytes:
    """All that comes back for these requests on one connection until it is closed."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(b"".join(requests))
    async with asyncio.timeout(20):
        answer = await reader.read()
    writer.close()
    return answer


def post(version: str = "1.1", *headers: str) -> bytes:
    lines = [f"POST / HTTP/{version}", "Host: localhost", "Content-Length: 2", *headers]
    return "\r\n".join([*lines, "", "{}"]).encode()


async def test_it_answers_one_after_another_on_one_connection(server: TestServer) -> None:
    answer = await ask(server, post(), post(), post("1.1", "Connection: close"))
    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 3
    head, *fields = answer.split(b"\r\n\r\n")[0].decode().split("\r\n")
    assert head == f"HTTP/1.1 {HTTPStatus.OK.value} {HTTPStatus.OK.phrase}"
    values = dict(field.split(": ", 1) for field in fields)
    assert values["Content-Length"] == "0"
    assert abs((utc_now() - parsedate_to_datetime(values["Date"])).total_seconds()) < 60


@pytest.mark.parametrize("request_line", [post("1.0"), post("1.1", "Connection: close")])
async def test_it_closes_the_connection_of_whoever_wants_no_more(server: TestServer, request_line: bytes) -> None:
    assert b" 200 OK\r\n" in await ask(server, request_line)
