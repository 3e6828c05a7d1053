"""The LINE client against a scripted LINE: what is retried, what is not, and what each failure is called."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.line_client import MAX_RECIPIENTS, LineClient, choose_tokens, retry_key_of
from bot.line_errors import (
    InvalidReplyTokenError,
    LineError,
    LineServerError,
    LineUnreachableError,
    QuotaExceededError,
    RateLimitedError,
    RefusedError,
    UnauthorizedError,
)
from bot.line_tokens import IssuedToken, LongLivedToken, StatelessTokens, TokenSource
from bot.metrics import Metrics
from bot.rate_limit import Pace
from bot.settings import Settings

HELLO = [{"type": "text", "text": "你好"}]
USER = "U" + "1" * 32


@dataclass
class Line:
    """Answers each request with the next of `answers` (status, body), then 200; remembers what was asked."""

    answers: list[tuple[int, Any]] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.json() if request.content_type == "application/json" else dict(await request.post())
        self.requests.append((request.path, dict(request.headers), body))
        await asyncio.sleep(self.delay_s)
        status, answer = self.answers.pop(0) if self.answers else (200, {})
        return web.json_response(answer, status=status, headers=self.headers)


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.line_client.PUSH_BACKOFF_S", 0.001)


@asynccontextmanager
async def connected(
    line: Line, tokens: TokenSource | None = None, *, within_s: float = 60
) -> AsyncIterator[LineClient]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", line.handle)
    async with (
        TestServer(app) as server,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=within_s)) as session,
        LineClient(
            api_url=str(server.make_url("")).rstrip("/"),
            tokens=tokens or LongLivedToken("long-lived"),
            metrics=Metrics(),
            session=session,
        ) as client,
    ):
        yield client


async def test_it_replies_with_the_token_and_no_retry_key(line: Line) -> None:
    async with connected(line) as client:
        await client.reply("token", HELLO)
    [(path, headers, body)] = line.requests
    assert path == "/v2/bot/message/reply"
    assert body == {"replyToken": "token", "messages": HELLO}
    assert headers["Authorization"] == "Bearer long-lived"
    assert "X-Line-Retry-Key" not in headers


@pytest.mark.parametrize("status", [500, 503])
async def test_it_does_not_try_a_reply_again_by_itself(line: Line, status: int) -> None:
    line.answers = [(status, {})]
    async with connected(line) as client:
        with pytest.raises(LineServerError):
            await client.reply("token", HELLO)
    assert len(line.requests) == 1


async def test_it_pushes_again_with_the_same_key_until_line_has_it(line: Line) -> None:
    line.answers = [(500, {}), (503, {}), (409, {"message": "The retry key is already accepted"})]
    key = retry_key_of("event")
    async with connected(line) as client:
        await client.push(USER, HELLO, retry_key=key)
    assert [headers["X-Line-Retry-Key"] for _, headers, _ in line.requests] == [key] * 3


async def test_it_gives_a_push_up_after_a_while(line: Line) -> None:
    line.answers = [(500, {})] * 9
    async with connected(line) as client:
        with pytest.raises(LineServerError):
            await client.push(USER, HELLO, retry_key="key")
    assert len(line.requests) == 3


async def test_it_does_not_push_again_what_line_refuses(line: Line) -> None:
    line.answers = [(400, {"message": "Failed to send messages"})]
    async with connected(line) as client:
        with pytest.raises(RefusedError):
            await client.push(USER, HELLO, retry_key="key")
    assert len(line.requests) == 1


@pytest.mark.parametrize(
    ("status", "message", "kind", "may_retry"),
    [
        (400, "Invalid reply token", InvalidReplyTokenError, False),
        (400, "The request body has 1 error(s)", RefusedError, False),
        (401, "Authentication failed", UnauthorizedError, True),
        (403, "Access to this API is not available for your account", UnauthorizedError, True),
        (413, "", RefusedError, False),
        (429, "The API rate limit has been exceeded", RateLimitedError, True),
        (429, "You have reached your monthly limit.", QuotaExceededError, False),
        (500, "Internal error", LineServerError, True),
    ],
)
async def test_each_failure_says_whether_trying_again_helps(
    line: Line, status: int, message: str, kind: type[LineError], may_retry: bool
) -> None:
    line.answers = [(status, {"message": message})]
    async with connected(line) as client:
        with pytest.raises(LineError) as caught:
            await client.reply("token", HELLO)
    assert type(caught.value) is kind
    assert caught.value.may_retry is may_retry
    assert caught.value.code == f"{kind.__name__}:{status}"


async def test_it_tells_how_long_line_asks_to_wait(line: Line) -> None:
    line.answers, line.headers = [(429, {})], {"Retry-After": "7"}
    async with connected(line) as client:
        with pytest.raises(RateLimitedError) as caught:
            await client.reply("token", HELLO)
    assert caught.value.retry_after_s == 7


async def test_it_names_the_property_line_complains_about_and_not_its_value(line: Line) -> None:
    details = [{"message": "May not be 我的祕密", "property": "messages[0].text"}]
    line.answers = [(400, {"message": "The request body has 1 error(s)", "details": details})]
    async with connected(line) as client:
        with pytest.raises(RefusedError) as caught:
            await client.reply("token", HELLO)
    assert "messages[0].text" in caught.value.reason
    assert "祕密" not in str(caught.value)


@pytest.mark.parametrize("answer", [b"", b"<html>bad gateway</html>", b"[1]"])
async def test_it_survives_an_answer_that_is_not_json(answer: bytes, line: Line) -> None:
    async def handle(_: web.Request) -> web.Response:
        return web.Response(body=answer, status=502)

    line.handle = handle  # type: ignore[method-assign]
    async with connected(line) as client:
        with pytest.raises(LineServerError):
            await client.reply("token", HELLO)


async def test_it_does_not_wait_for_ever(line: Line) -> None:
    line.delay_s = 5
    async with connected(line, within_s=0.5) as client:
        with pytest.raises(LineUnreachableError):
            await client.reply("token", HELLO)


async def test_it_says_so_when_nobody_is_there() -> None:
    async with aiohttp.ClientSession() as session:
        client = LineClient(
            api_url="http://127.0.0.1:9", tokens=LongLivedToken("t"), metrics=Metrics(), session=session
        )
        with pytest.raises(LineUnreachableError):
            await client.start_loading(USER)


async def test_it_sends_no_multicast_that_line_would_refuse(line: Line) -> None:
    async with connected(line) as client:
        with pytest.raises(ValueError, match="500"):
            await client.multicast([USER] * (MAX_RECIPIENTS + 1), HELLO, retry_key="key")
    assert line.requests == []


async def test_it_reads_a_profile(line: Line) -> None:
    line.answers = [(200, {"displayName": "阿明", "userId": USER, "language": "zh-TW"})]
    async with connected(line) as client:
        profile = await client.get_profile(USER)
    assert (profile.display_name, profile.language) == ("阿明", "zh-TW")


class Issuer:
    """Issues numbered tokens."""

    def __init__(self) -> None:
        self.issued = 0

    async def issue(self) -> IssuedToken:
        self.issued += 1
        number = self.issued
        await asyncio.sleep(0.01)
        return IssuedToken(f"stateless{number}", 900)


def tokens_of(issue: Callable[[], Awaitable[IssuedToken]], clock: Callable[[], float]) -> StatelessTokens:
    return StatelessTokens(issue, clock=clock)


async def test_it_issues_one_token_for_all_who_ask_at_once() -> None:
    issuer = Issuer()
    tokens = StatelessTokens(issuer.issue)
    assert set(await asyncio.gather(*(tokens.get() for _ in range(20)))) == {"stateless1"}


async def test_it_renews_a_token_before_its_end() -> None:
    issuer, now = Issuer(), [0.0]
    tokens = StatelessTokens(issuer.issue, clock=lambda: now[0])
    assert await tokens.get() == "stateless1"
    now[0] = 779
    assert await tokens.get() == "stateless1"
    now[0] = 781
    assert await tokens.get() == "stateless2"


async def test_it_gets_a_new_token_when_line_refuses_the_old_one(line: Line) -> None:
    line.answers = [(401, {}), (200, {})]
    async with connected(line, StatelessTokens(Issuer().issue)) as client:
        await client.reply("token", HELLO)
    assert [headers["Authorization"] for _, headers, _ in line.requests] == ["Bearer stateless1", "Bearer stateless2"]


async def test_it_asks_line_for_a_stateless_token_with_the_channels_id(line: Line, tmp_path: Any) -> None:
    line.answers = [(200, {"token_type": "Bearer", "access_token": "fresh", "expires_in": 899})]
    async with connected(line) as client, aiohttp.ClientSession() as session:
        settings = Settings(
            LINE_CHANNEL_ID="123", LINE_CHANNEL_SECRET="s1,s2", LINE_API_URL=client._api_url, DATA_DIR=tmp_path
        )
        assert await choose_tokens(settings, session).get() == "fresh"
    [(path, _, form)] = line.requests
    assert path == "/oauth2/v3/token"
    assert form == {"grant_type": "client_credentials", "client_id": "123", "client_secret": "s1"}


@pytest.mark.parametrize("answer", [{}, {"access_token": "x"}, {"access_token": "x", "expires_in": "soon"}])
async def test_it_takes_an_answer_without_a_token_for_a_fault_of_line(line: Line, tmp_path: Any, answer: Any) -> None:
    line.answers = [(200, answer)]
    async with connected(line) as client, aiohttp.ClientSession() as session:
        settings = Settings(
            LINE_CHANNEL_ID="123", LINE_CHANNEL_SECRET="s", LINE_API_URL=client._api_url, DATA_DIR=tmp_path
        )
        with pytest.raises(LineServerError):
            await choose_tokens(settings, session).get()


def test_the_retry_key_is_a_uuid_that_depends_on_the_event_alone() -> None:
    assert retry_key_of("a") == retry_key_of("a") != retry_key_of("b")
    assert str(uuid.UUID(retry_key_of("a"))) == retry_key_of("a")


async def test_it_lets_a_burst_through_and_then_makes_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("bot.rate_limit.asyncio.sleep", sleep)
    now = [0.0]
    pace = Pace(10, clock=lambda: now[0])
    for _ in range(12):
        await pace.take()
    assert waits == pytest.approx([0.1, 0.2])
    now[0] = 1.0
    await pace.take()
    assert len(waits) == 2
