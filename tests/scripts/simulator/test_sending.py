"""What LINE takes from a bot, and what it refuses: tokens, retries, quota, rates, recipients."""

import aiohttp
import pytest

from scripts.simulator.clock import ManualClock
from scripts.simulator.errors import (
    FAILED_TO_SEND,
    INVALID_REPLY_TOKEN,
    MONTHLY_LIMIT,
    RATE_LIMIT,
    RETRY_KEY_ACCEPTED,
    UNAUTHORIZED,
)
from scripts.simulator.line import LineSimulator
from scripts.simulator.reply_tokens import EVENT_SECONDS, TOKEN_SECONDS
from tests.scripts.simulator.conftest import Caller

KEY = "123e4567-e89b-12d3-a456-426614174000"
HELLO = {"type": "text", "text": "好"}


async def test_it_takes_a_reply_token_once(line: LineSimulator, call: Caller) -> None:
    asker = line.add_user("asker")
    asked = await line.send_text(asker, "真的嗎？")
    assert (await call.reply(asked.reply_token, "不是真的"))[0] == 200
    assert await call.reply(asked.reply_token) == (400, {"message": INVALID_REPLY_TOKEN})
    assert line.messages(asker) == [{"type": "text", "text": "不是真的"}]


async def test_it_refuses_a_token_it_never_gave(call: Caller) -> None:
    assert await call.reply("0" * 32) == (400, {"message": INVALID_REPLY_TOKEN})


async def test_it_refuses_a_token_after_a_minute(line: LineSimulator, call: Caller, clock: ManualClock) -> None:
    asker = line.add_user("asker")
    first, second = await line.send_text(asker, "一"), await line.send_text(asker, "二")
    clock.advance(TOKEN_SECONDS - 1)
    assert (await call.reply(first.reply_token))[0] == 200
    clock.advance(2)
    assert (await call.reply(second.reply_token))[0] == 400


async def test_it_gives_a_redelivered_token_one_more_minute_but_not_after_twenty(
    line: LineSimulator, call: Caller, clock: ManualClock
) -> None:
    first = await line.send_text(line.add_user("asker"), "一")
    second = await line.send_text(line.add_user("second asker"), "二")
    clock.advance(10 * 60)
    await line.redeliver(first)
    clock.advance(TOKEN_SECONDS - 1)
    assert (await call.reply(first.reply_token))[0] == 200
    clock.advance(EVENT_SECONDS)
    await line.redeliver(second)
    assert (await call.reply(second.reply_token))[0] == 400


async def test_it_keeps_the_token_when_the_message_was_bad(line: LineSimulator, call: Caller) -> None:
    asked = await line.send_text(line.add_user("asker"), "真的嗎？")
    status, body = await call.reply(asked.reply_token, "")
    assert (status, body["details"][0]["property"]) == (400, "messages[0].text")
    assert (await call.reply(asked.reply_token))[0] == 200


async def test_it_refuses_a_retry_key_on_a_reply(line: LineSimulator, call: Caller) -> None:
    asked = await line.send_text(line.add_user("asker"), "真的嗎？")
    body = {"replyToken": asked.reply_token, "messages": [HELLO]}
    status, _ = await call("POST", "/v2/bot/message/reply", body, X_Line_Retry_Key=KEY)
    assert status == 400


async def test_it_sends_once_for_one_retry_key(line: LineSimulator, call: Caller) -> None:
    asker = line.add_user("asker")
    body = {"to": asker.user_id, "messages": [HELLO]}
    path = "/v2/bot/message/push"
    _, first, headers = await call.with_headers("POST", path, body, X_Line_Retry_Key=KEY)
    status, second, again = await call.with_headers("POST", path, body, X_Line_Retry_Key=KEY)
    assert status == 409
    assert second == {"message": RETRY_KEY_ACCEPTED, "sentMessages": first["sentMessages"]}
    assert again["X-Line-Accepted-Request-Id"] == headers["x-line-request-id"]
    assert len(line.messages(asker)) == line.platform.quota.used == 1


