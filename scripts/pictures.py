"""Takes the README's pictures from a running demo: `python -m scripts.pictures http://127.0.0.1:8081`.

Each picture is a phone's screen after one message of the demo was sent; the last one is the public page of the article.
With `--data-pages`, and the server's address instead of the chat's, it takes those of the data pages.
"""

import asyncio
import shutil
from pathlib import Path

import click
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from scripts.simulator.web.samples import load_samples

FOLDER = Path(__file__).resolve().parent.parent / ".github" / "images"
PHONE: ViewportSize = {"width": 390, "height": 844}
SCENES = {"answer": "冰箱放可樂滅火", "candidates": "數字被改掉", "no-match": "沒人查過的說法"}
"""Picture, and the message to try (`scripts/simulator/web/samples.json`) that it shows the answer to."""
DATA_PAGES = {"stats": "/stats#articles", "theme-map": "/stats/map", "data": "/data"}
DESK: ViewportSize = {"width": 900, "height": 860}
ARTICLE_BUTTON = "看完整查證"
SETTLED_MS = 800


@click.command()
@click.argument("url")
@click.option("--data-pages", is_flag=True, help="URL is the server's; take the statistics, the theme map and /data.")
def main(url: str, data_pages: bool) -> None:
    """Write the pictures of the demo at URL into .github/images."""
    asyncio.run(_take_data_pages(url) if data_pages else _take_all(url))


async def _take_data_pages(url: str) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = await browser.new_page(viewport=DESK, locale="zh-TW")
        for name, path in DATA_PAGES.items():
            await page.goto(url.rstrip("/") + path)
            await page.wait_for_timeout(SETTLED_MS)
            await page.screenshot(path=FOLDER / f"{name}.png")
        await browser.close()


async def _take_all(url: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-background-networking"]
        )
        page = await _open(browser, url)
        for name, title in SCENES.items():
            await _ask(page, title)
            await page.screenshot(path=FOLDER / f"{name}.png")
            if name == "answer":
                await _take_article(page)
        await browser.close()


async def _open(browser: Browser, url: str) -> Page:
    page = await browser.new_page(viewport=PHONE, device_scale_factor=2, locale="zh-TW")
    await page.goto(url)
    await page.wait_for_timeout(SETTLED_MS)
    return page


async def _ask(page: Page, title: str) -> None:
    """Send one of the messages to try, and bring it to the top of the screen with its answer below."""
    before = await page.locator(".entry.bot").count()
    await page.locator("#text").fill(next(sample.text for sample in load_samples() if sample.title == title))
    await page.locator("#text").press("Enter")
    await page.locator(".entry.bot").nth(before).wait_for()
    await page.wait_for_timeout(SETTLED_MS)
    await page.locator(".entry.bot").nth(before).evaluate("(entry) => entry.scrollIntoView({block: 'start'})")
    await page.wait_for_timeout(SETTLED_MS)


async def _take_article(page: Page) -> None:
    async with page.context.expect_page() as opened:
        await page.locator(".entry.bot button", has_text=ARTICLE_BUTTON).last.click()
    article = await opened.value
    await article.set_viewport_size(PHONE)
    await article.wait_for_load_state()
    await article.screenshot(path=FOLDER / "article.png")
    await article.close()


if __name__ == "__main__":
    main()
