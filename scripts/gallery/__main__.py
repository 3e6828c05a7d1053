"""`python -m scripts.gallery FOLDER`: an HTML page a language, for usual and for larger text.

With `--png` also a picture of each scene at a phone's width and one of all of them, drawn by headless Chromium (`pip
install playwright`).
"""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click

from bot.bubbles.view import View
from bot.buttons import Buttons
from bot.pseudonyms import Pseudonyms
from bot.wording import Wordings, Words, load_wordings
from scripts.gallery.drawing import article_html, chat_html, draw
from scripts.gallery.more_scenes import PUBLIC_URL
from scripts.gallery.sample import SAMPLE, Sample, load_sample
from scripts.gallery.scenes import scenes

KEY = "only for pictures"


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--sample", type=click.Path(exists=True, file_okay=False, path_type=Path), default=SAMPLE)
@click.option("--png", is_flag=True, help="Draw pictures too, with headless Chromium.")
@click.option("--chromium", default="/usr/bin/chromium", show_default=True, help="Where Chromium is.")
def main(folder: Path, sample: Path, png: bool, chromium: str) -> None:
    """Write the gallery into FOLDER."""
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(_write(folder, sample, chromium if png else None))


async def _write(folder: Path, sample_folder: Path, chromium: str | None) -> None:
    sample = await load_sample(sample_folder)
    wordings = load_wordings()
    written = [
        _save(folder / f"{name}.{language}.html", html)
        for language, words in wordings.items()
        for name, html in _pages(_usual(words), wordings, sample)
    ]
    written += [
        _save(folder / f"chat-larger.{language}.html", chat_html(list(scenes(_larger(words), sample))))
        for language, words in wordings.items()
    ]
    if chromium:
        await draw(written, folder, chromium)


def _usual(words: Words) -> View:
    return View(words, Buttons(KEY), PUBLIC_URL, pseudonyms=Pseudonyms(KEY))


def _larger(words: Words) -> View:
    """What somebody sees who has asked for larger text."""
    return replace(_usual(words), large=True)


def _pages(view: View, wordings: Wordings, sample: Sample) -> Iterator[tuple[str, str]]:
    yield "chat", chat_html(list(scenes(view, sample)))
    for verdict, found in sample.by_verdict.items():
        yield f"article-{verdict.value.lower()}", article_html(view, wordings, found[0])
    yield "article-disputed", article_html(view, wordings, sample.disputed)


def _save(path: Path, html: str) -> Path:
    path.write_text(html, "utf-8")
    return path.resolve()


if __name__ == "__main__":
    main()
