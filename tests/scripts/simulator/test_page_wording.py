"""The chat page's catalogues: complete, with the same placeholders, nothing left over; and who reads which."""

import json
import re
from pathlib import Path

import aiohttp
import pytest

from bot.wording import LANGUAGES, TRANSLATED, load_wordings
from scripts.simulator import web
from scripts.simulator.line import LineSimulator, build_app, serve_app
from scripts.simulator.web.app import ChatPage
from scripts.simulator.web.samples import load_samples
from scripts.simulator.web.wording import OF_SCRIPTS, wording_json
from tests.catalogues import asked_in, find_faults

FOLDER = Path(web.__file__).parent


@pytest.mark.parametrize("language", TRANSLATED)
def test_it_translates_exactly_what_is_asked_for(language: str) -> None:
    asked = asked_in(FOLDER, ("words", "marked"))
    assert asked
    assert find_faults(FOLDER, language, asked) == {}


def test_the_page_brings_along_exactly_what_its_scripts_ask_for() -> None:
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.js"))
    assert set(re.findall(r'\bword\("([^"]+)"', scripts)) == set(OF_SCRIPTS)
    for words in load_wordings(FOLDER / "locales").values():
        assert json.loads(wording_json(words)).keys() == set(OF_SCRIPTS)


def test_every_message_to_try_has_a_title_in_each_language() -> None:
    for sample in load_samples():
        assert len({sample.title_in(language) for language in LANGUAGES}) == len(LANGUAGES)


@pytest.mark.parametrize(
    ("address", "accepted", "tag", "said"),
    [
        ("/", "en-GB,en;q=0.9", "en", "Whose phone"),
        ("/", "ja", "ja", "誰のスマートフォン"),
        ("/", "fr", "zh-Hant", "誰的手機"),
        ("/?lang=ja", "en", "ja", "誰のスマートフォン"),
        ("/?lang=zh-Hant", "en", "zh-Hant", "誰的手機"),
        ("/?lang=xx", "en", "en", "Whose phone"),
    ],
)
async def test_it_speaks_the_language_one_asks_for(address: str, accepted: str, tag: str, said: str) -> None:
    line = LineSimulator()
    line.add_user("阿明")
    app = build_app(line)
    ChatPage(line).add_routes(app)
    headers = {"Accept-Language": accepted}
    async with serve_app(app) as url, aiohttp.ClientSession(url) as session:
        answer = await session.get(address, headers=headers)
        text = await answer.text()
    await line.delivery.close()
    assert f'<html lang="{tag}">' in text
    assert said in text
