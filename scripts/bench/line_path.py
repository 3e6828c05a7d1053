"""Both ends of a message's path as bare sockets, so that what is measured is the server: the sender, and LINE."""

import asyncio
import base64
import hmac
import time
from typing import cast
from urllib.parse import urlsplit

from scripts.bench.installation import SECRET

REPLY = b"POST /v2/bot/message/reply "
TAKEN = b'{"sentMessages":[{"id":"1"}]}'
HTTP_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(TAKEN), TAKEN)


def signed(body: bytes) -> dict[str, str]:
    """The headers of a webhook with this body."""
    digest = hmac.digest(SECRET.encode(), body, "sha256")
    return {"X-Line-Signature": base64.b64encode(digest).decode(), "Content-Type": "application/json"}


class ReplySocket(asyncio.Protocol):
    """Answers every call as LINE would, and notes when the first byte of a reply call came."""

    arrived: asyncio.Future[float]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._read = b""

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        self._read += data
        if self._read.startswith(REPLY) and not ReplySocket.arrived.done():
            ReplySocket.arrived.set_result(now)
        head, found, body = self._read.partition(b"\r\n\r\n")
        if found and len(body) >= content_length(head):
            self._read = b""
            self._transport.write(HTTP_OK)


def content_length(head: bytes) -> int:
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return int(lengths[0].partition(b":")[2]) if lengths else 0


class WebhookSender:
    """One kept-alive connection to `/callback`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, url: str) -> "WebhookSender":
        address = urlsplit(url)
        return cls(*await asyncio.open_connection(address.hostname, address.port))

    async def send(self, body: bytes) -> float:
        """Deliver a webhook; returns when it was sent. Raises ConnectionError unless the answer is 200."""
        fields = {"Host": "bench", "Content-Length": str(len(body)), **signed(body)}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        request = f"POST /callback HTTP/1.1\r\n{head}\r\n".encode() + body
        sent = time.perf_counter()
        self._writer.write(request)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        await self._reader.readexactly(content_length(answer))
        if not answer.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(answer.partition(b"\r\n")[0].decode())
        return sent

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()
