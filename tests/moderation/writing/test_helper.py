"""The drafting helper against a stub that speaks the protocol, and against what models do."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from moderation.writing.helper import (
    MAX_ANSWER,
    Claim,
    Helper,
    HelperError,
    HelperNonsenseError,
    HelperRefusedError,
    HelperSlowError,
    Proposal,
)

URL = "https://www.mohw.example/garlic"
PAGES = {URL: "衛福部說明：大蒜\n不能治病。"}
GOOD = {"text": "大蒜不能治病。", "url": URL, "passage": "大蒜不能治病"}


class Stub:
    """Says what `says` is set to; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.answer: Callable[[], Awaitable[web.Response]] = self.refuse
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(await request.json())
        self.keys.append(request.headers.get("Authorization"))
        return await self.answer()

    async def refuse(self) -> web.Response:
        return web.Response(status=500)

    def says(self, content: Any, status: int = 200, **choice: Any) -> None:
        message = content if isinstance(content, dict) and "content" in content else {"content": content}

        async def answer() -> web.Response:
            return web.json_response({"choices": [{"message": message, **choice}]}, status=status)

        self.answer = answer

    def sends(self, body: bytes) -> None:
        async def answer() -> web.Response:
            return web.Response(body=body)

        self.answer = answer


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    made = Stub()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", made.handle)
    async with TestServer(app) as server:
        made.url = str(server.make_url("/v1"))
        yield made


async def propose(stub: Stub, **given: Any) -> Proposal:
    return await Helper(stub.url, "a-model", "a-key", **given).propose("大蒜治百病", PAGES)


async def test_it_proposes_queries_and_claims_with_their_passages(stub: Stub) -> None:
    stub.says("Sure!\n```json\n" + json.dumps({"queries": ["大蒜 衛福部"], "claims": [GOOD]}) + "\n```")

    assert await propose(stub) == Proposal(["大蒜 衛福部"], [Claim("大蒜不能治病。", URL, "大蒜不能治病")])
    assert stub.keys == ["Bearer a-key"]


async def test_it_is_given_the_message_and_the_pages_and_nothing_else(stub: Stub) -> None:
    stub.says(json.dumps({"claims": [GOOD]}))

    await propose(stub)

    (asked,) = stub.asked
    given = [json.loads(line) for line in asked["messages"][1]["content"].splitlines()]
    assert given == [{"message": "大蒜治百病"}, {"url": URL, "page": PAGES[URL]}]


@pytest.mark.parametrize(
    "claim",
    [
        {**GOOD, "passage": "大蒜能治病"},
        {**GOOD, "url": "https://elsewhere.example/"},
        {**GOOD, "text": ""},
        {**GOOD, "text": "字" * 601},
        {"text": "大蒜不能治病。"},
        "大蒜不能治病。",
        None,
    ],
)
async def test_it_drops_a_claim_that_no_page_bears_out(stub: Stub, claim: Any) -> None:
    stub.says(json.dumps({"queries": ["q"], "claims": [claim]}))

    assert (await propose(stub)).claims == []


@pytest.mark.parametrize(
    "content",
    [
        "",
        "我不知道",
        "{",
        "{}",
        "[]",
        '{"claims": 3}',
        '{"queries": [1, {}], "claims": "x"}',
        "{" * 100_000 + "}",
        None,
        7,
    ],
)
async def test_it_says_so_when_it_hears_nonsense(stub: Stub, content: Any) -> None:
    stub.says(content)

    with pytest.raises(HelperNonsenseError):
        await propose(stub)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"choices": []}', b'{"choices": [{}]}', b"x" * (MAX_ANSWER + 1)]
)
async def test_it_says_so_when_the_protocol_is_not_spoken(stub: Stub, body: bytes) -> None:
    stub.sends(body)

    with pytest.raises(HelperNonsenseError):
        await propose(stub)


async def test_it_says_so_when_it_is_refused(stub: Stub) -> None:
    for refusing in (
        lambda: stub.says("no", status=429),
        lambda: stub.says("no", status=401),
        lambda: stub.says({"content": None, "refusal": "I cannot"}),
        lambda: stub.says("", finish_reason="content_filter"),
    ):
        refusing()
        with pytest.raises(HelperRefusedError):
            await propose(stub)


async def test_it_does_not_wait_for_ever(stub: Stub) -> None:
    async def sleep() -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    stub.answer = sleep

    with pytest.raises(HelperSlowError):
        await propose(stub, seconds=0.2)


async def test_it_says_so_when_nobody_is_there() -> None:
    with pytest.raises(HelperError):
        await Helper("http://127.0.0.1:9/v1", "a-model", seconds=2).propose("大蒜", {})
