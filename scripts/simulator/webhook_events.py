"""Builds webhook events as LINE writes them. `webhook_problems` checks each one before it is sent."""

from collections.abc import Mapping

from scripts.simulator.clock import milliseconds
from scripts.simulator.platform import Platform
from scripts.simulator.problems import JSON
from scripts.simulator.spec_schema import utf16_length
from scripts.simulator.world import Channel, Chat, Group, GroupKind, User, new_ulid

EVERYONE = "all"
"""The mention of a whole group."""

Mentioned = User | Channel | str
WITH_REPLY_TOKEN = frozenset({"message", "messageEdited", "follow", "join", "memberJoined", "postback"})


def build_event(platform: Platform, kind: str, chat: Chat, user: User | None = None, **fields: object) -> JSON:
    """Return one event of a kind, in a chat, caused by a user; events one may answer get a reply token."""
    now = milliseconds(platform.clock)
    standby = platform.channel.standby
    event: JSON = {
        "type": kind,
        "mode": "standby" if standby else "active",
        "timestamp": now,
        "source": build_source(chat, user),
        "webhookEventId": new_ulid(now),
        "deliveryContext": {"isRedelivery": False},
        **fields,
    }
    if kind in WITH_REPLY_TOKEN and not standby:
        event["replyToken"] = platform.reply_tokens.issue(chat.chat_id)
    return event


def build_source(chat: Chat, user: User | None) -> JSON:
    """Return the event's source. In groups `userId` is missing for some clients."""
    if isinstance(chat, User):
        return {"type": "user", "userId": chat.user_id}
    key = "groupId" if chat.kind is GroupKind.GROUP else "roomId"
    source: JSON = {"type": chat.kind.value, key: chat.chat_id}
    if user is not None and user.shares_id_in_groups:
        source["userId"] = user.user_id
    return source


def text_content(text: str, mentions: Mapping[str, Mentioned]) -> JSON:
    """Return a text message's content; `mentions` says whom a part of the text, such as "@查明", mentions."""
    content: JSON = {"type": "text", "text": text}
    if mentions:
        content["mention"] = {"mentionees": [_mentionee(text, part, whom) for part, whom in mentions.items()]}
    return content


def _mentionee(text: str, part: str, whom: Mentioned) -> JSON:
    """Return a mention of `part`, whose place LINE counts in UTF-16 code units."""
    place: JSON = {"index": utf16_length(text[: text.index(part)]), "length": utf16_length(part)}
    if isinstance(whom, str):
        return {**place, "type": EVERYONE}
    if isinstance(whom, Channel):
        return {**place, "type": "user", "userId": whom.bot_user_id, "isSelf": True}
    return {**place, "type": "user", "userId": whom.user_id, "isSelf": False}


def sticker_content(package_id: str, sticker_id: str) -> JSON:
    return {
        "type": "sticker",
        "packageId": package_id,
        "stickerId": sticker_id,
        "stickerResourceType": "STATIC",
        "keywords": ["thanks"],
    }


def media_content(kind: str, *, duration: int | None = None) -> JSON:
    """Return an image's, a video's or a recording's content; LINE itself keeps the bytes."""
    content: JSON = {"type": kind, "contentProvider": {"type": "line"}}
    if duration is not None:
        content["duration"] = duration
    return content


def bot_mention(group: Group, channel: Channel) -> dict[str, Mentioned]:
    """Return the mention that calls the bot by its name."""
    return {f"@{channel.display_name}": channel} if group.has_bot else {}