async def test_it_answers_409_for_a_message_it_took_before_the_connection_broke(
    line: LineSimulator, call: Caller
) -> None:
    asker = line.add_user("asker")
    line.drop(accepted=True)
    with pytest.raises(aiohttp.ClientError):
        await call.push(asker.user_id, X_Line_Retry_Key=KEY)
    assert (await call.push(asker.user_id, X_Line_Retry_Key=KEY))[0] == 409
    assert len(line.messages(asker)) == 1


async def test_it_lets_a_failed_request_be_tried_again_with_its_key(line: LineSimulator, call: Caller) -> None:
    asker = line.add_user("asker")
    line.fail(status=500)
    assert (await call.push(asker.user_id, X_Line_Retry_Key=KEY))[0] == 500
    assert (await call.push(asker.user_id, X_Line_Retry_Key=KEY))[0] == 200
    assert line.refusals == []


async def test_it_stops_at_the_months_quota(line: LineSimulator, call: Caller, clock: ManualClock) -> None:
    asker = line.add_user("asker")
    line.platform.quota.limit = 2
    assert [(await call.push(asker.user_id))[0] for _ in range(3)] == [200, 200, 429]
    assert (await call.push(asker.user_id))[1] == {"message": MONTHLY_LIMIT}
    asked = await line.send_text(asker, "還能回嗎？")
    assert (await call.reply(asked.reply_token))[0] == 200, "replies are free"
    clock.advance(31 * 24 * 3600)
    assert (await call.push(asker.user_id))[0] == 200
    assert await call("GET", "/v2/bot/message/quota") == (200, {"type": "limited", "value": 2})
    assert await call("GET", "/v2/bot/message/quota/consumption") == (200, {"totalUsage": 1})


async def test_it_counts_a_groups_members_against_the_quota(line: LineSimulator, call: Caller) -> None:
    group = line.add_group("家族", line.add_user("asker"), line.add_user("outsider"))
    assert (await call.push(group.chat_id))[0] == 200
    assert line.platform.quota.used == 2


async def test_it_limits_the_rate_of_an_operation(line: LineSimulator, call: Caller, clock: ManualClock) -> None:
    asker = line.add_user("asker")
    line.platform.rate_limits.limits["POST", "/v2/bot/message/push"] = (2, 1.0)
    assert [(await call.push(asker.user_id))[0] for _ in range(3)] == [200, 200, 429]
    assert line.requests[-1].answer == {"message": RATE_LIMIT}
    clock.advance(1.1)
    assert (await call.push(asker.user_id))[0] == 200


async def test_it_delivers_nothing_to_whoever_blocks_the_bot(line: LineSimulator, call: Caller) -> None:
    asker = line.add_user("asker")
    await line.block(asker)
    assert (await call.push(asker.user_id))[0] == 200, "LINE does not tell"
    assert (line.messages(asker), line.platform.quota.used) == ([], 0)
    assert (await call("GET", f"/v2/bot/profile/{asker.user_id}"))[0] == 404


async def test_it_refuses_strangers_and_groups_without_the_bot(line: LineSimulator, call: Caller) -> None:
    group = line.add_group("家族", line.add_user("asker"))
    await line.remove_bot(group)
    assert await call.push(group.chat_id) == (400, {"message": FAILED_TO_SEND})
    assert await call.push("U" + "0" * 32) == (400, {"message": FAILED_TO_SEND})
    assert (await call.push("asker"))[0] == 400


async def test_it_sends_to_many_at_once(line: LineSimulator, call: Caller) -> None:
    asker, second = line.add_user("asker"), line.add_user("second asker")
    to = [asker.user_id, second.user_id]
    status, _ = await call("POST", "/v2/bot/message/multicast", {"to": to, "messages": [HELLO]})
    assert (status, line.messages(asker), line.messages(second)) == (200, [HELLO], [HELLO])
    group = line.add_group("家族", asker)
    refused = {"to": [group.chat_id], "messages": [HELLO]}
    assert (await call("POST", "/v2/bot/message/multicast", refused))[0] == 400
    assert (await call("POST", "/v2/bot/message/broadcast", {"messages": [HELLO]}))[0] == 200
    assert len(line.messages(asker)) == 2


