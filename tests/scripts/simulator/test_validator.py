"""The validator refuses what LINE refuses, and takes what LINE takes."""

from typing import Any

import pytest

from scripts.simulator.flex_rules import MAX_BUBBLE_BYTES, MAX_CAROUSEL_BYTES
from scripts.simulator.problems import Problem, error_body
from scripts.simulator.validator import header_problem, message_problems, request_problems, webhook_problems

REPLY = "/v2/bot/message/reply"
PUSH = "/v2/bot/message/push"
LOADING = "/v2/bot/chat/loading/start"


def text(value: str, **more: object) -> dict[str, Any]:
    return {"type": "text", "text": value, **more}


def postback(label: str = "看說明", data: str = "v1.abc", **more: object) -> dict[str, Any]:
    return {"type": "postback", "label": label, "data": data, **more}


def link(uri: str) -> dict[str, Any]:
    return {"type": "uri", "label": "開啟", "uri": uri}


def quick(*actions: object) -> dict[str, Any]:
    return text("請選擇", quickReply={"items": [{"type": "action", "action": action} for action in actions]})


def bubble(*components: object, **more: object) -> dict[str, Any]:
    return {"type": "bubble", "body": {"type": "box", "layout": "vertical", "contents": list(components)}, **more}


def flex(contents: object, alt_text: str = "查核結果") -> dict[str, Any]:
    return {"type": "flex", "altText": alt_text, "contents": contents}


def carousel(*bubbles: object) -> dict[str, Any]:
    return flex({"type": "carousel", "contents": list(bubbles)})


LONG = "查" * 9_000
ACCEPTED = {
    "a plain text": text("這則訊息是謠言"),
    "a text of exactly 5,000 units": text("查" * 5_000),
    "2,500 emoji, which are 5,000 units": text("👍" * 2_500),
    "thirteen quick replies": quick(*[postback()] * 13),
    "a label of twenty": quick(postback(label="字" * 20)),
    "postback data of 300": quick(postback(data="x" * 300)),
    "a bubble": flex(bubble(text("謠言", size="lg", color="#B00020", wrap=True), {"type": "separator"})),
    "a bubble with a button": flex(bubble({"type": "button", "action": link("https://example.org/%E6%9F%A5")})),
    "a bubble with spans": flex(bubble({"type": "text", "contents": [{"type": "span", "text": "查"}]})),
    "twelve bubbles": carousel(*[bubble(text("一"))] * 12),
    "a sticker": {"type": "sticker", "packageId": "446", "stickerId": "1988"},
    "a telephone link": quick(link("tel:165")),
}
REFUSED = {
    "an empty text": (text(""), "text"),
    "a blank text": (text(" \n"), "text"),
    "5,001 units": (text("查" * 5_001), "text"),
    "2,501 emoji": (text("👍" * 2_501), "text"),
    "no text": ({"type": "text"}, "text"),
    "an unknown message type": ({"type": "poem", "text": "詩"}, "type"),
    "no type": ({"text": "詩"}, "type"),
    "an unknown property": (text("a", colour="red"), "colour"),
    "a Flex message's property in a text": (text("a", altText="b"), "altText"),
    "fourteen quick replies": (quick(*[postback()] * 14), "quickReply.items"),
    "no quick replies": (quick(), "quickReply.items"),
    "a quick reply without a label": (quick({"type": "postback", "data": "x"}), "label"),
    "a label of twenty-one": (quick(postback(label="字" * 21)), "label"),
    "an empty label": (quick(postback(label="")), "label"),
    "postback data of 301": (quick(postback(data="x" * 301)), "data"),
    "empty postback data": (quick(postback(data="")), "data"),
    "no postback data": (quick({"type": "postback", "label": "a"}), "data"),
    "display text of 301": (quick(postback(displayText="x" * 301)), "displayText"),
    "an unknown property of an action": (quick(postback(url="x")), "url"),
    "a quick reply item without its type": (
        text("a", quickReply={"items": [{"action": postback()}]}),
        "quickReply.items[0].type",
    ),
    "a message action without text": (quick({"type": "message", "label": "a"}), "text"),
    "a javascript link": (quick(link("javascript:alert(1)")), "uri"),
    "a link without a scheme": (quick(link("example.org")), "uri"),
    "a link without a host": (quick(link("https:///a")), "uri"),
    "a link that is not percent-encoded": (quick(link("https://example.org/查核")), "uri"),
    "a link with a space": (quick(link("https://example.org/a b")), "uri"),
    "a link of 1,001": (quick(link("https://example.org/" + "a" * 981)), "uri"),
    "an alternative text of 1,501": (flex(bubble(text("a")), "查" * 1_501), "altText"),
    "an empty alternative text": (flex(bubble(text("a")), ""), "altText"),
    "a Flex text without text": (flex(bubble({"type": "text", "text": ""})), "contents.body.contents[0].text"),
    "a Flex property LINE does not know": (flex(bubble(text("a", textColor="#000000"))), "textColor"),
    "a colour by name": (flex(bubble(text("a", color="red"))), "color"),
    "a size by invention": (flex(bubble(text("a", size="huge"))), "size"),
    "a margin by invention": (flex(bubble(text("a", margin="12"))), "margin"),
    "an icon outside a baseline box": (flex(bubble({"type": "icon", "url": "https://example.org/i"})), "contents[0]"),
    "a span outside a text": (flex(bubble({"type": "span", "text": "a"})), "contents[0]"),
    "a button without an action": (flex(bubble({"type": "button"})), "action"),
    "a Flex button without a label": (
        flex(bubble({"type": "button", "action": {"type": "postback", "data": "x"}})),
        "label",
    ),
    "an image over http": (flex(bubble({"type": "image", "url": "http://example.org/a.png"})), "url"),
    "a box without contents": (flex({"type": "bubble", "body": {"type": "box", "layout": "vertical"}}), "contents"),
    "a text as the hero": (flex(bubble(text("a"), hero=text("b"))), "contents.hero"),
    "an empty bubble": (flex({"type": "bubble"}), "contents"),
    "a bubble that is too large": (flex(bubble(text(LONG), text(LONG))), str(MAX_BUBBLE_BYTES)),
    "a carousel that is too large": (carousel(*[bubble(text(LONG))] * 3), str(MAX_CAROUSEL_BYTES)),
    "thirteen bubbles": (carousel(*[bubble(text("a"))] * 13), "contents.contents"),
    "no bubbles": (carousel(), "contents.contents"),
    "bubbles of two sizes": (carousel(bubble(text("a"), size="kilo"), bubble(text("a"), size="mega")), "one size"),
    "a carousel inside a carousel": (carousel({"type": "carousel", "contents": []}), "type"),
    "not an object": (["text"], "object"),
}


