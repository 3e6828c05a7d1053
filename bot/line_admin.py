"""The channel's settings, as LINE's SDK reads them: typed, and not on the answer path.

Imported by `chaming line check` alone: the SDK takes 0.7 s and 77 MiB to import.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import aiohttp
import orjson
from linebot.v3.messaging import (
    ApiException,
    AsyncApiClient,
    AsyncMessagingApi,
    BotInfoResponse,
    Configuration,
    GetWebhookEndpointResponse,
    MessageQuotaResponse,
    QuotaConsumptionResponse,
    TestWebhookEndpointRequest,
    TestWebhookEndpointResponse,
)

from bot.line_errors import LineUnreachableError, to_line_error

REQUEST_TIMEOUT_S = 20
"""The SDK's own default is five minutes. Testing a webhook waits for our server's answer."""

Answer = TypeVar("Answer")


class LineAdmin:
    """Asks about the channel. Raises LineError."""

    def __init__(self, api: AsyncMessagingApi) -> None:
        self._api = api

    async def get_bot_info(self) -> BotInfoResponse:
        return await _ask(self._api.get_bot_info)

    async def get_webhook_endpoint(self) -> GetWebhookEndpointResponse:
        return await _ask(self._api.get_webhook_endpoint)

    async def test_webhook_endpoint(self, url: str | None = None) -> TestWebhookEndpointResponse:
        """Have LINE send an empty webhook to `url`, or to the one that is set."""
        return await _ask(self._api.test_webhook_endpoint, TestWebhookEndpointRequest(endpoint=url))

    async def get_message_quota(self) -> MessageQuotaResponse:
        return await _ask(self._api.get_message_quota)

    async def get_message_quota_consumption(self) -> QuotaConsumptionResponse:
        return await _ask(self._api.get_message_quota_consumption)


@asynccontextmanager
async def open_line_admin(api_url: str, token: str) -> AsyncIterator[LineAdmin]:
    """Open the SDK's client inside the running loop, and close it."""
    async with AsyncApiClient(Configuration(access_token=token, host=api_url)) as client:
        yield LineAdmin(AsyncMessagingApi(client))


async def _ask(call: Callable[..., Awaitable[Answer]], *arguments: Any) -> Answer:
    try:
        return await call(*arguments, _request_timeout=REQUEST_TIMEOUT_S)
    except ApiException as error:
        raise to_line_error(error.status or 500, _read(error.body), error.headers or {}) from None
    except (TimeoutError, aiohttp.ClientError) as error:
        raise LineUnreachableError from error


def _read(body: str | bytes | None) -> object:
    try:
        return orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        return {}
