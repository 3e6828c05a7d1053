"""The bounded fetcher against a server on this machine that behaves as badly as servers can."""

import asyncio
import gzip
import time
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from moderation.fetching import (
    MAX_REDIRECTS,
    BoundedFetcher,
    FetchError,
    MissingPageError,
    RefusedAddressError,
    SlowPageError,
    TooManyRedirectsError,
    UnreachableError,
    UnreadableError,
)
from moderation.public_addresses import is_public

pytestmark = pytest.mark.slow

PAGE = """<html><head><title> Ministry &amp; friends:
 garlic </title><style>p{}</style></head>
<body><nav>Menu</nav><script>alert(1)</script><p>Garlic does not cure.</p><p>Really.</p></body></html>"""

DEEP = {
    "nested": "<div>",
    "open": "<a ",
    "comments": "<!--",
    "scripts": "<script>",
    "quotes": "<meta content='",
    "dashes": "-",
}


class BadServer:
    """Pages by path; what it was asked for is in `seen`."""

    def __init__(self) -> None:
        self.seen: list[web.Request] = []
        self.url = ""
        self.port = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request)
        match request.path.split("/")[1]:
            case "page":
                return web.Response(text=PAGE, content_type="text/html", headers={"Set-Cookie": "a=b"})
            case "to":
                return web.Response(status=302, headers={"Location": request.query["url"]})
            case "on":
                number = int(request.path.split("/")[2])
                return web.Response(status=302, headers={"Location": f"/on/{number + 1}"})
            case "big5":
                body = "<html><head><title>食藥署：大蒜</title></head></html>".encode("cp950")
                return web.Response(body=body, headers={"Content-Type": "text/html; charset=big5"})
            case "meta":
                body = "<meta charset=big5><title>食藥署</title>".encode("cp950")
                return web.Response(body=body, headers={"Content-Type": "text/html"})
            case "bomb":
                body = gzip.compress(b"<title>bomb</title>" + b" " * 200_000_000, 9)
                return web.Response(body=body, headers={"Content-Type": "text/html", "Content-Encoding": "gzip"})
            case "broken":
                return web.Response(body=b"no gzip", headers={"Content-Type": "text/html", "Content-Encoding": "gzip"})
            case "drip":
                return await self._drip(request)
            case "zip":
                return web.Response(body=b"PK", content_type="application/zip")
            case "pdf":
                return web.Response(body=b"%PDF", content_type="application/pdf")
            case "deep":
                kind = request.path.split("/")[2]
                return web.Response(text="<title>deep</title>" + DEEP[kind] * 300_000, content_type="text/html")
            case status:
                return web.Response(status=int(status), text="no")

    async def _drip(self, request: web.Request) -> web.StreamResponse:
        """One byte at a time, for ever: each arrives in time, the whole never does."""
        response = web.StreamResponse(headers={"Content-Type": "text/html"})
        await response.prepare(request)
        try:
            while True:
                await response.write(b" ")
                await asyncio.sleep(0.02)
        except (ConnectionError, asyncio.CancelledError):
            return response


@pytest.fixture
async def server() -> AsyncIterator[BadServer]:
    bad = BadServer()
    app = web.Application()
    app.router.add_get("/{path:.*}", bad.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    bad.port = runner.addresses[0][1]
    bad.url = f"http://127.0.0.1:{bad.port}"
    yield bad
    await runner.cleanup()


@pytest.fixture
def fetcher(server: BadServer) -> BoundedFetcher:
    return BoundedFetcher(seconds=60, loopback_ports=frozenset({server.port}))


async def test_it_reads_title_and_words_of_a_page(server: BadServer, fetcher: BoundedFetcher) -> None:
    page = await fetcher.fetch(f"{server.url}/to?url=/page%23part")

    assert page.title == "Ministry & friends: garlic"
    assert page.text == "Garlic does not cure.\nReally."
    assert (page.status, page.content_type, page.final_url) == (200, "text/html", f"{server.url}/page")


async def test_it_reads_big5_as_taiwan_writes_it(server: BadServer, fetcher: BoundedFetcher) -> None:
    assert (await fetcher.fetch(f"{server.url}/big5")).title == "食藥署：大蒜"
    assert (await fetcher.fetch(f"{server.url}/meta")).title == "食藥署"


async def test_it_sends_no_cookie_it_was_given(server: BadServer, fetcher: BoundedFetcher) -> None:
    await fetcher.fetch(f"{server.url}/page")
    await fetcher.fetch(f"{server.url}/page")

    assert [request.headers.get("Cookie") for request in server.seen] == [None, None]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://example.org:22/",
        "http://user:secret@example.org/",
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f.0.0.1/",
        "http://0/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://10.1.2.3/",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.64.0.1/",
        "http://224.0.0.1/",
        "http://[fe80::1]/",
        "http://[fd00::1]/",
        "http://localhost/",
        "http:///",
        "not an address",
        f"http://example.org/{'a' * 3000}",
    ],
)
async def test_it_refuses_what_is_no_public_page(url: str) -> None:
    with pytest.raises(RefusedAddressError):
        await BoundedFetcher(seconds=5).fetch(url)


