"""The calls of LINE's Messaging API that answers need. One client a process, made inside its loop.

This is plain aiohttp with orjson, on purpose: on the answer path the SDK's typed models take 3.4 ms for two Flex
messages, its untyped door 0.7 ms, this 0.2 ms (`bot/README.md`), and a serving process is spared 0.7 s and 77 MiB of
imports. What needs no speed goes through the SDK: `bot/line_admin.py`.
"""

import asyncio
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp
import orjson

from bot.line_errors import (
    LineError,
    LineServerError,
    LineUnreachableError,
    RefusedError,
    UnauthorizedError,
    to_line_error,
)
from bot.line_tokens import IssuedToken, LongLivedToken, StatelessTokens, TokenSource
from bot.metrics import Metrics
from bot.outcome import Message
from bot.rate_limit import Pace
from bot.settings import Settings

REQUEST_TIMEOUT_S = 10.0
PUSH_TRIES = 3
PUSH_BACKOFF_S = 0.5
MAX_RECIPIENTS = 500
"""LINE's limit on the user ids of one multicast."""

CALLS_PER_SECOND = {"multicast": 200.0, "loading": 100.0}
OTHER_CALLS_PER_SECOND = 2000.0
"""LINE's documented limits, per channel."""

RETRY_KEY_NAMESPACE = uuid.UUID("9a0a4d3e-6a4b-5c7e-8f7b-2f3c1d5e6a70")


@dataclass(frozen=True, slots=True)
class Profile:
    display_name: str
    language: str | None


@dataclass(frozen=True, slots=True)
class Quota:
    """A month's pushed messages, counted a recipient each."""

    limit: int | None
    """None: a plan without one."""
    used: int


