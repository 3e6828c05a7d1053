"""Whatever LINE does on the way: twice, late, backwards, forged, broken. Nothing is lost, nothing said twice."""

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from bot.pseudonyms import Pseudonyms
from scripts.simulator.clock import ManualClock
from scripts.simulator.delivery import Order
from scripts.simulator.errors import INVALID_REPLY_TOKEN
from scripts.simulator.line import LineSimulator
from scripts.simulator.reply_tokens import TOKEN_SECONDS
from storage.askers import find_asker
from storage.database import Database
from storage.tables import InboxEvent, InboxState
from tests.acceptance.library import KNOWN, SAMPLES, THANKS, comes_true, is_answer, said_before, words
from tests.acceptance.program import Program

pytestmark = pytest.mark.model


async def test_it_answers_an_event_once_however_often_it_comes(line: LineSimulator) -> None:
    line.delivery.switches.copies = 3
    asker = line.add_user("asker")
    asked = await line.send_text(asker, SAMPLES[KNOWN])
    await line.wait_for_messages(asker)
    await line.redeliver(asked)
    assert [delivery.status for delivery in line.delivery.log] == [200] * 4
    line.delivery.switches.copies = 1
    assert len(await said_before(line, asker)) == 1


async def test_it_answers_what_comes_together_and_backwards_in_the_order_it_was_sent(line: LineSimulator) -> None:
    asker, second = line.add_user("asker"), line.add_user("second asker")
    line.hold()
    for user, title in [(asker, "櫻桃泡醋會跑出蟲"), (second, KNOWN), (asker, "米酒蒸地瓜")]:
        await line.send_text(user, SAMPLES[title])
        line.clock.advance(0.01)  # type: ignore[attr-defined]
    await line.release(Order.REVERSED, together=True)
    answers = words(await line.wait_for_messages(asker))
    assert 0 <= answers.index("櫻桃") < answers.index("地瓜")
    assert is_answer(await line.wait_for_messages(second))


async def test_it_welcomes_whoever_adds_it_and_remembers_who_leaves(
    line: LineSimulator, database: Database, program: Program
) -> None:
    asker = line.add_user("asker", follows=False)
    await line.follow(asker)
    assert "我是查明" in words(await line.wait_for_messages(asker))
    await line.block(asker)
    pseudonyms = Pseudonyms(program.environment()["SECRET_KEY"])

    async def has_left() -> bool:
        async with database.reading() as session:
            known = await find_asker(session, pseudonyms.of(asker.user_id))
            return known is not None and not known.follows

    assert await comes_true(has_left)
    assert not [each for each in line.requests if each.path.endswith("/push")]


@pytest.mark.parametrize(("language", "greeting"), [("ja", "こんにちは"), ("vi", "Hello, I am 查明")])
async def test_it_welcomes_people_in_the_language_of_their_line(
    line: LineSimulator, language: str, greeting: str
) -> None:
    newcomer = line.add_user("newcomer", language=language, follows=False)
    await line.follow(newcomer)
    assert greeting in words(await line.wait_for_messages(newcomer))


async def test_it_learns_the_language_of_whoever_writes_first_after_the_answer(line: LineSimulator) -> None:
    newcomer = line.add_user("newcomer", language="en")
    await line.ask(newcomer, "今天早上在市場聽到一件從來沒有人說過的事")

    async def is_spoken_to_in_english() -> bool:
        return "Settings" in words((await line.ask(newcomer, "設定"))[-1:])

    assert await comes_true(is_spoken_to_in_english)


@pytest.mark.parametrize("kind", ["sticker", "image", "video", "audio", "file", "location"])
async def test_it_answers_politely_what_it_cannot_look_up(line: LineSimulator, kind: str) -> None:
    asker = line.add_user("asker")
    await {
        "sticker": lambda: line.send_sticker(asker),
        "image": lambda: line.send_image(asker, b"jpeg"),
        "video": lambda: line.send_video(asker, b"mp4"),
        "audio": lambda: line.send_audio(asker, b"m4a"),
        "file": lambda: line.send_file(asker, "a.pdf", b"pdf"),
        "location": lambda: line.send_location(asker),
    }[kind]()
    answer = words(await line.wait_for_messages(asker))
    expected = {"sticker": THANKS, "image": "打不開", "video": "打不開", "audio": "打不開"}
    assert expected.get(kind, "看不懂") in answer


