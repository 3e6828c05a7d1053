"""One headless Chromium a test, without a network of its own."""

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright, expect

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ["--no-sandbox", "--disable-background-networking"]
"""As root Chromium needs the first; the second keeps it from calling home."""
BUSY_MS = 60_000
"""How long a busy machine may take for what an idle one does at once."""
expect.set_options(timeout=BUSY_MS)


def find_chromium() -> str:
    """Return the path of the machine's Chromium; a missing one fails the test with what to do."""
    found = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if found is None:
        pytest.fail(
            "No Chromium on this machine. On Debian: apt-get install chromium fonts-noto-cjk (or -m 'not browser')"
        )
    return found


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS, timeout=2 * BUSY_MS)
        yield opened
        await opened.close()
