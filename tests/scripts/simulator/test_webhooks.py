"""What LINE tells a bot: signed, again when it was not heard, and in no order one could count on."""

import asyncio
import base64
import hashlib
import hmac
from typing import Any

import pytest

from scripts.simulator.actions import NoSuchButtonError
from scripts.simulator.clock import ManualClock
from scripts.simulator.delivery import Order, WebhookNonsenseError
from scripts.simulator.line import LineSimulator
from scripts.simulator.world import GroupKind
from tests.scripts.simulator.conftest import Caller, RecordingBot


async def test_it_signs_the_bytes_it_sends(line: LineSimulator, bot: RecordingBot) -> None:
    await line.send_text(line.add_user("asker"), "真的嗎？")
    [(signature, raw)] = bot.signatures
    digest = hmac.new(line.channel.secret.encode(), raw, hashlib.sha256).digest()
    assert base64.b64decode(signature) == digest


async def test_it_sends_pictures_that_belong_together_in_any_order(line: LineSimulator, bot: RecordingBot) -> None:
    happened = await line.send_images(line.add_user("asker"), b"one", b"two", order=(1, 0))
    sets = [event["message"]["imageSet"] for event in bot.events]
    assert len({each["id"] for each in sets}) == 1
    assert [(each["index"], each["total"]) for each in sets] == [(2, 2), (1, 2)]
    assert line.platform.media[happened[0].message_id].data == b"two"
    await line.send_images(line.add_user("another"), b"one", with_index=False)
    assert "index" not in bot.events[-1]["message"]["imageSet"]


async def test_it_tells_all_that_people_do(line: LineSimulator, bot: RecordingBot) -> None:
    asker, outsider = line.add_user("asker"), line.add_user("outsider")
    group = line.add_group("家族", asker)
    await line.follow(asker)
    await line.send_text(asker, "文字")
    await line.send_sticker(asker)
    await line.send_image(asker, b"jpeg")
    await line.send_video(asker, b"mp4")
    await line.send_audio(asker, b"m4a")
    await line.send_file(asker, "報告.pdf", b"pdf")
    await line.send_location(asker)
    said = await line.send_text(asker, "早安", to=group)
    assert said.posted
    await line.edit_text(said.posted, "早安！")
    await line.unsend(said.posted)
    await line.join_group(group, outsider)
    await line.leave_group(group, outsider)
    await line.remove_bot(group)
    await line.invite_bot(group)
    await line.block(asker)
    before_leaving = ["follow", *["message"] * 8, "messageEdited", "unsend", "memberJoined", "memberLeft"]
    assert [event["type"] for event in bot.events] == [*before_leaving, "leave", "join", "unfollow"]
    contents = [event["message"]["type"] for event in bot.events if event["type"] == "message"]
    assert contents == ["text", "sticker", "image", "video", "audio", "file", "location", "text"]
    assert len({event["webhookEventId"] for event in bot.events}) == len(bot.events)


async def test_it_gives_reply_tokens_to_events_one_may_answer_only(line: LineSimulator, bot: RecordingBot) -> None:
    asker = line.add_user("asker")
    said = await line.send_text(asker, "文字")
    assert said.posted
    await line.unsend(said.posted)
    await line.block(asker)
    assert ["replyToken" in event for event in bot.events] == [True, False, False]


async def test_it_says_nothing_of_chats_the_bot_is_not_in(line: LineSimulator, bot: RecordingBot) -> None:
    asker = line.add_user("asker")
    group = line.add_group("家族", asker, has_bot=False)
    await line.send_text(asker, "只有家人看得到", to=group)
    assert bot.events == []


async def test_it_counts_a_mentions_place_in_utf16_units(line: LineSimulator, bot: RecordingBot) -> None:
    asker = line.add_user("asker")
    group = line.add_group("家族", asker)
    await line.send_text(asker, "👍👍 @查明 這是真的嗎", to=group, mentions={"@查明": line.channel})
    [mentionee] = bot.events[0]["message"]["mention"]["mentionees"]
    expected = {"index": 5, "length": 3, "type": "user", "userId": line.channel.bot_user_id, "isSelf": True}
    assert mentionee == expected


