"""Fetching a page that somebody named: bounded in time, size, kind and number of redirects, and only from outside.

Addresses come from strangers. Each address of each redirect must be public, and the connection is made to the very
address that was checked. Nothing here runs while somebody waits for an answer.
"""

import asyncio
import zlib
from dataclasses import dataclass
from urllib.parse import urljoin

from aiohttp import ClientError, ClientResponse, ClientSession
from yarl import URL

from moderation.page_text import HTML, read_page
from moderation.public_addresses import PrivateAddressError, Resolve, check_url, open_outside, resolve

MAX_BYTES = 2_000_000
MAX_SECONDS = 12.0
MAX_REDIRECTS = 5

READABLE = HTML | {"text/plain", "application/pdf"}
HEADERS = {
    "User-Agent": "chaming (fact-checking; looks at pages that volunteers cite)",
    "Accept": "text/html,application/xhtml+xml,text/plain;q=0.8,application/pdf;q=0.7",
    "Accept-Encoding": "gzip",
}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class FetchError(Exception):
    """The page cannot be fetched.

    FetchError
    ├── RefusedAddressError      not http(s), another port, a name or password in it, or not a public address
    ├── UnreachableError         no such name, no connection, or the connection broke
    ├── SlowPageError            it took too long
    ├── TooManyRedirectsError    it leads on and on
    ├── UnreadableError          neither a web page nor a text nor a PDF
    └── MissingPageError         the site says there is nothing (404, 410), or that it will not show it
    """

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class RefusedAddressError(FetchError):
    """This address is not one of a public web page."""


class UnreachableError(FetchError):
    """The site cannot be reached."""


class SlowPageError(FetchError):
    """The site took too long."""


class TooManyRedirectsError(FetchError):
    """The page leads on to other addresses without end."""


class UnreadableError(FetchError):
    """This is neither a web page nor a text nor a PDF."""


class MissingPageError(FetchError):
    """The site says that it has no such page, or does not show it."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status

    @property
    def is_gone(self) -> bool:
        """The page is not there any more, as opposed to a site that shows it to no program or is ill today."""
        return self.status in {404, 410}


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """A page that was there."""

    url: str
    """The address asked for."""
    final_url: str
    """Where it led."""
    status: int
    content_type: str
    title: str
    """Empty where it has none."""
    text: str
    """Its words, without menus and scripts; empty for a PDF."""


class BoundedFetcher:
    """Fetches pages. Holds nothing open between two of them, no cookie and no connection."""

    def __init__(
        self,
        *,
        seconds: float = MAX_SECONDS,
        max_bytes: int = MAX_BYTES,
        loopback_ports: frozenset[int] = frozenset(),
        ask: Resolve = resolve,
    ) -> None:
        """`loopback_ports` and `ask` are for tests: this machine's ports that may be fetched from, and its DNS."""
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._loopback_ports = loopback_ports
        self._ask = ask

    async def fetch(self, url: str) -> FetchedPage:
        """Fetch a page. Raises `FetchError`."""
        try:
            async with (
                asyncio.timeout(self._seconds),
                open_outside(self._loopback_ports, self._seconds, headers=HEADERS, ask=self._ask) as session,
            ):
                return await self._follow(session, url)
        except PrivateAddressError:
            raise RefusedAddressError from None
        except TimeoutError:
            raise SlowPageError from None
        except (ClientError, OSError, ValueError, zlib.error):
            raise UnreachableError from None

    async def _follow(self, session: ClientSession, url: str) -> FetchedPage:
        current = url
        for _ in range(MAX_REDIRECTS + 1):
            current = check_url(current, self._loopback_ports)
            async with session.get(URL(current, encoded=True), allow_redirects=False) as response:
                location = response.headers.get("Location")
                if response.status not in _REDIRECTS or not location:
                    return await self._read(url, current, response)
            current = urljoin(current, location)
        raise TooManyRedirectsError

    async def _read(self, url: str, final_url: str, response: ClientResponse) -> FetchedPage:
        if response.status >= 300:
            raise MissingPageError(response.status)
        if response.content_type not in READABLE:
            raise UnreadableError
        body = b"" if response.content_type == "application/pdf" else await self._read_body(response)
        title, text = await asyncio.to_thread(read_page, body, response.content_type, response.charset)
        return FetchedPage(url, final_url, response.status, response.content_type, title, text)

    async def _read_body(self, response: ClientResponse) -> bytes:
        """The beginning of the body, unpacked: a small file that unpacks to gigabytes is cut like any other."""
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in {"identity", "", "gzip"}:
            raise UnreadableError
        unpacker = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
        body = bytearray()
        async for chunk in response.content.iter_any():
            left = self._max_bytes - len(body)
            body += unpacker.decompress(chunk, left) if unpacker else chunk[:left]
            if len(body) >= self._max_bytes:
                break
        return bytes(body)
