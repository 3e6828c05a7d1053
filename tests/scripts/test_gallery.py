"""The gallery shows every bubble from the shipped sample, each of them one that LINE takes."""

import sys
from importlib import import_module
from inspect import isfunction
from itertools import product
from pathlib import Path
from pkgutil import iter_modules
from types import FrameType

import pytest
from click.testing import CliRunner

from bot import bubbles
from bot.bubbles.view import View
from bot.buttons import Buttons
from bot.flex_html import message_html
from bot.outcome import MAX_MESSAGES
from bot.wording import LANGUAGES, load_wordings
from scripts.gallery.__main__ import main
from scripts.gallery.more_scenes import PUBLIC_URL
from scripts.gallery.sample import SAMPLE, load_sample
from scripts.gallery.scenes import scenes
from scripts.simulator.validator import message_problems

pytestmark = pytest.mark.slow


async def test_every_scene_is_one_that_line_takes() -> None:
    sample = await load_sample(SAMPLE)
    buttons = Buttons("a secret for tests")
    for words, large in product(load_wordings().values(), (False, True)):
        shown = list(scenes(View(words, buttons, PUBLIC_URL, large), sample))
        assert len({name for name, _ in shown}) == len(shown) >= 50
        for name, messages in shown:
            assert 0 < len(messages) <= MAX_MESSAGES + 1, name
            for message in messages:
                assert message_problems(message) == [], name
                assert "lm" in message_html(message)


async def test_every_function_that_makes_a_message_is_in_it() -> None:
    sample, called = await load_sample(SAMPLE), set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            called.add(frame.f_code)

    sys.setprofile(note)
    try:
        list(scenes(View(load_wordings()["zh_Hant"], Buttons("a secret for tests"), PUBLIC_URL), sample))
    finally:
        sys.setprofile(None)
    modules = [import_module(f"{bubbles.__name__}.{found.name}") for found in iter_modules(bubbles.__path__)]
    makers = [made for module in modules for made in vars(module).values() if isfunction(made)]
    missing = {made.__qualname__ for made in makers if "Part" in str(made.__annotations__)} - {
        made.__qualname__ for made in makers if made.__code__ in called
    }
    assert missing == set()


def test_it_writes_a_page_a_language(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, [str(tmp_path)])
    assert result.exit_code == 0, result.output
    written = {path.name for path in tmp_path.iterdir()}
    kinds = ("chat", "chat-larger")
    assert {f"{kind}.{language}.html" for kind in kinds for language in LANGUAGES} <= written
    assert "article-rumor.zh_Hant.html" in written