async def test_it_leaves_out_the_user_id_for_some_clients_in_groups(line: LineSimulator, bot: RecordingBot) -> None:
    asker = line.add_user("asker", shares_id_in_groups=False)
    group = line.add_group("家族", asker)
    room = line.add_group("臨時", asker, kind=GroupKind.ROOM)
    await line.send_text(asker, "一", to=group)
    await line.send_text(asker, "二", to=room)
    assert bot.events[0]["source"] == {"type": "group", "groupId": group.chat_id}
    assert bot.events[1]["source"] == {"type": "room", "roomId": room.chat_id}


async def test_it_names_the_quoted_message(line: LineSimulator, bot: RecordingBot) -> None:
    asker, second = line.add_user("asker"), line.add_user("second asker")
    group = line.add_group("家族", asker, second)
    first = await line.send_text(asker, "喝醋治百病", to=group)
    await line.send_text(second, "真的嗎？", to=group, quote=first.posted)
    assert bot.events[1]["message"]["quotedMessageId"] == first.message_id


async def test_it_marks_standby_and_gives_no_token_then(line: LineSimulator, bot: RecordingBot) -> None:
    line.channel.standby = True
    await line.send_text(line.add_user("asker"), "真的嗎？")
    assert bot.events[0]["mode"] == "standby"
    assert "replyToken" not in bot.events[0]


async def test_it_edits_under_the_same_message_id_with_a_new_token(line: LineSimulator, bot: RecordingBot) -> None:
    asker = line.add_user("asker")
    said = await line.send_text(asker, "早安", to=line.add_group("家族", asker))
    assert said.posted
    edited = await line.edit_text(said.posted, "早安！")
    first, second = bot.events
    assert first["message"]["id"] == second["message"]["id"]
    assert second["message"]["text"] == "早安！"
    assert said.reply_token != edited.reply_token


async def test_it_tries_again_until_it_is_heard(line: LineSimulator, bot: RecordingBot) -> None:
    line.delivery.switches.redeliver_after = (0.01, 0.01, 0.01)
    bot.statuses = [500, 503]
    await line.send_text(line.add_user("asker"), "真的嗎？")
    await line.wait_until(lambda: len(bot.events) == 3)
    assert [event["deliveryContext"]["isRedelivery"] for event in bot.events] == [False, True, True]
    assert len({event["webhookEventId"] for event in bot.events}) == 1
    assert len({event["replyToken"] for event in bot.events}) == 1
    assert [delivery.status for delivery in line.delivery.log] == [500, 503, 200]


async def test_it_does_not_try_again_unless_told_to(line: LineSimulator, bot: RecordingBot) -> None:
    bot.statuses = [500]
    await line.send_text(line.add_user("asker"), "真的嗎？")
    await asyncio.sleep(0.05)
    assert len(bot.events) == 1


async def test_it_can_deliver_twice(line: LineSimulator, bot: RecordingBot) -> None:
    line.delivery.switches.copies = 2
    await line.send_text(line.add_user("asker"), "真的嗎？")
    assert len(bot.events) == 2
    assert bot.events[0] == bot.events[1]


async def test_it_can_deliver_in_the_wrong_order_and_all_together(line: LineSimulator, bot: RecordingBot) -> None:
    asker, second = line.add_user("asker"), line.add_user("second asker")
    line.hold()
    await line.send_text(asker, "一")
    await line.send_text(second, "二")
    assert bot.bodies == []
    await line.release(Order.REVERSED, together=True)
    [body] = bot.bodies
    assert [event["message"]["text"] for event in body["events"]] == ["二", "一"]


async def test_it_gives_up_on_a_server_that_is_not_there(line: LineSimulator) -> None:
    line.channel.webhook_url = "http://127.0.0.1:9/callback"
    said = await line.send_text(line.add_user("asker"), "有人嗎？")
    assert said.delivery
    assert said.delivery.status is None


async def test_it_presses_buttons_that_are_on_the_screen(line: LineSimulator, call: Caller, bot: RecordingBot) -> None:
    asker = line.add_user("asker")
    asked = await line.send_text(asker, "真的嗎？")
    action = {"type": "postback", "label": "為什麼？", "data": "why", "displayText": "我想知道為什麼"}
    message = {"type": "text", "text": "不是", "quickReply": {"items": [{"type": "action", "action": action}]}}
    await call("POST", "/v2/bot/message/reply", {"replyToken": asked.reply_token, "messages": [message]})
    assert line.buttons(asker) == ["為什麼？"]
    await line.press(asker, "為什麼？")
    assert bot.events[-1]["postback"] == {"data": "why"}
    assert line.timeline(asker)[-1].content["text"] == "我想知道為什麼"
    with pytest.raises(NoSuchButtonError):
        await line.press(asker, "為什麼？")


