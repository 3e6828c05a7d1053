"""The titles of pages that messages link to, fetched beside the answer and never before it, where a setting allows.

A message that is only a link is first matched by the link itself. If that finds nothing sure, the page is fetched in
the background while the person reads, and a button looks the title up. Titles are kept in memory for an hour.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

import structlog

from moderation.fetching import FetchError
from retrieval.normalise import matching_key
from retrieval.urls import find_urls, strip_urls

KEEP_S = 3600.0
MAX_TITLES = 1_000
AT_ONCE = 4
MAX_PENDING = 50
WAIT_S = 4.0
"""How long a press waits for a page that is still being fetched."""

log = structlog.get_logger()


class Page(Protocol):
    @property
    def title(self) -> str: ...


class Fetcher(Protocol):
    """What `moderation.fetching.BoundedFetcher` is."""

    async def fetch(self, url: str) -> Page: ...


def find_only_url(text: str) -> str | None:
    """The link that is all the text says; None when there is more to it, or none."""
    urls = find_urls(text)
    is_alone = len(urls) == 1 and not matching_key(strip_urls(text))
    if not is_alone:
        return None
    return urls[0] if "://" in urls[0] else f"http://{urls[0]}"


class LinkTitles:
    """Fetches titles, a few at a time; without a fetcher it fetches none."""

    def __init__(self, fetcher: Fetcher | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._titles: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._pending: dict[str, asyncio.Task[None]] = {}
        self._gate = asyncio.Semaphore(AT_ONCE)

    @property
    def is_on(self) -> bool:
        return self._fetcher is not None

    def begin(self, url: str) -> None:
        """Fetch the page's title in the background, unless it is known, on its way, or too much is."""
        if self._fetcher is None or self._known(url) is not None or url in self._pending:
            return
        if len(self._pending) < MAX_PENDING:
            task = self._pending[url] = asyncio.create_task(self._fetch(self._fetcher, url), name="link-title")
            task.add_done_callback(lambda _: self._pending.pop(url, None))

    async def find(self, url: str) -> str | None:
        """The title; waits a moment for one that is on its way. None: not known, empty, or not there yet."""
        self.begin(url)
        task = self._pending.get(url)
        if task is not None:
            await asyncio.wait([task], timeout=WAIT_S)
        return self._known(url) or None

    async def close(self) -> None:
        for task in list(self._pending.values()):
            task.cancel()
        await asyncio.gather(*self._pending.values(), return_exceptions=True)

    def _known(self, url: str) -> str | None:
        kept = self._titles.get(url)
        return kept[1] if kept is not None and kept[0] > self._clock() else None

    async def _fetch(self, fetcher: Fetcher, url: str) -> None:
        title = ""
        async with self._gate:
            try:
                title = (await fetcher.fetch(url)).title.strip()
            except FetchError as error:
                log.info("link_not_fetched", error=type(error).__name__)
        self._titles[url] = (self._clock() + KEEP_S, title)
        while len(self._titles) > MAX_TITLES:
            self._titles.popitem(last=False)
