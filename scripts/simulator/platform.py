"""The state of the simulated platform and what changes it: who may be written to, what a message costs, where it lands.

No HTTP here: `operations` puts it behind LINE's API, `LineSimulator` lets users act on it.
"""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Sequence

from scripts.simulator.access_tokens import AccessTokens
from scripts.simulator.clock import Clock, milliseconds
from scripts.simulator.errors import FAILED_TO_SEND, INVALID_RECIPIENT, NOT_FOUND, LineError
from scripts.simulator.limits import Quota, RateLimits, RetryKeys
from scripts.simulator.problems import JSON
from scripts.simulator.reply_tokens import ReplyTokens
from scripts.simulator.rich_menus import RichMenus
from scripts.simulator.world import Channel, Chat, Group, GroupKind, Media, Posted, User, Via

QUOTABLE = frozenset({"text", "textV2", "sticker", "image", "video", "template", "flex"})


class Platform:
    """One channel, the people and chats around it, and LINE's books about them."""

    def __init__(self, clock: Clock, channel: Channel | None = None, *, quota: int | None = 200) -> None:
        self.clock = clock
        self.channel = channel or Channel()
        self.access_tokens = AccessTokens(self.channel, clock)
        self.reply_tokens = ReplyTokens(clock)
        self.retry_keys = RetryKeys(clock)
        self.rate_limits = RateLimits(clock)
        self.quota = Quota(clock, quota)
        self.rich_menus = RichMenus()
        self.users: dict[str, User] = {}
        self.groups: dict[str, Group] = {}
        self.timelines: defaultdict[str, list[Posted]] = defaultdict(list)
        self.media: dict[str, Media] = {}
        self.loading_until: dict[str, float] = {}
        self.changed = asyncio.Condition()
        """Notified whenever something a person would see on their screen has changed."""
        self.version = 0
        self._last_message_id = int(clock.now() * 1000) * 1_000_000

    def add_user(self, user: User) -> User:
        self.users[user.user_id] = user
        return user

    def add_group(self, group: Group) -> Group:
        self.groups[group.chat_id] = group
        return group

    def find_chat(self, chat_id: str) -> Chat | None:
        return self.users.get(chat_id) or self.groups.get(chat_id)

    def get_friend(self, user_id: str) -> User:
        """Return a user the bot may look at; strangers and those who block it are 404."""
        user = self.users.get(user_id)
        if user is None or not user.follows:
            raise LineError(404, NOT_FOUND)
        return user

    def get_group(self, chat_id: str, kind: GroupKind) -> Group:
        """Return a group the bot is in; any other is 404."""
        group = self.groups.get(chat_id)
        if group is None or group.kind is not kind or not group.has_bot:
            raise LineError(404, NOT_FOUND)
        return group

    def find_posted(self, message_id: str) -> Posted | None:
        return next((each for line in self.timelines.values() for each in line if each.message_id == message_id), None)

    async def post(self, chat_id: str, sender: User | None, content: JSON, via: Via) -> Posted:
        """Put one message into a chat's timeline."""
        posted = Posted(
            message_id=self.next_message_id(),
            chat_id=chat_id,
            sender=sender,
            content=content,
            at=milliseconds(self.clock),
            via=via,
            quote_token=secrets.token_urlsafe(48),
        )
        if sender is not None:
            self.loading_until.pop(chat_id, None)
        self.timelines[chat_id].append(posted)
        await self.notify()
        return posted

    async def reply(self, reply_token: str, messages: Sequence[JSON]) -> JSON:
        """Spend the token and answer in its chat."""
        self._check_quotes(messages)
        return await self._deliver(self.reply_tokens.use(reply_token), messages, Via.REPLY)

    async def push(self, to: str, messages: Sequence[JSON]) -> JSON:
        """Send to one chat. Whoever blocks the bot gets nothing and costs nothing, and LINE does not say so."""
        chat = self._get_recipient(to)
        self._check_quotes(messages)
        self.quota.spend(_reach(chat))
        return await self._deliver(to, messages, Via.PUSH)

    async def send_to_many(self, users: Sequence[User], messages: Sequence[JSON], via: Via) -> JSON:
        """Multicast and broadcast: one count for each person reached."""
        self.quota.spend(sum(_reach(user) for user in users))
        for user in users:
            await self._deliver(user.user_id, messages, via)
        return {}

    def get_multicast_users(self, ids: Sequence[str]) -> list[User]:
        """Return the users named; a group's id is 400, a stranger's is passed over as LINE does."""
        if not all(each.startswith("U") and len(each) == 33 for each in ids):
            raise LineError(400, INVALID_RECIPIENT)
        return [self.users[each] for each in ids if each in self.users]

    async def notify(self) -> None:
        """Wake whoever waits for something to appear."""
        async with self.changed:
            self.version += 1
            self.changed.notify_all()

    def next_message_id(self) -> str:
        self._last_message_id += 1
        return str(self._last_message_id)

    def _get_recipient(self, to: str) -> Chat:
        if not (len(to) == 33 and to[0] in "UCR"):
            raise LineError(400, INVALID_RECIPIENT)
        chat = self.find_chat(to)
        if chat is None or (isinstance(chat, Group) and not chat.has_bot):
            raise LineError(400, FAILED_TO_SEND)
        return chat

    def _check_quotes(self, messages: Sequence[JSON]) -> None:
        quoting = [(index, message["quoteToken"]) for index, message in enumerate(messages) if "quoteToken" in message]
        if not quoting:
            return
        known = {posted.quote_token for line in self.timelines.values() for posted in line}
        for index, quote_token in quoting:
            if quote_token not in known:
                detail = {"message": "invalid quoteToken", "property": f"messages[{index}].quoteToken"}
                raise LineError(400, "The request body has 1 error(s)", details=[detail])

    async def _deliver(self, chat_id: str, messages: Sequence[JSON], via: Via) -> JSON:
        chat = self.find_chat(chat_id)
        reached = chat is not None and _reach(chat) > 0
        sent = []
        for message in messages:
            if reached:
                posted = await self.post(chat_id, None, message, via)
                entry = {"id": posted.message_id}
                if message["type"] in QUOTABLE:
                    entry["quoteToken"] = posted.quote_token
            else:
                entry = {"id": self.next_message_id()}
            sent.append(entry)
        self.loading_until.pop(chat_id, None)
        return {"sentMessages": sent}


def _reach(chat: Chat) -> int:
    """Return how many people a message to this chat reaches."""
    if isinstance(chat, User):
        return int(chat.follows)
    return len(chat.members) if chat.has_bot else 0
