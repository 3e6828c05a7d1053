"""The chat page's own server: what it shows, what one can do, and what it does not let through."""

import json
import zipfile
from collections.abc import AsyncIterator
from importlib.resources import files

import aiohttp
import pytest

from scripts.commands.simulate_command import command
from scripts.simulator.line import LineSimulator, build_app, serve_app
from scripts.simulator.web.app import ChatPage
from scripts.simulator.web.deeds import DEEDS, SWITCHES
from scripts.simulator.web.samples import load_samples
from tests.scripts.simulator.conftest import RecordingBot


@pytest.fixture
async def page(bot: RecordingBot) -> AsyncIterator[tuple[LineSimulator, aiohttp.ClientSession]]:
    line = LineSimulator(webhook_url=bot.url)
    people = [line.add_user("阿明", follows=False), line.add_user("美玲", follows=False)]
    line.add_group("家族", *people)
    app = build_app(line)
    ChatPage(line).add_routes(app)
    async with serve_app(app) as url, aiohttp.ClientSession(url) as session:
        line.api_url = url
        yield line, session
    await line.delivery.close()


Page = tuple[LineSimulator, aiohttp.ClientSession]


async def do(page: Page, deed: str, **given: object) -> int:
    async with page[1].post(f"/page/do/{deed}", json=given) as answer:
        return answer.status


async def show(page: Page, **who: str) -> dict[str, object]:
    async with page[1].get("/page/state", params=who) as answer:
        state: dict[str, object] = await answer.json()
        return state


async def test_it_sends_what_is_typed_and_shows_it_escaped(page: Page, bot: RecordingBot) -> None:
    await do(page, "follow")
    assert await do(page, "text", text="<b>真的嗎？</b>\n第二行") == 200
    assert bot.events[-1]["message"]["text"] == "<b>真的嗎？</b>\n第二行"
    chat = (await show(page))["chat"]
    assert isinstance(chat, dict)
    [entry] = chat["entries"]
    assert entry["side"] == "mine"
    assert "&lt;b&gt;真的嗎？" in entry["html"]


async def test_it_makes_a_mention_of_the_bots_name_in_a_group(page: Page, bot: RecordingBot) -> None:
    line, _ = page
    group = next(iter(line.platform.groups.values()))
    await do(page, "text", chat=group.chat_id, text="@查明 這是真的嗎")
    assert bot.events[-1]["message"]["mention"]["mentionees"][0]["isSelf"] is True


async def test_it_lets_nobody_unsend_what_another_wrote(page: Page) -> None:
    line, _ = page
    first, second = line.platform.users.values()
    group = next(iter(line.platform.groups.values()))
    await do(page, "text", viewer=first.user_id, chat=group.chat_id, text="早安")
    [said] = line.timeline(group)
    assert await do(page, "unsend", viewer=second.user_id, chat=group.chat_id, message=said.message_id) == 400
    assert await do(page, "unsend", viewer=first.user_id, chat=group.chat_id, message=said.message_id) == 200
    assert said.unsent


@pytest.mark.parametrize("mime_type", ["image/png", "video/mp4", "audio/mp4"])
async def test_it_takes_pictures_videos_and_recordings_whole(page: Page, bot: RecordingBot, mime_type: str) -> None:
    await do(page, "follow")
    _, session = page
    large = bytes(range(256)) * 4_000
    async with session.post("/page/image", data=large, headers={"Content-Type": mime_type}) as answer:
        assert answer.status == 200
    message = bot.events[-1]["message"]
    assert message["type"] == mime_type.partition("/")[0]
    async with session.get(f"/page/media/{message['id']}") as answer:
        assert await answer.read() == large


async def test_it_takes_images_and_nothing_else(page: Page, bot: RecordingBot) -> None:
    await do(page, "follow")
    _, session = page
    async with session.post("/page/image", data=b"png", headers={"Content-Type": "image/png"}) as answer:
        assert answer.status == 200
    async with session.post("/page/image", data=b"<html>", headers={"Content-Type": "text/html"}) as answer:
        assert answer.status == 400
    async with session.get(f"/page/media/{bot.events[-1]['message']['id']}") as answer:
        assert await answer.read() == b"png"


async def test_it_shows_why_line_refused(page: Page) -> None:
    line, session = page
    headers = {"Authorization": f"Bearer {line.channel.access_token}"}
    body = {"replyToken": "x", "messages": [{"type": "text", "text": ""}]}
    await session.post("/v2/bot/message/reply", json=body, headers=headers)
    log = (await show(page))["log"]
    assert isinstance(log, list)
    assert log[0]["status"] == "400"
    assert "messages[0].text: May not be empty" in log[0]["why"]


@pytest.mark.parametrize("name", SWITCHES)
async def test_it_turns_every_failure_on_and_off(page: Page, name: str) -> None:
    await do(page, "switch", name=name, on=True)
    switches = (await show(page))["switches"]
    assert isinstance(switches, dict)
    assert switches[name] is True
    await do(page, "switch", name=name, on=False)
    switches = (await show(page))["switches"]
    assert isinstance(switches, dict)
    assert not any(switches.values())


async def test_it_refuses_deeds_that_make_no_sense(page: Page) -> None:
    assert await do(page, "steal") == 404
    assert await do(page, "text", text=" ") == 400
    assert await do(page, "press", action="why") == 400
    assert await do(page, "switch", name="gravity", on=True) == 400


async def test_it_tells_the_page_that_something_happened(page: Page) -> None:
    _, session = page
    async with session.get("/page/events") as events:
        assert (await events.content.readline()).startswith(b"data: ")
        await do(page, "follow")
        await events.content.readline()
        assert (await events.content.readline()).startswith(b"data: ")


async def test_it_brings_everything_the_page_loads_itself(page: Page) -> None:
    _, session = page
    for path in ("/", "/page/page.css", "/page/flex.css", "/page/page.js", "/page/drawing.js", "/page/samples"):
        async with session.get(path) as answer:
            assert answer.status == 200
            assert "https://" not in await answer.text() or path == "/page/samples"


def test_its_page_knows_every_switch_and_only_deeds_there_are() -> None:
    web = files("scripts.simulator.web")
    html, script = (web / "page.html").read_text("utf-8"), (web / "page.js").read_text("utf-8")
    assert all(f'data-switch="{name}"' in html for name in SWITCHES)
    assert all(f'"{name}"' in script for name in DEEDS)


def test_its_samples_are_messages_one_can_send() -> None:
    samples = json.loads((files("scripts.simulator.web") / "samples.json").read_text("utf-8"))
    assert len({sample["title"] for sample in samples}) == len(samples) >= 5
    assert all(0 < len(sample["text"]) <= 5_000 for sample in samples)


def test_its_command_says_how_it_is_used() -> None:
    assert {parameter.name for parameter in command.params} == {
        "host",
        "port",
        "webhook",
        "channel_secret",
        "token",
        "quota",
        "login_channel_id",
        "login_secret",
    }


def test_its_first_samples_are_in_the_sample_that_the_demo_imports() -> None:
    archive = files("scripts.sample") / "articles.csv.zip"
    with archive.open("rb") as packed, zipfile.ZipFile(packed) as opened:
        shipped = opened.read(opened.namelist()[0]).decode("utf-8").replace('""', '"')
    real = [sample.text for sample in load_samples()[:7]]
    assert [text for text in real if text not in shipped] == []
