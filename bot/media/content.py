"""The bytes of what people send, from LINE's data host: streamed, limited in size and in time.

    LineError
    └── ContentError
        ├── ContentNotReadyError    202: LINE is still preparing it        may retry
        ├── ContentGoneError        404, 410: taken back, or too old
        └── ContentTooLargeError    more bytes than are taken

LINE keeps a message's content for a while, so nothing of it is stored here before the person has agreed to publish it:
it is fetched once more then.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import aiohttp

from bot.line_client import choose_tokens
from bot.line_errors import LineError, LineUnreachableError, UnauthorizedError, to_line_error
from bot.line_tokens import TokenSource
from bot.metrics import Metrics
from bot.settings import Settings

FETCH_WITHIN_S = 15.0
CHUNK = 64 * 1024
PAUSES_S = (0.2, 0.4, 0.8, 1.6, 3.0)
"""While LINE says 202. What is not ready then is tried again by the inbox, later and after a restart too."""


class ContentError(LineError):
    """LINE does not hand out a message's content."""


class ContentNotReadyError(ContentError):
    """LINE is still preparing the content."""

    may_retry = True


class ContentGoneError(ContentError):
    """The content was taken back, or LINE does not keep it any more."""


class ContentTooLargeError(ContentError):
    """The content has more bytes than are taken."""


class ContentClient:
    """Fetches messages' content. Raises LineError and nothing else."""

    def __init__(self, *, data_url: str, tokens: TokenSource, metrics: Metrics, session: aiohttp.ClientSession) -> None:
        self._data_url = data_url
        self._tokens = tokens
        self._metrics = metrics
        self._session = session

    async def close(self) -> None:
        await self._session.close()

    async def fetch(self, message_id: str, *, limit: int) -> bytes:
        """The content, of at most `limit` bytes."""
        data = bytearray()
        async for chunk in self._chunks(message_id, limit):
            data += chunk
        return bytes(data)

    async def save(self, message_id: str, path: Path, *, limit: int) -> None:
        """Write the content to a file: a video is too large to be held, and programs want a file."""
        with path.open("wb") as file:
            async for chunk in self._chunks(message_id, limit):
                await asyncio.to_thread(file.write, chunk)

    async def _chunks(self, message_id: str, limit: int) -> AsyncIterator[bytes]:
        started, result = time.perf_counter(), "ok"
        try:
            async with asyncio.timeout(FETCH_WITHIN_S), self._ready(message_id) as response:
                taken = 0
                if (response.content_length or 0) > limit:
                    raise ContentTooLargeError(status=200)
                async for chunk in response.content.iter_chunked(CHUNK):
                    taken += len(chunk)
                    if taken > limit:  # a length that was not told, or a wrong one
                        raise ContentTooLargeError(status=200)
                    yield chunk
        except LineError as error:
            result = error.code
            raise
        except (TimeoutError, aiohttp.ClientError) as error:
            result = LineUnreachableError.__name__
            raise LineUnreachableError from error
        finally:
            self._metrics.line_calls.labels("content", result).inc()
            self._metrics.line_seconds.labels("content").observe(time.perf_counter() - started)

    @asynccontextmanager
    async def _ready(self, message_id: str) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer that has the content: asked again while LINE prepares it, and once with a new token."""
        may_renew = True
        pauses = iter(PAUSES_S)
        while True:
            token = await self._tokens.get()
            async with self._request(message_id, token) as response:
                if response.status == 200:
                    yield response
                    return
                error = await _to_error(response)
            if isinstance(error, ContentNotReadyError) and (pause := next(pauses, None)) is not None:
                await asyncio.sleep(pause)
            elif isinstance(error, UnauthorizedError) and may_renew and self._tokens.forget(token):
                may_renew = False
            else:
                raise error

    def _request(self, message_id: str, token: str) -> aiohttp.client._RequestContextManager:
        url = f"{self._data_url}/v2/bot/message/{quote(message_id, safe='')}/content"
        return self._session.get(url, headers={"Authorization": f"Bearer {token}"}, allow_redirects=False)


async def _to_error(response: aiohttp.ClientResponse) -> LineError:
    if response.status == 202:
        return ContentNotReadyError(status=202)
    if response.status in (404, 410):
        return ContentGoneError(status=response.status)
    return to_line_error(response.status, {}, response.headers)


def open_content_client(settings: Settings, metrics: Metrics) -> ContentClient:
    """Make the process' client; call it inside the running loop, and close it."""
    session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None), connector=aiohttp.TCPConnector(limit=16))
    return ContentClient(
        data_url=settings.line_data_url, tokens=choose_tokens(settings, session), metrics=metrics, session=session
    )