class LineClient:
    """Replies, pushes and what belongs to them. Raises LineError and nothing else."""

    def __init__(self, *, api_url: str, tokens: TokenSource, metrics: Metrics, session: aiohttp.ClientSession) -> None:
        self._api_url = api_url
        self._tokens = tokens
        self._metrics = metrics
        self._session = session
        self._paces = {call: Pace(rate) for call, rate in CALLS_PER_SECOND.items()}
        self._other_calls = Pace(OTHER_CALLS_PER_SECOND)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._session.close()

    async def reply(self, reply_token: str, messages: Sequence[Message]) -> None:
        """Answer an event. Not retried here: whether the token was used up by a lost answer, only LINE knows."""
        await self._post("reply", "/v2/bot/message/reply", {"replyToken": reply_token, "messages": messages})

    async def push(self, to: str, messages: Sequence[Message], *, retry_key: str) -> None:
        """Send without a reply token, at the cost of quota. The same `retry_key` is delivered once only."""
        await self._send_once("push", "/v2/bot/message/push", {"to": to, "messages": messages}, retry_key)

    async def multicast(self, to: Sequence[str], messages: Sequence[Message], *, retry_key: str) -> None:
        """Push to many (500 at most)."""
        if len(to) > MAX_RECIPIENTS:
            raise ValueError(f"{len(to)} recipients, LINE takes {MAX_RECIPIENTS} a call")
        body = {"to": list(to), "messages": messages}
        await self._send_once("multicast", "/v2/bot/message/multicast", body, retry_key)

    async def start_loading(self, user_id: str, *, seconds: int = 20) -> None:
        """Show the loading animation, in a one-to-one chat only. `seconds`: 5–60 in fives."""
        await self._post("loading", "/v2/bot/chat/loading/start", {"chatId": user_id, "loadingSeconds": seconds})

    async def leave(self, source_kind: str, chat_id: str) -> None:
        """Leave a group or room; one that the bot is in no more is left already."""
        try:
            await self._call("leave", "POST", f"/v2/bot/{source_kind}/{chat_id}/leave")
        except RefusedError as error:
            if error.status != 404:
                raise

    async def find_rich_menu(self, alias: str) -> str | None:
        """The id of the rich menu that has this alias."""
        try:
            return str((await self._call("rich_menu", "GET", f"/v2/bot/richmenu/alias/{alias}"))["richMenuId"])
        except RefusedError as error:
            if error.status != 404:
                raise
            return None

    async def link_rich_menu(self, user_id: str, menu_id: str) -> None:
        """Show a person this rich menu instead of the one that everybody sees."""
        await self._call("rich_menu", "POST", f"/v2/bot/user/{user_id}/richmenu/{menu_id}")

    async def unlink_rich_menu(self, user_id: str) -> None:
        await self._call("rich_menu", "DELETE", f"/v2/bot/user/{user_id}/richmenu")

    async def get_profile(self, user_id: str) -> Profile:
        found = await self._call("profile", "GET", f"/v2/bot/profile/{user_id}")
        return Profile(str(found.get("displayName", "")), found.get("language"))

    async def get_quota(self) -> Quota:
        """How many messages may be pushed this month, and how many have been. Two calls."""
        limit = await self._call("quota", "GET", "/v2/bot/message/quota")
        used = await self._call("quota", "GET", "/v2/bot/message/quota/consumption")
        is_limited = limit.get("type") == "limited"
        return Quota(int(limit.get("value") or 0) if is_limited else None, int(used.get("totalUsage") or 0))

    async def _send_once(self, call: str, path: str, body: Mapping[str, Any], retry_key: str) -> None:
        """Try again on our own, since the retry key keeps LINE from delivering twice."""
        for tried in range(1, PUSH_TRIES + 1):
            try:
                await self._post(call, path, body, retry_key=retry_key)
                return
            except (LineUnreachableError, LineServerError):
                if tried == PUSH_TRIES:
                    raise
                await asyncio.sleep(PUSH_BACKOFF_S * 2 ** (tried - 1))

    async def _post(self, call: str, path: str, body: Mapping[str, Any], *, retry_key: str | None = None) -> None:
        headers = {"Content-Type": "application/json"} | ({"X-Line-Retry-Key": retry_key} if retry_key else {})
        await self._call(call, "POST", path, data=orjson.dumps(body), headers=headers)

    async def _call(
        self, call: str, method: str, path: str, *, data: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Mapping[str, Any]:
        """One call, and a second one with a new token when LINE refused the first one's and another can be had."""
        await self._paces.get(call, self._other_calls).take()
        token = await self._tokens.get()
        try:
            return await self._request(call, method, path, token, data, headers or {})
        except UnauthorizedError:
            if not self._tokens.forget(token):
                raise
        return await self._request(call, method, path, await self._tokens.get(), data, headers or {})

    async def _request(
        self, call: str, method: str, path: str, token: str, data: bytes | None, headers: Mapping[str, str]
    ) -> Mapping[str, Any]:
        started = time.perf_counter()
        result = "ok"
        all_headers = {"Authorization": f"Bearer {token}", **headers}
        try:
            return await send(self._session, method, self._api_url + path, data=data, headers=all_headers)
        except LineError as error:
            result = error.code
            raise
        finally:
            self._metrics.line_calls.labels(call, result).inc()
            self._metrics.line_seconds.labels(call).observe(time.perf_counter() - started)


async def send(
    session: aiohttp.ClientSession, method: str, url: str, *, data: Any = None, headers: Mapping[str, str] | None = None
) -> Mapping[str, Any]:
    """One HTTP request; the answer's JSON object ({} when it has none). Raises LineError."""
    try:
        async with session.request(method, url, data=data, headers=headers) as response:
            body = read_object(await response.read())
            # 409: a request with this retry key was accepted before, which is what we wanted.
            if response.status < 300 or response.status == 409:
                return body
            raise to_line_error(response.status, body, response.headers)
    except (TimeoutError, aiohttp.ClientError) as error:
        raise LineUnreachableError from error


def read_object(data: bytes) -> Mapping[str, Any]:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def retry_key_of(event_id: str) -> str:
    """The retry key of the one push that answers this event: the same in every process and after every restart."""
    return str(uuid.uuid5(RETRY_KEY_NAMESPACE, event_id))


def open_line_client(settings: Settings, metrics: Metrics) -> LineClient:
    """Make the process' client; call it inside the running loop, and close it."""
    session = aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=REQUEST_TIMEOUT_S), connector=aiohttp.TCPConnector(limit=100)
    )
    tokens = choose_tokens(settings, session)
    return LineClient(api_url=settings.line_api_url, tokens=tokens, metrics=metrics, session=session)


def choose_tokens(settings: Settings, session: aiohttp.ClientSession) -> TokenSource:
    """Stateless tokens when the channel's id is set, the long-lived token otherwise."""
    if not settings.line_channel_id:
        return LongLivedToken(settings.line_channel_access_token or "")

    async def issue() -> IssuedToken:
        form = {
            "grant_type": "client_credentials",
            "client_id": settings.line_channel_id,
            "client_secret": settings.line_channel_secrets[0],
        }
        issued = await send(session, "POST", f"{settings.line_api_url}/oauth2/v3/token", data=form)
        try:
            return IssuedToken(str(issued["access_token"]), float(issued["expires_in"]))
        except (KeyError, TypeError, ValueError) as error:
            raise LineServerError(status=200, reason="an answer without a token") from error

    return StatelessTokens(issue)
