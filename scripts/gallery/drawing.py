"""Scenes and article pages as HTML, and pictures of them by headless Chromium."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

import jinja2

from bot.article_page import to_page
from bot.bubbles.view import View
from bot.flex_html import FLEX_CSS, message_html
from bot.pages import read_style
from bot.wording import Wordings
from scripts.gallery.more_scenes import Scene
from scripts.gallery.sheet import write_sheet
from storage.articles import ArticlePage

WIDTH = 390
"""CSS pixels across: a phone of today."""

CHAT_CSS = """body{margin:0;background:#8cabd9;font-family:sans-serif}
section{width:390px;padding:12px;box-sizing:border-box;background:#8cabd9}
h2{font-size:13px;color:#1a2a44;margin:0 0 8px}.lm{margin:0 0 10px}
"""


def chat_html(shown: Sequence[Scene]) -> str:
    """One page with all scenes below one another, each as wide as a phone."""
    sections = [
        f'<section id="{escape(name)}"><h2>{escape(name)}</h2>{"".join(map(message_html, messages))}</section>'
        for name, messages in shown
    ]
    return f'<!doctype html><meta charset="utf-8"><style>{CHAT_CSS}{FLEX_CSS}</style>{"".join(sections)}'


def article_html(view: View, wordings: Wordings, page: ArticlePage) -> str:
    """The public page, by its own template."""
    environment = jinja2.Environment(loader=jinja2.PackageLoader("bot"), autoescape=True, trim_blocks=True)
    return environment.get_template("article.html").render(
        words=view.words, wordings=wordings, style=read_style(), page=to_page(view, page)
    )


async def draw(pages: Sequence[Path], folder: Path, chromium: str) -> None:
    """A picture of each scene, of all of them together, and of each article page, beside the HTML."""
    from playwright.async_api import async_playwright  # a developer's tool, not needed for the HTML

    async with async_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-background-networking"]
        browser = await playwright.chromium.launch(executable_path=chromium, args=arguments)
        page = await browser.new_page(viewport={"width": WIDTH, "height": 844}, device_scale_factor=2)
        for html in pages:
            await page.goto(html.as_uri())
            sections = await page.locator("body > section").all()
            scenes = [folder / f"{html.stem}.{await section.get_attribute('id')}.png" for section in sections]
            for section, path in zip(sections, scenes, strict=True):
                await section.screenshot(path=path)
            if scenes:
                write_sheet(scenes, folder / f"every-bubble.{html.stem}.webp")
            else:
                await page.screenshot(path=folder / f"{html.stem}.png", full_page=True)
        await browser.close()
