"""The Messaging API's operations on rich menus, and the tables of them."""

from datetime import UTC, datetime

from scripts.simulator.calls import Answer, Call, Operation
from scripts.simulator.errors import NOT_FOUND, LineError
from scripts.simulator.platform import Platform


async def add(platform: Platform, call: Call) -> Answer:
    return Answer({"richMenuId": platform.rich_menus.add(call.body)})


async def list_all(platform: Platform, call: Call) -> Answer:
    return Answer({"richmenus": platform.rich_menus.describe_all()})


async def delete(platform: Platform, call: Call) -> Answer:
    platform.rich_menus.delete(call.path["richMenuId"])
    return Answer()


async def set_picture(platform: Platform, call: Call) -> Answer:
    platform.rich_menus.set_picture(call.path["richMenuId"], call.data)
    return Answer()


async def show_to_all(platform: Platform, call: Call) -> Answer:
    platform.rich_menus.show_to_all(call.path["richMenuId"])
    return Answer()


async def link(platform: Platform, call: Call) -> Answer:
    user = platform.get_friend(call.path["userId"])
    platform.rich_menus.link(user.user_id, call.path["richMenuId"])
    return Answer()


async def unlink(platform: Platform, call: Call) -> Answer:
    platform.rich_menus.linked.pop(platform.get_friend(call.path["userId"]).user_id, None)
    return Answer()


async def get_linked(platform: Platform, call: Call) -> Answer:
    menu_id = platform.rich_menus.linked.get(call.path["userId"])
    if menu_id is None:
        raise LineError(404, "the user has no richmenu")
    return Answer({"richMenuId": menu_id})


async def add_alias(platform: Platform, call: Call) -> Answer:
    platform.rich_menus.set_alias(call.body["richMenuAliasId"], call.body["richMenuId"], is_new=True)
    return Answer()


async def move_alias(platform: Platform, call: Call) -> Answer:
    platform.rich_menus.set_alias(call.path["richMenuAliasId"], call.body["richMenuId"], is_new=False)
    return Answer()


async def get_alias(platform: Platform, call: Call) -> Answer:
    alias = call.path["richMenuAliasId"]
    return Answer({"richMenuAliasId": alias, "richMenuId": platform.rich_menus.get_aliased(alias)})


async def list_aliases(platform: Platform, call: Call) -> Answer:
    aliases = platform.rich_menus.aliases.items()
    return Answer({"aliases": [{"richMenuAliasId": alias, "richMenuId": menu_id} for alias, menu_id in aliases]})


async def replace(platform: Platform, call: Call) -> Answer:
    platform.rich_menus.replace(call.request_id, call.body["operations"])
    return Answer(status=202)


async def get_progress(platform: Platform, call: Call) -> Answer:
    phase = platform.rich_menus.batches.get(call.query.get("requestId", ""))
    if phase is None:
        raise LineError(404, NOT_FOUND)
    accepted = datetime.fromtimestamp(platform.clock.now(), UTC).isoformat()
    return Answer({"phase": phase, "acceptedTime": accepted})


API: dict[tuple[str, str], Operation] = {
    ("POST", "/v2/bot/richmenu"): add,
    ("GET", "/v2/bot/richmenu/list"): list_all,
    ("DELETE", "/v2/bot/richmenu/{richMenuId}"): delete,
    ("POST", "/v2/bot/richmenu/alias"): add_alias,
    ("GET", "/v2/bot/richmenu/alias/list"): list_aliases,
    ("GET", "/v2/bot/richmenu/alias/{richMenuAliasId}"): get_alias,
    ("POST", "/v2/bot/richmenu/alias/{richMenuAliasId}"): move_alias,
    ("POST", "/v2/bot/richmenu/batch"): replace,
    ("GET", "/v2/bot/richmenu/progress/batch"): get_progress,
    ("POST", "/v2/bot/user/all/richmenu/{richMenuId}"): show_to_all,
    ("GET", "/v2/bot/user/{userId}/richmenu"): get_linked,
    ("DELETE", "/v2/bot/user/{userId}/richmenu"): unlink,
    ("POST", "/v2/bot/user/{userId}/richmenu/{richMenuId}"): link,
}
DATA: dict[tuple[str, str], Operation] = {("POST", "/v2/bot/richmenu/{richMenuId}/content"): set_picture}