async def test_it_passes_over_kinds_it_does_not_know_and_goes_on(line: LineSimulator) -> None:
    asker = line.add_user("asker")
    good = await _event_of(line, SAMPLES[KNOWN])
    unknown: list[dict[str, Any]] = [
        {"type": "telepathy"},
        {"type": "message", "message": {"type": "hologram", "id": "1"}, "source": {"type": "planet"}},
        {"type": 7, "mode": "dreaming", "timestamp": "soon"},
    ]
    delivery = await line.delivery.deliver(*unknown, good, check=False)
    assert delivery
    assert delivery.status == 200
    [chat] = [user for user in line.platform.users.values() if user is not asker]
    assert is_answer(await line.wait_for_messages(chat))


async def _event_of(line: LineSimulator, text: str) -> dict[str, Any]:
    """Return the event of a text without delivering it."""
    line.hold()
    said = await line.send_text(line.add_user("second asker"), text)
    line.delivery.forget_held()
    return said.event


async def test_it_refuses_what_is_not_lines(line: LineSimulator, program: Program) -> None:
    asker = line.add_user("asker")
    line.delivery.switches.wrong_signature = True
    said = await line.send_text(asker, SAMPLES[KNOWN])
    assert said.delivery
    assert said.delivery.status == 401
    body = json.dumps({"destination": line.channel.bot_user_id, "events": []}).encode()
    assert await line.delivery.send_body(body, None) == 401
    assert await line.delivery.send_body(body + b" ", line.sign(body)) == 401
    assert await line.delivery.send_body(b"{", line.sign(b"{")) == 400
    large = b"[" + b"1," * 600_000 + b"1]"
    assert await line.delivery.send_body(large, line.sign(large)) == 413
    assert await line.delivery.send_body(body, line.sign(body)) == 200, "the console's check"
    line.delivery.switches.wrong_signature = False
    assert await said_before(line, asker) == []


async def test_it_leaves_an_expired_token_be_and_answers_the_next_message(
    line: LineSimulator, clock: ManualClock
) -> None:
    asker = line.add_user("asker")
    line.hold()
    await line.send_text(asker, SAMPLES[KNOWN])
    clock.advance(TOKEN_SECONDS + 5)
    await line.release()
    assert await said_before(line, asker) == []
    assert [each.status for each in line.requests if each.path.endswith("/reply")] in ([200], [400, 200])
    line.requests.clear()  # that one refusal was LINE's clock running ahead of ours, which a test may do
    assert is_answer(await line.ask(asker, SAMPLES[KNOWN]))


async def test_it_says_nothing_twice_when_the_connection_breaks_after_line_took_the_answer(
    line: LineSimulator,
) -> None:
    asker = line.add_user("asker")
    line.drop("/v2/bot/message/reply", accepted=True)
    await line.send_text(asker, SAMPLES[KNOWN])
    await line.wait_for_messages(asker)
    await line.wait_until(lambda: [each.answer for each in line.refusals] == [{"message": INVALID_REPLY_TOKEN}])
    assert len(await said_before(line, asker)) == 1
    assert len(line.refusals) == 1, "a second try with the spent token is the only way to know, a third is none"
    line.requests.clear()
    assert is_answer([(await line.ask(asker, SAMPLES["米酒蒸地瓜"]))[-1]])


async def test_it_answers_although_line_failed_at_first(line: LineSimulator) -> None:
    asker = line.add_user("asker")
    line.fail("/v2/bot/message/reply", status=500)
    await line.send_text(asker, SAMPLES[KNOWN])
    assert is_answer(await line.wait_for_messages(asker))


async def test_it_says_nothing_while_another_module_has_the_chat(line: LineSimulator) -> None:
    line.channel.standby = True
    asker = line.add_user("asker")
    await line.send_text(asker, SAMPLES[KNOWN])
    line.channel.standby = False
    assert await said_before(line, asker) == []


async def test_it_finishes_every_event_and_keeps_no_text(line: LineSimulator, database: Database) -> None:
    asker = line.add_user("asker")
    asked = await line.send_text(asker, SAMPLES[KNOWN])
    await line.wait_for_messages(asker)

    async def is_done() -> bool:
        async with database.reading() as session:
            row = await session.scalar(select(InboxEvent).where(col(InboxEvent.event_id) == asked.event_id))
            return row is not None and row.state is InboxState.DONE and row.payload is None

    assert await comes_true(is_done)


async def test_its_line_check_is_content_with_this_channel(line: LineSimulator, program: Program) -> None:
    done = await asyncio.to_thread(program.run, "line", "check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✗" not in done.stdout
