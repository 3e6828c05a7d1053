"""The rich menu, on a LINE platform of this machine."""

from io import BytesIO

from PIL import Image

from bot.buttons import Buttons, Press
from bot.menu import MenuItem
from bot.settings import Settings
from scripts.line_menu import HEIGHT, WIDTH, draw, set_rich_menu
from scripts.simulator.line import LineSimulator, running_simulator

KEY = "a key for tests, long enough"


def settings(line: LineSimulator) -> Settings:
    return Settings(**line.settings(), SECRET_KEY=KEY)  # type: ignore[arg-type]


async def test_it_is_made_and_shown_to_everybody_and_takes_the_place_of_the_one_before() -> None:
    async with running_simulator() as line:
        assert await set_rich_menu(settings(line)) == 0
        first = line.platform.rich_menus.default_id
        assert await set_rich_menu(settings(line)) == 1
        menus = line.platform.rich_menus
        assert line.refusals == []
    assert menus.default_id not in {None, first}
    assert list(menus.menus) == [menus.default_id]
    (menu,) = menus.list()
    assert [area["action"]["label"] for area in menu["areas"]] == ["使用教學", "我的提問", "設定", "我的資料"]
    pressed = [Buttons(KEY).decode(area["action"]["data"]) for area in menu["areas"]]
    assert [(action.press, action.kind) for action in pressed if action] == [
        (Press.MENU, item.value) for item in (MenuItem.TUTORIAL, MenuItem.QUESTIONS, MenuItem.SETTINGS, MenuItem.DATA)
    ]


def test_the_picture_is_what_line_takes() -> None:
    data = draw()
    assert Image.open(BytesIO(data)).size == (WIDTH, HEIGHT)
    assert len(data) < 1_000_000
