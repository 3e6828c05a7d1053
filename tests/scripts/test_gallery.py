"""The gallery shows every bubble from the shipped sample, each of them one that LINE takes."""

from itertools import product
from pathlib import Path

import pytest
from click.testing import CliRunner

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


def test_it_writes_a_page_a_language(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, [str(tmp_path)])
    assert result.exit_code == 0, result.output
    written = {path.name for path in tmp_path.iterdir()}
    kinds = ("chat", "chat-larger")
    assert {f"{kind}.{language}.html" for kind in kinds for language in LANGUAGES} <= written
    assert "article-rumor.zh_Hant.html" in written