async def test_it_refuses_another_port_of_this_machine(server: BadServer, fetcher: BoundedFetcher) -> None:
    with pytest.raises(RefusedAddressError):
        await fetcher.fetch("http://127.0.0.1:80/")


@pytest.mark.parametrize("target", ["http://169.254.169.254/", "http://[::1]/", "file:///etc/passwd", "//10.0.0.1/"])
async def test_it_refuses_a_redirect_to_the_inside(server: BadServer, fetcher: BoundedFetcher, target: str) -> None:
    with pytest.raises(RefusedAddressError):
        await fetcher.fetch(f"{server.url}/to?url={target}")


@pytest.mark.parametrize("answers", [["10.0.0.1"], ["93.184.215.14", "127.0.0.1"], ["::ffff:192.168.1.1"]])
async def test_it_refuses_a_name_that_leads_inside(answers: list[str]) -> None:
    async def ask(host: str, port: int) -> list[str]:
        return answers

    with pytest.raises(RefusedAddressError):
        await BoundedFetcher(seconds=5, ask=ask).fetch("http://rebound.example/")


async def test_it_connects_to_the_address_that_was_looked_at(server: BadServer) -> None:
    asked: list[str] = []

    async def ask(host: str, port: int) -> list[str]:
        """Public-looking the first time only, as a name that rebinds."""
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    fetcher = BoundedFetcher(seconds=60, loopback_ports=frozenset({server.port}), ask=ask)

    page = await fetcher.fetch(f"http://named.example:{server.port}/page")

    assert (page.status, asked) == (200, ["named.example"])


async def test_it_asks_anew_for_the_name_behind_a_redirect(server: BadServer) -> None:
    answers = iter([["127.0.0.1"], ["192.168.0.1"]])

    async def ask(host: str, port: int) -> list[str]:
        return next(answers)

    fetcher = BoundedFetcher(seconds=60, loopback_ports=frozenset({server.port}), ask=ask)

    with pytest.raises(RefusedAddressError):
        await fetcher.fetch(f"http://named.example:{server.port}/to?url=/page")


async def test_it_follows_no_chain_without_end(server: BadServer, fetcher: BoundedFetcher) -> None:
    with pytest.raises(TooManyRedirectsError):
        await fetcher.fetch(f"{server.url}/on/1")

    assert len(server.seen) == MAX_REDIRECTS + 1


async def test_it_gives_up_a_page_that_drips(server: BadServer) -> None:
    fetcher = BoundedFetcher(seconds=0.3, loopback_ports=frozenset({server.port}))

    with pytest.raises(SlowPageError):
        await fetcher.fetch(f"{server.url}/drip")


async def test_it_unpacks_no_more_of_a_bomb_than_it_reads(server: BadServer, fetcher: BoundedFetcher) -> None:
    page = await fetcher.fetch(f"{server.url}/bomb")

    assert (page.title, page.text) == ("bomb", "")


@pytest.mark.parametrize("kind", DEEP)
async def test_it_reads_html_made_to_take_for_ever(server: BadServer, fetcher: BoundedFetcher, kind: str) -> None:
    began = time.process_time()

    assert (await fetcher.fetch(f"{server.url}/deep/{kind}")).title == "deep"
    assert time.process_time() - began < 5


async def test_it_knows_a_pdf_without_reading_it(server: BadServer, fetcher: BoundedFetcher) -> None:
    page = await fetcher.fetch(f"{server.url}/pdf")

    assert (page.content_type, page.title, page.text) == ("application/pdf", "", "")


@pytest.mark.parametrize(
    ("path", "error"),
    [("zip", UnreadableError), ("broken", UnreachableError), ("404", MissingPageError), ("503", MissingPageError)],
)
async def test_it_says_what_is_wrong(
    server: BadServer, fetcher: BoundedFetcher, path: str, error: type[FetchError]
) -> None:
    with pytest.raises(error):
        await fetcher.fetch(f"{server.url}/{path}")


@pytest.mark.parametrize(("status", "gone"), [(404, True), (410, True), (403, False), (500, False)])
async def test_it_tells_a_page_that_is_gone_from_a_site_that_is_ill(
    server: BadServer, fetcher: BoundedFetcher, status: int, gone: bool
) -> None:
    with pytest.raises(MissingPageError) as caught:
        await fetcher.fetch(f"{server.url}/{status}")

    assert caught.value.is_gone == gone


def test_it_knows_public_addresses() -> None:
    assert all(map(is_public, ["8.8.8.8", "2606:4700:4700::1111", "64:ff9b::808:808"]))
