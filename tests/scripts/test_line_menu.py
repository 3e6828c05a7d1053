"""The rich menus, on a LINE platform of this machine."""

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO

import aiohttp
import pytest
from click.testing import CliRunner
from PIL import Image

from bot.buttons import Buttons, Press
from bot.line_client import LineClient
from bot.line_tokens import LongLivedToken
from bot.menu import Commands
from bot.metrics import Metrics
from bot.rich_menu import alias_of, show_rich_menu
from bot.settings import Settings
from bot.wording import LANGUAGES, load_wordings
from scripts.cli import main
from scripts.line_menu import setting_up
from scripts.line_menu.pictures import drawn_words
from scripts.line_menu.plan import HEIGHT, ITEMS, WIDTH, plan_menus, read_picture
from scripts.line_menu.setting_up import MenusSet, set_rich_menus
from scripts.simulator.line import LineSimulator, running_simulator
from scripts.simulator.world import User

KEY = "a key for tests, long enough"


def settings(line: LineSimulator, key: str = KEY) -> Settings:
    return Settings(**line.settings(), SECRET_KEY=key)  # type: ignore[arg-type]


def menu_of(line: LineSimulator, user: User) -> str:
    """The language of the menu that a person sees."""
    menus = line.platform.rich_menus
    return str(menus.menus[menus.seen_by(user.user_id) or ""].body["name"]).split()[1]


@pytest.fixture
async def line() -> AsyncIterator[LineSimulator]:
    async with running_simulator() as simulator:
        yield simulator
    assert simulator.refusals == []


@pytest.fixture
async def client(line: LineSimulator) -> AsyncIterator[LineClient]:
    session = aiohttp.ClientSession()
    tokens = LongLivedToken(line.channel.access_token)
    async with LineClient(api_url=line.api_url, tokens=tokens, metrics=Metrics(), session=session) as made:
        yield made


async def test_it_makes_a_menu_for_each_language_and_shows_everybody_the_default_one(line: LineSimulator) -> None:
    assert await set_rich_menus(settings(line)) == MenusSet(made=3, deleted=0, left=0)
    menus = line.platform.rich_menus
    assert sorted(menus.aliases) == sorted(alias_of(language) for language in LANGUAGES)
    assert menus.default_id == menus.aliases[alias_of("zh_Hant")]
    assert menu_of(line, line.add_user("asker")) == "zh_Hant"


async def test_it_leaves_alone_what_is_right_already(line: LineSimulator) -> None:
    await set_rich_menus(settings(line))
    before = list(line.platform.rich_menus.menus)
    assert await set_rich_menus(settings(line)) == MenusSet(made=0, deleted=0, left=0)
    assert list(line.platform.rich_menus.menus) == before


async def test_whoever_chose_a_language_sees_its_menu_and_goes_on_doing_so_when_it_is_made_anew(
    line: LineSimulator, client: LineClient
) -> None:
    asker, outsider = line.add_user("asker"), line.add_user("outsider")
    await set_rich_menus(settings(line))
    await show_rich_menu(client, asker.user_id, "en")
    assert (menu_of(line, asker), menu_of(line, outsider)) == ("en", "zh_Hant")
    done = await set_rich_menus(settings(line, key="another key, long enough as well"))
    assert done == MenusSet(made=3, deleted=3, left=0)
    assert (menu_of(line, asker), menu_of(line, outsider)) == ("en", "zh_Hant")
    assert len(line.platform.rich_menus.menus) == 3


async def test_the_menu_from_before_there_were_languages_is_replaced_and_other_menus_stay(line: LineSimulator) -> None:
    planned = plan_menus(KEY)[0].body
    old = line.platform.rich_menus.add({**planned, "name": "chaming"})
    others = line.platform.rich_menus.add({**planned, "name": "somebody else's"})
    assert await set_rich_menus(settings(line)) == MenusSet(made=3, deleted=1, left=0)
    assert old not in line.platform.rich_menus.menus
    assert others in line.platform.rich_menus.menus


