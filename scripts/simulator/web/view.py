"""What the page shows, as JSON: one chat seen by one person, and what went over the wire."""

from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from zoneinfo import ZoneInfo

from bot.flex_html import message_html
from bot.wording import Words, marked
from scripts.simulator.delivery import Delivery
from scripts.simulator.line import LineSimulator
from scripts.simulator.problems import JSON
from scripts.simulator.server import LoggedRequest
from scripts.simulator.world import Chat, Group, Posted, User

TAIPEI = ZoneInfo("Asia/Taipei")
LAST_LINES = 40
STICKERS = {"1988": "👍", "1989": "🥺", "1990": "😡", "1991": "🙏", "1992": "😂", "1993": "🌻"}
"""Stickers are LINE's pictures; the page draws an emoji in place of each."""

_ICONS = {"file": marked("📄 File"), "location": marked("📍 Location")}


def state(line: LineSimulator, viewer: User, chat: Chat, words: Words) -> JSON:
    """Return all the page draws, for the person who holds the phone and the chat that is open."""
    return {
        "version": line.platform.version,
        "viewer": viewer.user_id,
        "people": [{"id": user.user_id, "name": user.name} for user in line.platform.users.values()],
        "chats": [_chat_line(line, each) for each in chats_of(line, viewer)],
        "chat": _open_chat(line, viewer, chat, words),
        "menu": _rich_menu(line, viewer) if chat is viewer and viewer.follows else None,
        "log": _log(line, words),
        "quota": {"used": line.platform.quota.used, "limit": line.platform.quota.limit},
        "switches": _switches(line),
        "bot": line.channel.display_name,
    }


def _rich_menu(line: LineSimulator, viewer: User) -> JSON | None:
    """The rich menu below this person's chat: a picture, and fields in per cent of it."""
    menu_id = line.platform.rich_menus.seen_by(viewer.user_id)
    if menu_id is None:
        return None
    body = line.platform.rich_menus.menus[menu_id].body
    whole = {"x": body["size"]["width"], "y": body["size"]["height"]}
    whole |= {"width": whole["x"], "height": whole["y"]}
    areas = [
        {"action": area["action"], **{side: 100 * area["bounds"][side] / size for side, size in whole.items()}}
        for area in body["areas"]
    ]
    return {"id": menu_id, "bar": body["chatBarText"], "areas": areas}


def chats_of(line: LineSimulator, viewer: User) -> list[Chat]:
    """Return the chats on a person's phone: the one with the bot, then groups."""
    return [viewer, *(group for group in line.platform.groups.values() if viewer in group.members)]


def _chat_line(line: LineSimulator, chat: Chat) -> JSON:
    name = chat.name if isinstance(chat, Group) else line.channel.display_name
    return {"id": chat.chat_id, "name": name, "group": isinstance(chat, Group)}


def _open_chat(line: LineSimulator, viewer: User, chat: Chat, words: Words) -> JSON:
    people = len(chat.members) + chat.has_bot if isinstance(chat, Group) else 0
    return {
        **_chat_line(line, chat),
        "people": people,
        "follows": chat.follows if isinstance(chat, User) else True,
        "hasBot": chat.has_bot if isinstance(chat, Group) else True,
        "isNew": not line.timeline(chat),
        "loading": line.is_loading(chat),
        "entries": [_entry(line, viewer, chat, posted, words) for posted in line.timeline(chat)],
    }


def _entry(line: LineSimulator, viewer: User, chat: Chat, posted: Posted, words: Words) -> JSON:
    mine = posted.sender is viewer
    sender = posted.sender.name if posted.sender else line.channel.display_name
    when = datetime.fromtimestamp(posted.at / 1000, UTC).astimezone(TAIPEI)
    can_change = mine and not posted.unsent
    return {
        "id": posted.message_id,
        "side": "mine" if mine else "bot" if posted.sender is None else "other",
        "name": sender,
        "html": entry_html(posted, words),
        "time": when.strftime("%H:%M"),
        "text": posted.content.get("text", "") if can_change else "",
        "canUnsend": can_change,
        "canEdit": can_change and isinstance(chat, Group) and posted.content["type"] == "text",
    }


def entry_html(posted: Posted, words: Words) -> str:
    """Return one message as HTML: the bot's as LINE would draw it, a person's by its kind."""
    content = posted.content
    if posted.unsent:
        gone = escape(words("Message unsent"))
        return f'<div class="gone">{gone}</div>'
    if posted.sender is None or content["type"] == "text":
        return message_html(content)
    if content["type"] == "sticker":
        label, drawn = escape(words("Sticker")), STICKERS.get(content["stickerId"], "🐻")
        return f'<div class="sticker" role="img" aria-label="{label}">{drawn}</div>'
    if content["type"] == "image":
        label = escape(words("Picture"))
        return f'<img class="photo" src="page/media/{escape(posted.message_id)}" alt="{label}">'
    if (kind := content["type"]) in {"video", "audio"}:
        return f'<{kind} class="photo" controls src="page/media/{escape(posted.message_id)}"></{kind}>'
    icon = escape(words(_ICONS[kind]) if kind in _ICONS else kind)
    name = escape(str(content.get("fileName") or content.get("title") or ""))
    return f'<div class="lm"><div class="lm-text">{icon} {name}</div></div>'


def _log(line: LineSimulator, words: Words) -> list[JSON]:
    """Return the last lines of both directions, newest first."""
    lines = [_request_line(entry, words) for entry in line.requests[-LAST_LINES:]]
    lines += [_delivery_line(delivery, words) for delivery in line.delivery.log[-LAST_LINES:]]
    return sorted(lines, key=lambda each: float(each["at"]), reverse=True)[:LAST_LINES]


def _request_line(entry: LoggedRequest, words: Words) -> JSON:
    short = entry.path.removeprefix("/v2/bot/")
    why = [entry.answer.get("message", "")] if entry.status >= 400 else []
    why += [f"{each.get('property', '')}: {each.get('message', '')}" for each in entry.answer.get("details", ())]
    return {
        "at": entry.at,
        "direction": "out",
        "what": f"{entry.method} {short}",
        "status": str(entry.status or words("cut off")),
        "ok": 200 <= entry.status < 300,
        "why": why,
        "ordered": entry.fault is not None,
    }


def _delivery_line(delivery: Delivery, words: Words) -> JSON:
    kinds = ", ".join(_event_kind(event) for event in delivery.events) or words("(no events)")
    again = any(event.get("deliveryContext", {}).get("isRedelivery") for event in delivery.events)
    return {
        "at": delivery.at,
        "direction": "in",
        "what": " ".join(["webhook", kinds, *([words("(again)")] if again else [])]),
        "status": str(delivery.status or delivery.reason),
        "ok": delivery.ok,
        "why": [words("{number} ms", number=round(delivery.seconds * 1000))],
        "ordered": False,
    }


def _event_kind(event: JSON) -> str:
    kind = str(event.get("type", "?"))
    return f"{kind}:{event['message']['type']}" if kind == "message" else kind


def _switches(line: LineSimulator) -> JSON:
    switches = line.delivery.switches
    faults: Iterable[str] = (fault.kind.value for fault in line.server.faults.pending)
    return {
        "twice": switches.copies > 1,
        "late": switches.delay > 0,
        "lost": switches.lost,
        "forged": switches.wrong_signature,
        "hold": line.delivery.holding,
        "slow": "slow" in (kinds := set(faults)),
        "fail": "status" in kinds,
        "cut": "accept_then_drop" in kinds,
    }
