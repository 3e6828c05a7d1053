"""From one event's JSON to its type; see `bot/events.py`.

Nothing raises for what LINE sends: a reader below says `_Malformed` when a field it cannot do without is missing, and
that one event becomes an `UnknownEvent`. `READERS` is the whole list of kinds that are told apart.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from bot.events import (
    ACTIVE,
    Event,
    Follow,
    ImageSet,
    Join,
    Leave,
    MediaMessage,
    MemberChange,
    Mention,
    OtherMessage,
    Postback,
    SourceKind,
    Sticker,
    TextMessage,
    Unfollow,
    UnknownEvent,
    Unsend,
)
from bot.json_text import clean_text

Json = Mapping[str, Any]

SOURCE_ID = {"user": "userId", "group": "groupId", "room": "roomId"}
"""Which field of a source names the chat."""

MEDIA: dict[str, Literal["image", "video", "audio"]] = {"image": "image", "video": "video", "audio": "audio"}


class _MalformedError(Exception):
    """A field that the event cannot do without is missing or of another kind."""


def parse_event(raw: Json, *, event_id: str, chat: str, timestamp: int) -> Event:
    """Read one event. `event_id`, `chat` and `timestamp` are what the inbox keeps of it."""
    common = {"event_id": event_id, "chat": chat, "timestamp": timestamp, **_common_fields(raw)}
    kind = _text_or_none(raw.get("type")) or ""
    reader = READERS.get(kind)
    if reader is not None:
        try:
            return reader(raw, common)
        except _MalformedError:
            pass
    return UnknownEvent(kind=clean_text(kind), **common)


def find_chat_id(raw: Json) -> str | None:
    """LINE's own id of the user, group or room that the event comes from."""
    source = _mapping(raw.get("source"))
    return _text_or_none(source.get(SOURCE_ID.get(str(source.get("type")), "userId")))


def _common_fields(raw: Json) -> dict[str, Any]:
    source = _mapping(raw.get("source"))
    kind: Any = source.get("type")
    source_kind: SourceKind = kind if str(kind) in SOURCE_ID else "none"
    return {
        "source_kind": source_kind,
        "chat_id": find_chat_id(raw),
        "user_id": _text_or_none(source.get("userId")),
        "reply_token": _text_or_none(raw.get("replyToken")),
        "is_redelivery": _mapping(raw.get("deliveryContext")).get("isRedelivery") is True,
        "mode": _text_or_none(raw.get("mode")) or ACTIVE,
    }


def _read_message(raw: Json, common: dict[str, Any], *, is_edit: bool = False) -> Event:
    message = _mapping(raw.get("message"))
    kind = _required_text(message, "type")
    message_id = _required_id(message, "id")
    if kind == "text":
        return TextMessage(
            message_id=message_id,
            text=clean_text(_required_text(message, "text")),
            mentions=_read_mentions(_mapping(message.get("mention"))),
            quote_token=_text_or_none(message.get("quoteToken")),
            quoted_message_id=_text_or_none(message.get("quotedMessageId")),
            is_edit=is_edit,
            **common,
        )
    if kind in MEDIA:
        return _read_media(message, kind, message_id, common)
    if kind == "sticker":
        return Sticker(message_id=message_id, **common)
    return OtherMessage(kind=clean_text(kind), message_id=message_id, **common)


def _read_media(message: Json, kind: str, message_id: str, common: dict[str, Any]) -> Event:
    return MediaMessage(
        kind=MEDIA[kind],
        message_id=message_id,
        quote_token=_text_or_none(message.get("quoteToken")),
        duration_ms=_count_or_none(message.get("duration")),
        image_set=_read_image_set(_mapping(message.get("imageSet"))),
        is_external=_mapping(message.get("contentProvider")).get("type") == "external",
        **common,
    )


def _read_image_set(image_set: Json) -> ImageSet | None:
    set_id = _text_or_none(image_set.get("id"))
    if set_id is None:
        return None
    return ImageSet(set_id, _count_or_none(image_set.get("index")), _count_or_none(image_set.get("total")))


def _read_mentions(mention: Json) -> tuple[Mention, ...]:
    """Those that can be understood; one of a new kind is as good as not there."""
    mentionees = mention.get("mentionees")
    read = [_read_mention(_mapping(one)) for one in mentionees] if isinstance(mentionees, list) else []
    return tuple(one for one in read if one is not None)


def _read_mention(one: Json) -> Mention | None:
    index, length = one.get("index"), one.get("length")
    if not (isinstance(index, int) and isinstance(length, int) and index >= 0 and length > 0):
        return None
    return Mention(index, length, is_self=one.get("isSelf") is True, is_all=one.get("type") == "all")


def _read_edit(raw: Json, common: dict[str, Any]) -> Event:
    return _read_message(raw, common, is_edit=True)


def _read_postback(raw: Json, common: dict[str, Any]) -> Event:
    postback = _mapping(raw.get("postback"))
    return Postback(
        data=clean_text(_required_text(postback, "data")), params=_mapping(postback.get("params")), **common
    )


def _read_follow(raw: Json, common: dict[str, Any]) -> Event:
    return Follow(is_unblocked=_mapping(raw.get("follow")).get("isUnblocked") is True, **common)


def _read_unsend(raw: Json, common: dict[str, Any]) -> Event:
    return Unsend(message_id=_required_id(_mapping(raw.get("unsend")), "messageId"), **common)


READERS: dict[str, Callable[[Json, dict[str, Any]], Event]] = {
    "message": _read_message,
    "messageEdited": _read_edit,
    "postback": _read_postback,
    "follow": _read_follow,
    "unfollow": lambda raw, common: Unfollow(**common),
    "unsend": _read_unsend,
    "join": lambda raw, common: Join(**common),
    "leave": lambda raw, common: Leave(**common),
    "memberJoined": lambda raw, common: MemberChange(has_joined=True, **common),
    "memberLeft": lambda raw, common: MemberChange(has_joined=False, **common),
}


def _mapping(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _count_or_none(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _required_id(fields: Json, name: str) -> str:
    """An id of LINE's: it goes into addresses and tables, so it is no text with half a character in it."""
    value = _required_text(fields, name)
    if clean_text(value) != value:
        raise _MalformedError
    return value


def _required_text(fields: Json, name: str) -> str:
    value = _text_or_none(fields.get(name))
    if value is None:
        raise _MalformedError
    return value
