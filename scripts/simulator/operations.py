"""The Messaging API's operations, one function each, and the table of them. Those on rich menus are beside this."""

from urllib.parse import urlsplit

from scripts.simulator import rich_menu_operations
from scripts.simulator.calls import Answer, Call, Operation
from scripts.simulator.errors import INVALID_RECIPIENT, NOT_AVAILABLE, NOT_FOUND, LineError
from scripts.simulator.platform import Platform
from scripts.simulator.problems import JSON
from scripts.simulator.world import Group, GroupKind, Media, User, Via

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
DEFAULT_LOADING_SECONDS = 20


async def reply(platform: Platform, call: Call) -> Answer:
    return Answer(await platform.reply(call.body["replyToken"], call.body["messages"]))


async def push(platform: Platform, call: Call) -> Answer:
    platform.retry_keys.check(call.retry_key)
    answer = await platform.push(call.body["to"], call.body["messages"])
    platform.retry_keys.accept(call.retry_key, call.request_id, answer)
    return Answer(answer)


async def multicast(platform: Platform, call: Call) -> Answer:
    platform.retry_keys.check(call.retry_key)
    users = platform.get_multicast_users(call.body["to"])
    answer = await platform.send_to_many(users, call.body["messages"], Via.MULTICAST)
    platform.retry_keys.accept(call.retry_key, call.request_id, answer)
    return Answer(answer)


async def broadcast(platform: Platform, call: Call) -> Answer:
    platform.retry_keys.check(call.retry_key)
    friends = [user for user in platform.users.values() if user.follows]
    answer = await platform.send_to_many(friends, call.body["messages"], Via.BROADCAST)
    platform.retry_keys.accept(call.retry_key, call.request_id, answer)
    return Answer(answer)


async def validate(platform: Platform, call: Call) -> Answer:
    """Answer the validate operations: the checks common to all have already run."""
    return Answer()


async def start_loading(platform: Platform, call: Call) -> Answer:
    """Show the loading animation, in a one-to-one chat only."""
    user = platform.users.get(call.body["chatId"])
    if user is None:
        raise LineError(400, INVALID_RECIPIENT.replace("to", "chatId", 1))
    seconds = call.body.get("loadingSeconds", DEFAULT_LOADING_SECONDS)
    if user.follows:
        platform.loading_until[user.chat_id] = platform.clock.now() + seconds
        await platform.notify()
    return Answer(status=202)


async def mark_as_read(platform: Platform, call: Call) -> Answer:
    return Answer()


async def profile(platform: Platform, call: Call) -> Answer:
    user = platform.get_friend(call.path["userId"])
    return Answer({**_profile(user), "language": user.language})


async def group_member(platform: Platform, call: Call) -> Answer:
    return Answer(_profile(_member(platform.get_group(call.path["groupId"], GroupKind.GROUP), call)))


async def room_member(platform: Platform, call: Call) -> Answer:
    return Answer(_profile(_member(platform.get_group(call.path["roomId"], GroupKind.ROOM), call)))


async def group_summary(platform: Platform, call: Call) -> Answer:
    group = platform.get_group(call.path["groupId"], GroupKind.GROUP)
    return Answer({"groupId": group.chat_id, "groupName": group.name})


async def group_count(platform: Platform, call: Call) -> Answer:
    return Answer({"count": len(platform.get_group(call.path["groupId"], GroupKind.GROUP).members)})


async def room_count(platform: Platform, call: Call) -> Answer:
    return Answer({"count": len(platform.get_group(call.path["roomId"], GroupKind.ROOM).members)})


async def leave_group(platform: Platform, call: Call) -> Answer:
    platform.get_group(call.path["groupId"], GroupKind.GROUP).has_bot = False
    return Answer()


async def leave_room(platform: Platform, call: Call) -> Answer:
    platform.get_group(call.path["roomId"], GroupKind.ROOM).has_bot = False
    return Answer()


async def for_certified_accounts(platform: Platform, call: Call) -> Answer:
    """Lists of people are for verified and premium accounts; this channel is neither."""
    raise LineError(403, NOT_AVAILABLE)


async def info(platform: Platform, call: Call) -> Answer:
    channel = platform.channel
    return Answer(
        {
            "userId": channel.bot_user_id,
            "basicId": channel.basic_id,
            "displayName": channel.display_name,
            "chatMode": channel.chat_mode,
            "markAsReadMode": "manual" if channel.chat_mode == "chat" else "auto",
        }
    )


async def quota(platform: Platform, call: Call) -> Answer:
    limit = platform.quota.limit
    return Answer({"type": "none"} if limit is None else {"type": "limited", "value": limit})


async def consumption(platform: Platform, call: Call) -> Answer:
    return Answer({"totalUsage": platform.quota.used})


