"""What people with LINE do: befriend, write, press, take back. Each deed becomes the webhook event LINE makes of it."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scripts.simulator.actions import get_action
from scripts.simulator.clock import Clock
from scripts.simulator.delivery import Deliverer, Delivery
from scripts.simulator.platform import Platform
from scripts.simulator.problems import JSON
from scripts.simulator.webhook_events import Mentioned, build_event, media_content, sticker_content, text_content
from scripts.simulator.world import Chat, Group, GroupKind, Media, Posted, User, Via

QUOTABLE_CONTENT = frozenset({"text", "image", "video", "sticker"})


@dataclass(frozen=True, slots=True)
class Happening:
    """Something a person did: the webhook event it made and how the bot's server took it."""

    event: JSON
    delivery: Delivery | None
    """None while deliveries are held, and where the bot is not there to be told."""
    posted: Posted | None = None

    @property
    def event_id(self) -> str:
        return str(self.event.get("webhookEventId", ""))

    @property
    def message_id(self) -> str:
        return self.posted.message_id if self.posted else ""

    @property
    def reply_token(self) -> str | None:
        return self.event.get("replyToken")


class People:
    """The users' side of the platform."""

    def __init__(self, platform: Platform, delivery: Deliverer, clock: Clock) -> None:
        self.platform = platform
        self.delivery = delivery
        self.clock = clock
        self.content_delay = 0.0
        """Seconds LINE needs to prepare an image, a video or a recording."""

    def timeline(self, chat: Chat) -> list[Posted]:
        """Return everything said in a chat, oldest first."""
        return self.platform.timelines[chat.chat_id]

    def add_user(
        self, name: str, *, language: str = "zh-Hant", follows: bool = True, shares_id_in_groups: bool = True
    ) -> User:
        """Let there be somebody whose LINE is set to this language."""
        user = User(name, language=language, follows=follows, shares_id_in_groups=shares_id_in_groups)
        return self.platform.add_user(user)

    def add_group(self, name: str, *members: User, kind: GroupKind = GroupKind.GROUP, has_bot: bool = True) -> Group:
        return self.platform.add_group(Group(name, kind, list(members), has_bot))

    async def follow(self, user: User) -> Happening:
        """Add the bot as a friend, or unblock it."""
        unblocked = bool(self.timeline(user)) and not user.follows
        user.follows = True
        return await self._happen(build_event(self.platform, "follow", user, follow={"isUnblocked": unblocked}))

    async def block(self, user: User) -> Happening:
        event = build_event(self.platform, "unfollow", user)
        user.follows = False
        return await self._happen(event)

    async def invite_bot(self, group: Group) -> Happening:
        group.has_bot = True
        return await self._happen(build_event(self.platform, "join", group))

    async def remove_bot(self, group: Group) -> Happening:
        event = build_event(self.platform, "leave", group)
        group.has_bot = False
        return await self._happen(event)

    async def join_group(self, group: Group, user: User) -> Happening:
        group.members.append(user)
        joined = {"members": [{"type": "user", "userId": user.user_id}]}
        return await self._happen(build_event(self.platform, "memberJoined", group, joined=joined))

    async def leave_group(self, group: Group, user: User) -> Happening:
        group.members.remove(user)
        left = {"members": [{"type": "user", "userId": user.user_id}]}
        return await self._happen(build_event(self.platform, "memberLeft", group, left=left))

    # What people send

    async def send_text(
        self,
        user: User,
        text: str,
        *,
        to: Chat | None = None,
        mentions: Mapping[str, Mentioned] | None = None,
        quote: Posted | None = None,
    ) -> Happening:
        """Send a text; `mentions` says whom a part of it mentions, `quote` which message it quotes."""
        content = text_content(text, mentions or {})
        if quote is not None:
            content["quotedMessageId"] = quote.message_id
        return await self._send(user, content, to)

    async def send_sticker(
        self, user: User, *, to: Chat | None = None, package_id: str = "446", sticker_id: str = "1988"
    ) -> Happening:
        return await self._send(user, sticker_content(package_id, sticker_id), to)

    async def send_image(
        self, user: User, data: bytes, *, to: Chat | None = None, mime_type: str = "image/jpeg"
    ) -> Happening:
        media = Media(data, mime_type, self._ready_at(), preview=data)
        return await self._send(user, media_content("image"), to, media)

    async def send_images(
        self, user: User, *pictures: bytes, to: Chat | None = None, order: Sequence[int] = (), with_index: bool = True
    ) -> list[Happening]:
        """Send pictures together, as LINE's app does: an event each, in any `order`, some clients without an index."""
        set_id, happened = secrets.token_hex(16), []
        for number in order or range(len(pictures)):
            image_set: JSON = {"id": set_id, "total": len(pictures)} | ({"index": number + 1} if with_index else {})
            media = Media(pictures[number], "image/jpeg", self._ready_at(), preview=pictures[number])
            happened.append(await self._send(user, {**media_content("image"), "imageSet": image_set}, to, media))
        return happened

    async def send_video(self, user: User, data: bytes, *, to: Chat | None = None, duration: int = 1000) -> Happening:
        media = Media(data, "video/mp4", self._ready_at())
        return await self._send(user, media_content("video", duration=duration), to, media)

    async def send_audio(self, user: User, data: bytes, *, to: Chat | None = None, duration: int = 1000) -> Happening:
        media = Media(data, "audio/x-m4a", self._ready_at())
        return await self._send(user, media_content("audio", duration=duration), to, media)

    async def send_file(self, user: User, name: str, data: bytes, *, to: Chat | None = None) -> Happening:
        media = Media(data, "application/octet-stream", self._ready_at())
        return await self._send(user, {"type": "file", "fileName": name, "fileSize": len(data)}, to, media)

    async def send_location(self, user: User, *, to: Chat | None = None) -> Happening:
        place = {
            "type": "location",
            "title": "台北101",
            "address": "台北市信義區",
            "latitude": 25.03,
            "longitude": 121.56,
        }
        return await self._send(user, place, to)

    async def edit_text(self, posted: Posted, text: str) -> Happening:
        """Edit a text one sent to a group: the message keeps its id, the event brings a new token."""
        posted.content = {**posted.content, "text": text}
        chat = self._chat(posted.chat_id)
        event = build_event(self.platform, "messageEdited", chat, posted.sender, message=_as_event(posted))
        return await self._happen(event, posted)

    async def unsend(self, posted: Posted) -> Happening:
        """Take a message back; its content is gone from LINE at once."""
        posted.unsent = True
        self.platform.media.pop(posted.message_id, None)
        chat = self._chat(posted.chat_id)
        unsend = {"messageId": posted.message_id}
        return await self._happen(build_event(self.platform, "unsend", chat, posted.sender, unsend=unsend), posted)

    async def press(self, user: User, button: str | JSON, *, to: Chat | None = None) -> Happening | None:
        """Press a button, given by its label or as an action. None: the phone does it alone (a link, a copy)."""
        chat = to or user
        action = get_action(self.timeline(chat), button) if isinstance(button, str) else button
        if action["type"] == "message":
            return await self.send_text(user, action["text"], to=to)
        if action["type"] not in {"postback", "datetimepicker"}:
            return None
        shown = action.get("displayText") or action.get("text")
        if shown:
            await self.platform.post(chat.chat_id, user, {"type": "text", "text": shown}, Via.USER)
        return await self._happen(build_event(self.platform, "postback", chat, user, postback={"data": action["data"]}))

    async def send_event(self, event: JSON) -> Happening:
        """Deliver any event, one of a kind that the specification does not know included."""
        return Happening(event, await self.delivery.deliver(event, check=False))

    async def _send(self, user: User, content: JSON, to: Chat | None, media: Media | None = None) -> Happening:
        chat = to or user
        posted = await self.platform.post(chat.chat_id, user, content, Via.USER)
        if media is not None:
            self.platform.media[posted.message_id] = media
        if not chat.follows if isinstance(chat, User) else not chat.has_bot:
            return Happening({}, None, posted)
        event = build_event(self.platform, "message", chat, user, message=_as_event(posted))
        return await self._happen(event, posted)

    async def _happen(self, event: JSON, posted: Posted | None = None) -> Happening:
        return Happening(event, await self.delivery.deliver(event), posted)

    def _chat(self, chat_id: str) -> Chat:
        chat = self.platform.find_chat(chat_id)
        if chat is None:
            raise LookupError(f"no chat {chat_id}")
        return chat

    def _ready_at(self) -> float:
        return self.clock.now() + self.content_delay


def _as_event(posted: Posted) -> JSON:
    """Return a user's message as webhooks carry it: with its id and, where LINE gives one, its quote token."""
    content = {"id": posted.message_id, **posted.content}
    if content["type"] in QUOTABLE_CONTENT:
        content["quoteToken"] = posted.quote_token
    return content