async def test_a_menu_that_people_still_see_is_not_deleted_under_them(
    line: LineSimulator, client: LineClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asker = line.add_user("asker")
    await set_rich_menus(settings(line))
    await show_rich_menu(client, asker.user_id, "ja")
    monkeypatch.setattr(setting_up, "LOOKS", 2)
    monkeypatch.setattr(line.platform.rich_menus, "replace", lambda request_id, moves: None)
    line.platform.rich_menus.batches = AlwaysAt("ongoing")
    done = await set_rich_menus(settings(line, key="another key, long enough as well"), look_every_s=0)
    assert done == MenusSet(made=3, deleted=0, left=3)
    assert menu_of(line, asker) == "ja"


async def test_it_says_so_when_line_has_given_up_moving_people(
    line: LineSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    await set_rich_menus(settings(line))
    line.platform.rich_menus.batches = AlwaysAt("failed")
    monkeypatch.setattr("scripts.settings_option.settings_or_exit", lambda **_: settings(line, key=f"another {KEY}"))
    done = await asyncio.to_thread(CliRunner().invoke, main, ["line", "menu"])
    assert done.exit_code == 1
    assert "LINE could not move people to the new menus, and 3 older ones stay" in done.output
    assert len(line.platform.rich_menus.menus) == 6


async def test_of_several_menus_of_one_name_one_stays(line: LineSimulator) -> None:
    planned = plan_menus(KEY)
    for menu in (*planned, *planned):
        menu_id = line.platform.rich_menus.add(menu.body)
        line.platform.rich_menus.set_picture(menu_id, menu.picture)
    asker = line.add_user("asker")
    line.platform.rich_menus.link(asker.user_id, menu_id)
    language = menu_of(line, asker)
    assert await set_rich_menus(settings(line)) == MenusSet(made=0, deleted=3, left=0)
    assert len(line.platform.rich_menus.menus) == 3
    assert line.platform.rich_menus.linked
    assert menu_of(line, asker) == language


class AlwaysAt(dict[str, str]):
    """Batches that LINE comes this far with, and no further."""

    def __init__(self, phase: str) -> None:
        super().__init__()
        self.phase = phase

    def get(self, *_: object) -> str:
        return self.phase


async def test_back_to_the_default_language_is_back_to_everybodys_menu(line: LineSimulator, client: LineClient) -> None:
    asker = line.add_user("asker")
    await set_rich_menus(settings(line))
    await show_rich_menu(client, asker.user_id, "ja")
    await show_rich_menu(client, asker.user_id, "zh_Hant")
    assert line.platform.rich_menus.linked == {}


async def test_a_channel_without_menus_has_none_to_show() -> None:
    async with running_simulator() as line:
        session, tokens = aiohttp.ClientSession(), LongLivedToken(line.channel.access_token)
        asker = line.add_user("asker")
        async with LineClient(api_url=line.api_url, tokens=tokens, metrics=Metrics(), session=session) as client:
            await show_rich_menu(client, asker.user_id, "en")
        assert line.platform.rich_menus.linked == {}


def test_every_field_has_a_label_that_is_in_the_picture_and_whose_word_can_be_typed() -> None:
    commands, wordings = Commands(load_wordings()), load_wordings()
    for menu in plan_menus(KEY):
        actions = [area["action"] for area in menu.body["areas"]]
        note = Image.open(BytesIO(menu.picture)).text["Description"]  # type: ignore[attr-defined]
        assert note == drawn_words(wordings[menu.language]), "run python -m scripts.line_menu.pictures"
        assert [action["label"] for action in actions] == note.split("|")
        assert [commands.find(action["displayText"]) for action in actions] == list(ITEMS)
        pressed = [Buttons(KEY).decode(action["data"]) for action in actions]
        assert [(one.press, one.kind) for one in pressed if one] == [(Press.MENU, item.value) for item in ITEMS]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_picture_is_what_line_takes(language: str) -> None:
    data = read_picture(language)
    assert Image.open(BytesIO(data)).size == (WIDTH, HEIGHT)
    assert len(data) < 1_000_000