async def get_webhook(platform: Platform, call: Call) -> Answer:
    if platform.channel.webhook_url is None:
        raise LineError(404, NOT_FOUND)
    return Answer({"endpoint": platform.channel.webhook_url, "active": platform.channel.webhook_active})


async def set_webhook(platform: Platform, call: Call) -> Answer:
    """Set the webhook's URL: HTTPS, or this machine."""
    url = urlsplit(call.body["endpoint"])
    if url.scheme != "https" and not (url.scheme == "http" and url.hostname in LOOPBACK):
        raise LineError(400, "Invalid webhook endpoint URL")
    platform.channel.webhook_url = call.body["endpoint"]
    return Answer()


async def content(platform: Platform, call: Call) -> Answer:
    media = _ready_media(platform, call.path["messageId"])
    return Answer(status=202) if media is None else Answer(data=media.data, mime_type=media.mime_type)


async def preview(platform: Platform, call: Call) -> Answer:
    media = _ready_media(platform, call.path["messageId"])
    if media is None:
        return Answer(status=202)
    if media.preview is None:
        raise LineError(404, NOT_FOUND)
    return Answer(data=media.preview, mime_type="image/jpeg")


async def transcoding(platform: Platform, call: Call) -> Answer:
    media = _ready_media(platform, call.path["messageId"])
    return Answer({"status": "processing" if media is None else "succeeded"})


def _ready_media(platform: Platform, message_id: str) -> Media | None:
    """Return a message's bytes, or None while LINE prepares them; 410 once unsent, 404 when there never were any."""
    posted = platform.find_posted(message_id)
    if posted is not None and posted.unsent:
        raise LineError(410, "Gone")
    media = platform.media.get(message_id)
    if media is None:
        raise LineError(404, NOT_FOUND)
    return media if media.ready_at <= platform.clock.now() else None


def _member(group: Group, call: Call) -> User:
    for user in group.members:
        if user.user_id == call.path["userId"]:
            return user
    raise LineError(404, NOT_FOUND)


def _profile(user: User) -> JSON:
    return {"userId": user.user_id, "displayName": user.name}


API: dict[tuple[str, str], Operation] = {
    ("POST", "/v2/bot/message/reply"): reply,
    ("POST", "/v2/bot/message/push"): push,
    ("POST", "/v2/bot/message/multicast"): multicast,
    ("POST", "/v2/bot/message/broadcast"): broadcast,
    ("POST", "/v2/bot/message/validate/reply"): validate,
    ("POST", "/v2/bot/message/validate/push"): validate,
    ("POST", "/v2/bot/message/validate/multicast"): validate,
    ("POST", "/v2/bot/message/validate/broadcast"): validate,
    ("POST", "/v2/bot/chat/loading/start"): start_loading,
    ("POST", "/v2/bot/chat/markAsRead"): mark_as_read,
    ("GET", "/v2/bot/profile/{userId}"): profile,
    ("GET", "/v2/bot/group/{groupId}/member/{userId}"): group_member,
    ("GET", "/v2/bot/room/{roomId}/member/{userId}"): room_member,
    ("GET", "/v2/bot/group/{groupId}/summary"): group_summary,
    ("GET", "/v2/bot/group/{groupId}/members/count"): group_count,
    ("GET", "/v2/bot/room/{roomId}/members/count"): room_count,
    ("GET", "/v2/bot/group/{groupId}/members/ids"): for_certified_accounts,
    ("GET", "/v2/bot/room/{roomId}/members/ids"): for_certified_accounts,
    ("GET", "/v2/bot/followers/ids"): for_certified_accounts,
    ("POST", "/v2/bot/group/{groupId}/leave"): leave_group,
    ("POST", "/v2/bot/room/{roomId}/leave"): leave_room,
    ("GET", "/v2/bot/info"): info,
    ("GET", "/v2/bot/message/quota"): quota,
    ("GET", "/v2/bot/message/quota/consumption"): consumption,
    ("GET", "/v2/bot/channel/webhook/endpoint"): get_webhook,
    ("PUT", "/v2/bot/channel/webhook/endpoint"): set_webhook,
    **rich_menu_operations.API,
}
"""What the API host knows. `webhook/test` and the token operations are in `server`: they need HTTP."""

DATA: dict[tuple[str, str], Operation] = {
    ("GET", "/v2/bot/message/{messageId}/content"): content,
    ("GET", "/v2/bot/message/{messageId}/content/preview"): preview,
    ("GET", "/v2/bot/message/{messageId}/content/transcoding"): transcoding,
    **rich_menu_operations.DATA,
}
"""What the data host knows; LINE serves content from no other, and takes none elsewhere."""
