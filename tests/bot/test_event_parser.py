"""From LINE's JSON to types: known kinds are read, everything else becomes an unknown event and never an error."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.event_parser import parse_event
from bot.events import (
    Event,
    Follow,
    ImageSet,
    Join,
    Leave,
    MediaMessage,
    Mention,
    OtherMessage,
    Postback,
    Sticker,
    TextMessage,
    Unfollow,
    UnknownEvent,
    Unsend,
)
from tests.bot.fakes import make_event

USER = "U" + "1" * 32
GROUP = "C" + "2" * 32


def parse(raw: dict[str, Any]) -> Event:
    return parse_event(raw, event_id="event", chat="chat", timestamp=1)


def parse_text(raw: dict[str, Any]) -> TextMessage:
    event = parse(raw)
    assert isinstance(event, TextMessage)
    return event


def test_it_reads_a_text_message() -> None:
    event = parse_text(make_event("喝熱水", user=USER, replyToken="token"))
    assert (event.text, event.source_kind, event.user_id, event.chat_id) == ("喝熱水", "user", USER, USER)
    assert (event.reply_token, event.is_redelivery, event.mode) == ("token", False, "active")


def test_it_reads_a_group_message_whose_sender_is_not_named() -> None:
    event = parse_text(make_event(source={"type": "group", "groupId": GROUP}))
    assert (event.source_kind, event.chat_id, event.user_id) == ("group", GROUP, None)


def test_it_reads_who_was_mentioned_and_skips_mentions_it_cannot_read() -> None:
    mentionees = [
        {"index": 0, "length": 3, "type": "user", "isSelf": True},
        {"index": 4, "length": 4, "type": "all"},
        {"index": 9, "length": 2, "type": "fromTheFuture"},
        {"type": "user"},
        "nonsense",
    ]
    message = {"type": "text", "id": "1", "text": "@查明 @all @x", "mention": {"mentionees": mentionees}}
    assert parse_text(make_event(message=message)).mentions == (
        Mention(0, 3, is_self=True),
        Mention(4, 4, is_self=False, is_all=True),
        Mention(9, 2, is_self=False),
    )


def test_it_reads_a_text_without_a_quote_token() -> None:
    assert parse_text(make_event(message={"type": "text", "id": "1", "text": "hi"})).quote_token is None


def test_it_reads_an_edited_group_message_as_that_message_with_new_words() -> None:
    event = parse_text(make_event("改過的", type="messageEdited", replyToken="new"))
    assert (event.is_edit, event.text, event.reply_token) == (True, "改過的", "new")


def test_it_says_what_was_redelivered_and_who_must_be_silent() -> None:
    event = parse(make_event(deliveryContext={"isRedelivery": True}, mode="standby"))
    assert (event.is_redelivery, event.mode) == (True, "standby")


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ({"type": "follow", "follow": {"isUnblocked": True}}, Follow),
        ({"type": "follow"}, Follow),
        ({"type": "unfollow"}, Unfollow),
        ({"type": "join"}, Join),
        ({"type": "leave"}, Leave),
        ({"type": "unsend", "unsend": {"messageId": "9"}}, Unsend),
        ({"type": "postback", "postback": {"data": "d", "params": {"date": "2026-01-01"}}}, Postback),
        ({"type": "message", "message": {"type": "sticker", "id": "1"}}, Sticker),
        ({"type": "message", "message": {"type": "image", "id": "1"}}, MediaMessage),
        ({"type": "message", "message": {"type": "hologram", "id": "1"}}, OtherMessage),
    ],
)
def test_it_tells_kinds_apart(raw: dict[str, Any], kind: type[Event]) -> None:
    assert type(parse(raw)) is kind


@pytest.mark.parametrize(
    ("image_set", "read"),
    [
        ({"id": "S", "index": 2, "total": 3}, ImageSet("S", 2, 3)),
        ({"id": "S"}, ImageSet("S")),
        ({"id": "S", "index": "2", "total": -1}, ImageSet("S")),
        ({"index": 1, "total": 3}, None),
        ("S", None),
    ],
)
def test_it_reads_which_pictures_came_together(image_set: Any, read: ImageSet | None) -> None:
    event = parse({"type": "message", "message": {"type": "image", "id": "1", "imageSet": image_set}})
    assert isinstance(event, MediaMessage)
    assert event.image_set == read


def test_it_sees_that_line_does_not_hold_a_videos_bytes() -> None:
    message = {"type": "video", "id": "1", "duration": 9000, "contentProvider": {"type": "external"}}
    event = parse({"type": "message", "message": message})
    assert isinstance(event, MediaMessage)
    assert (event.kind, event.duration_ms, event.is_external) == ("video", 9000, True)


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"type": None},
        {"type": "fromTheFuture"},
        {"type": "message"},
        {"type": "message", "message": {"type": "text", "id": "1"}},
        {"type": "message", "message": {"type": "text", "id": "1", "text": 7}},
        {"type": "message", "message": [1]},
        {"type": "postback", "postback": {}},
        {"type": "unsend"},
        {"type": "message", "message": {"type": "image", "id": "\ud800"}},
        {"type": "unsend", "unsend": {"messageId": "1\x00"}},
        {"type": "message", "source": {"type": {"user": 1}}},
        {"type": "message", "source": {"type": ["user"], "userId": {}}},
        {"type": "message", "source": "nobody", "deliveryContext": 3, "mode": ["active"]},
    ],
)
def test_it_takes_what_it_cannot_read_for_unknown(raw: dict[str, Any]) -> None:
    assert isinstance(parse(raw), UnknownEvent)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(["type", "source", "message", "mode", "postback", "unsend", "replyToken", "deliveryContext"])
KINDS = st.sampled_from(["message", "postback", "unsend", "follow", "messageEdited"])


@given(st.dictionaries(FIELDS, JSON), KINDS)
def test_it_never_raises_whatever_line_sends(raw: dict[str, Any], kind: str) -> None:
    assert isinstance(parse({**raw, "type": kind}), Event)
    assert isinstance(parse(raw), Event)


def test_it_makes_text_that_every_encoder_and_database_takes() -> None:
    assert parse_text(make_event("半個 \ud83d 字\x00元")).text == "半個 \ufffd 字元"
    assert parse_text(make_event("\ud83d\udc4d")).text == "👍"


def test_it_hides_people_and_their_words_from_repr() -> None:
    shown = repr(parse(make_event("我的祕密", user=USER, replyToken="tok-secret")))
    assert not any(private in shown for private in ("祕密", USER, "tok-secret"))