@pytest.mark.parametrize("message", ACCEPTED.values(), ids=ACCEPTED)
def test_it_takes(message: dict[str, Any]) -> None:
    assert message_problems(message) == []


@pytest.mark.parametrize(("message", "where"), REFUSED.values(), ids=REFUSED)
def test_it_refuses(message: object, where: str) -> None:
    problems = message_problems(message)
    assert problems
    assert where in " ".join(problems)


def test_it_refuses_a_sixth_message_and_an_empty_list() -> None:
    six = {"replyToken": "t", "messages": [text("a")] * 6}
    assert request_problems("POST", REPLY, six) == [Problem(("messages",), "Size must be between 1 and 5")]
    assert request_problems("POST", REPLY, {"replyToken": "t", "messages": []})
    assert request_problems("POST", REPLY, {"replyToken": "t", "messages": [text("a")] * 5}) == []


def test_it_refuses_an_unknown_key_beside_the_messages() -> None:
    assert request_problems("POST", PUSH, {"to": "U", "messages": [text("a")], "retryKey": "x"})


@pytest.mark.parametrize(("seconds", "taken"), [(5, True), (60, True), (4, False), (7, False), (65, False)])
def test_it_takes_loading_seconds_in_fives(seconds: int, taken: bool) -> None:
    problems = request_problems("POST", LOADING, {"chatId": "U", "loadingSeconds": seconds})
    assert (not problems) is taken


def test_it_takes_a_retry_key_on_push_only() -> None:
    headers = {"X-Line-Retry-Key": "123e4567-e89b-12d3-a456-426614174000"}
    assert header_problem(PUSH, headers) is None
    assert header_problem(REPLY, headers)
    assert header_problem(PUSH, {"X-Line-Retry-Key": "again"})


def test_it_reports_in_the_shape_line_does() -> None:
    plain = request_problems("POST", REPLY, {"replyToken": "t", "messages": [text("")]})
    assert error_body(plain) == {
        "message": "The request body has 1 error(s)",
        "details": [{"message": "May not be empty", "property": "messages[0].text"}],
    }
    inside = request_problems("POST", REPLY, {"replyToken": "t", "messages": [flex(bubble({"type": "text"}))]})
    assert error_body(inside) == {
        "message": "A message (messages[0])\u00a0in the request body is invalid",
        "details": [{"message": "must be non-empty text", "property": "/body/contents/0/text"}],
    }


def test_it_knows_a_webhook_body_that_line_would_never_send() -> None:
    event = {
        "type": "unfollow",
        "timestamp": 1,
        "mode": "active",
        "webhookEventId": "01J",
        "deliveryContext": {"isRedelivery": False},
        "source": {"type": "user", "userId": "U1"},
    }
    body = {"destination": "U" + "0" * 32, "events": [event]}
    assert webhook_problems(body) == []
    assert webhook_problems({**body, "events": [{**event, "mode": "asleep"}]})
    assert webhook_problems({**body, "events": [{**event, "source": {"type": "user", "userID": "U1"}}]})