async def test_it_only_validates_when_asked_to(line: LineSimulator, call: Caller) -> None:
    path = "/v2/bot/message/validate/reply"
    assert (await call("POST", path, {"messages": [HELLO]}))[0] == 200
    assert (await call("POST", path, {"messages": [{"type": "text", "text": ""}]}))[0] == 400


async def test_it_shows_the_loading_animation_to_one_person_only(
    line: LineSimulator, call: Caller, clock: ManualClock
) -> None:
    asker = line.add_user("asker")
    group = line.add_group("家族", asker)
    path = "/v2/bot/chat/loading/start"
    assert (await call("POST", path, {"chatId": asker.user_id, "loadingSeconds": 10}))[0] == 202
    assert line.is_loading(asker)
    assert (await call("POST", path, {"chatId": group.chat_id}))[0] == 400
    assert (await call("POST", path, {"chatId": asker.user_id, "loadingSeconds": 7}))[0] == 400
    clock.advance(11)
    assert not line.is_loading(asker)


async def test_it_ends_the_loading_animation_with_the_answer(line: LineSimulator, call: Caller) -> None:
    asker = line.add_user("asker")
    asked = await line.send_text(asker, "真的嗎？")
    await call("POST", "/v2/bot/chat/loading/start", {"chatId": asker.user_id})
    await call.reply(asked.reply_token)
    assert not line.is_loading(asker)


async def test_it_refuses_a_quote_of_a_message_that_is_not_there(line: LineSimulator, call: Caller) -> None:
    asked = await line.send_text(line.add_user("asker"), "真的嗎？")
    assert asked.posted
    message = {**HELLO, "quoteToken": "invented"}
    status, _ = await call("POST", "/v2/bot/message/reply", {"replyToken": asked.reply_token, "messages": [message]})
    assert status == 400
    message["quoteToken"] = asked.posted.quote_token
    status, _ = await call("POST", "/v2/bot/message/reply", {"replyToken": asked.reply_token, "messages": [message]})
    assert status == 200


async def test_it_refuses_a_wrong_token(call: Caller) -> None:
    assert await call("GET", "/v2/bot/info", token="wrong") == (401, {"message": UNAUTHORIZED})


async def test_it_issues_tokens_that_expire(line: LineSimulator, call: Caller, clock: ManualClock) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": line.channel.channel_id,
        "client_secret": line.channel.secret,
    }
    async with call.session.post(line.api_url + "/oauth2/v3/token", data=form) as answer:
        issued = await answer.json()
    assert issued["expires_in"] == 900
    assert (await call("GET", "/v2/bot/info", token=issued["access_token"]))[0] == 200
    clock.advance(901)
    assert (await call("GET", "/v2/bot/info", token=issued["access_token"]))[0] == 401
    async with call.session.post(line.api_url + "/oauth2/v3/token", data=form | {"client_secret": "no"}) as answer:
        assert (answer.status, (await answer.json())["error"]) == (400, "invalid_client")


async def test_it_refuses_what_is_not_json_or_not_there(line: LineSimulator, call: Caller) -> None:
    headers = {"Authorization": f"Bearer {line.channel.access_token}", "Content-Type": "application/json"}
    async with call.session.post(line.api_url + "/v2/bot/message/push", data=b"{", headers=headers) as answer:
        assert answer.status == 400
    assert (await call("POST", "/v2/bot/message/pull", {}))[0] == 404
    assert (await call("GET", "/v2/bot/membership/list"))[0] == 501, "LINE has it, the simulator says it has not"


async def test_it_keeps_a_log_without_secrets(line: LineSimulator, call: Caller) -> None:
    asker = line.add_user("asker")
    await call.push(asker.user_id)
    await call.push("nobody")
    assert [(entry.path, entry.status) for entry in line.requests] == [
        ("/v2/bot/message/push", 200),
        ("/v2/bot/message/push", 400),
    ]
    assert line.refusals == line.requests[1:]
    assert "Authorization" not in line.requests[0].headers
