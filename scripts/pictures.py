"""Takes the README's pictures from a running demo: `python -m scripts.pictures http://127.0.0.1:8081`.

Each picture is a phone's screen after one message of the demo was sent; the last one is the public page of the article.
With `--data-pages`, and the server's address instead of the chat's, it takes those of the data pages; with `--desk`,
and the link that signs the demo's reviewer in, those of the volunteers' desk (a task is claimed, a draft begun); with
`--larger`, and the folder that `python -m scripts.gallery FOLDER --png` has filled, the one of larger text.
"""

import asyncio
import io
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urljoin

import click
from PIL import Image
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


LARGER = ("answer-verified", "consent-cut", "contradicted")
"""Scenes of the gallery that show larger text side by side."""
WIDE: ViewportSize = {"width": 1280, "height": 800}
DRAFT = "請先不要點連結，也不要填個人資料。我正在向主辦單位求證，這是還沒送出的草稿。"
PREVIEWED_MS = 2500
GAP = 24
SHEET = (1300, 1500)
"""As large as a sheet of several screens may be."""
QUALITY = 80


@click.command()
@click.argument("place")
@click.option("--data-pages", "what", flag_value="data", help="PLACE is the server: take statistics, theme map, /data.")
@click.option("--desk", "what", flag_value="desk", help="PLACE is the sign-in link that the demo prints.")
@click.option("--larger", "what", flag_value="larger", help="PLACE is the gallery's folder.")
def main(place: str, what: str | None) -> None:
    """Write the pictures of the demo at PLACE into .github/images."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    if what == "larger":
        scenes = [Image.open(Path(place) / f"chat-larger.zh_Hant.{name}.png") for name in LARGER]
        sheet = _beside(scenes)
        sheet.thumbnail(SHEET)
        _save("chat-larger", sheet)
    else:
        asyncio.run({"data": _take_data_pages, "desk": _take_desk, None: _take_all}[what](place))


@asynccontextmanager
async def _browser() -> AsyncIterator[Browser]:
    arguments = ["--no-sandbox", "--disable-background-networking"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        yield browser
        await browser.close()


async def _shoot(page: Page) -> Image.Image:
    return Image.open(io.BytesIO(await page.screenshot()))


def _beside(pictures: Sequence[Image.Image]) -> Image.Image:
    """All of them side by side on one sheet."""
    width = sum(picture.width + GAP for picture in pictures) - GAP
    sheet = Image.new("RGB", (width, max(picture.height for picture in pictures)), "#8c8c8c")
    left = 0
    for picture in pictures:
        sheet.paste(picture, (left, 0))
        left += picture.width + GAP
    return sheet


def _save(name: str, picture: Image.Image) -> None:
    picture.convert("RGB").save(FOLDER / f"{name}.webp", quality=QUALITY, method=6)


async def _take_data_pages(url: str) -> None:
    async with _browser() as browser:
        page = await browser.new_page(viewport=DESK, locale="zh-TW")
        for name, path in DATA_PAGES.items():
            await page.goto(url.rstrip("/") + path)
            await page.wait_for_timeout(SETTLED_MS)
            _save(name, await _shoot(page))


async def _take_desk(link: str) -> None:
    async with _browser() as browser:
        context = await browser.new_context(viewport=PHONE, device_scale_factor=1.5, locale="zh-TW")
        page = await context.new_page()
        await page.goto(link)
        await page.locator("main form button").first.click()
        await page.wait_for_url("**/review/")
        queue = await _shoot(page)
        await page.get_by_role("button", name="認領並回應").nth(2).click()
        await page.wait_for_url("**/write")
        await page.locator("[name=verdict]").first.check()
        await page.locator("#text").fill(DRAFT)
        await page.wait_for_timeout(PREVIEWED_MS)
        writing = await _shoot(page)
        await page.get_by_role("heading", name="在 LINE 上的樣子").evaluate("(title) => title.scrollIntoView()")
        await page.wait_for_timeout(SETTLED_MS)
        sheet = _beside([queue, writing, await _shoot(page)])
        sheet.thumbnail(SHEET)
        _save("console-phone", sheet)
        await page.emulate_media(color_scheme="dark")
        await page.set_viewport_size(WIDE)
        await page.goto(urljoin(link, "/review/"))
        _save("console-queue-dark", await _shoot(page))


async def _take_all(url: str) -> None:
    async with _browser() as browser:
        page = await _open(browser, url)
        for name, title in SCENES.items():
            await _ask(page, title)
            _save(name, await _shoot(page))
            if name == "answer":
                await _take_article(page)


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
    _save("article", await _shoot(article))
    await article.close()


if __name__ == "__main__":
    main()