async def test_it_does_not_deliver_what_line_never_would(line: LineSimulator) -> None:
    event: dict[str, Any] = {"type": "message", "mode": "asleep"}
    with pytest.raises(WebhookNonsenseError):
        await line.delivery.deliver(event)


async def test_it_delivers_kinds_nobody_has_heard_of(line: LineSimulator, bot: RecordingBot) -> None:
    await line.send_event({"type": "telepathy", "webhookEventId": "01J0000000000000000000000"})
    assert bot.events[0]["type"] == "telepathy"


async def test_it_really_calls_the_webhook_when_asked_to_test_it(
    line: LineSimulator, call: Caller, bot: RecordingBot
) -> None:
    status, report = await call("POST", "/v2/bot/channel/webhook/test", {})
    assert (status, report["success"], report["statusCode"]) == (200, True, 200)
    assert bot.bodies == [{"destination": line.channel.bot_user_id, "events": []}]
    bot.statuses = [401]
    _, report = await call("POST", "/v2/bot/channel/webhook/test", {})
    assert (report["success"], report["statusCode"]) == (False, 401)
    _, report = await call("POST", "/v2/bot/channel/webhook/test", {"endpoint": "http://127.0.0.1:9/x"})
    assert (report["success"], report["reason"]) == (False, "COULD_NOT_CONNECT")


async def test_it_lets_the_webhook_be_set_to_https_or_to_this_machine(line: LineSimulator, call: Caller) -> None:
    path = "/v2/bot/channel/webhook/endpoint"
    assert (await call("PUT", path, {"endpoint": "http://example.org/callback"}))[0] == 400
    assert (await call("PUT", path, {"endpoint": "https://example.org/callback"}))[0] == 200
    assert await call("GET", path) == (200, {"endpoint": "https://example.org/callback", "active": True})


async def test_it_prepares_content_first_and_forgets_what_was_unsent(
    line: LineSimulator, call: Caller, clock: ManualClock
) -> None:
    line.content_delay = 5.0
    sent = await line.send_image(line.add_user("asker"), b"jpeg bytes")
    path = f"/v2/bot/message/{sent.message_id}/content"
    assert (await call("GET", "/line-data" + path))[0] == 202
    assert await call("GET", f"/line-data{path}/transcoding") == (200, {"status": "processing"})
    clock.advance(6)
    headers = {"Authorization": f"Bearer {line.channel.access_token}"}
    async with call.session.get(line.data_url + path, headers=headers) as answer:
        assert (answer.status, answer.content_type, await answer.read()) == (200, "image/jpeg", b"jpeg bytes")
    assert (await call("GET", path))[0] == 404, "the API host has no content"
    assert sent.posted
    await line.unsend(sent.posted)
    assert (await call("GET", "/line-data" + path))[0] == 410


async def test_it_knows_people_and_groups_as_the_bot_may(line: LineSimulator, call: Caller) -> None:
    asker, outsider = line.add_user("阿明"), line.add_user("outsider")
    group = line.add_group("家族", asker)
    room = line.add_group("臨時", asker, kind=GroupKind.ROOM)
    status, info = await call("GET", "/v2/bot/info")
    assert (status, info["userId"], info["chatMode"]) == (200, line.channel.bot_user_id, "bot")
    _, profile = await call("GET", f"/v2/bot/profile/{asker.user_id}")
    assert (profile["displayName"], profile["language"]) == ("阿明", "zh-Hant")
    member = f"/v2/bot/group/{group.chat_id}/member/"
    assert (await call("GET", member + asker.user_id))[1]["displayName"] == "阿明"
    assert (await call("GET", member + outsider.user_id))[0] == 404
    assert (await call("GET", f"/v2/bot/room/{room.chat_id}/member/{asker.user_id}"))[0] == 200
    assert (await call("GET", f"/v2/bot/group/{group.chat_id}/summary"))[1]["groupName"] == "家族"
    assert (await call("GET", f"/v2/bot/group/{group.chat_id}/members/count"))[1] == {"count": 1}
    assert (await call("GET", f"/v2/bot/group/{group.chat_id}/members/ids"))[0] == 403
    assert (await call("POST", f"/v2/bot/group/{group.chat_id}/leave"))[0] == 200
    assert not group.has_bot
    assert (await call("GET", f"/v2/bot/group/{group.chat_id}/summary"))[0] == 404
