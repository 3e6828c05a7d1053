"""What one can do on the page, as a table: each deed is a name, what it needs, and what happens on the platform."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from scripts.simulator.delivery import Order
from scripts.simulator.faults import Fault, FaultKind
from scripts.simulator.line import MESSAGES, LineSimulator
from scripts.simulator.problems import JSON
from scripts.simulator.webhook_events import bot_mention
from scripts.simulator.world import Chat, Group, Posted, User

MAX_USER_TEXT = 10_000
LATE_SECONDS = 1.5
SLOW_SECONDS = 3.0


class DeedError(ValueError):
    """What was asked for makes no sense on this platform."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One press on the page: by whom, in which chat, with what."""

    user: User
    chat: Chat
    given: JSON

    def text(self, name: str) -> str:
        value = self.given.get(name)
        if not isinstance(value, str) or not value.strip():
            raise DeedError(f"{name} is empty")
        return value


async def send_text(line: LineSimulator, deed: Deed) -> None:
    """Send what was typed. In a group, "@" and the bot's name is a mention, as the phone would make it."""
    text = deed.text("text")[:MAX_USER_TEXT]
    called = bot_mention(deed.chat, line.channel) if isinstance(deed.chat, Group) else {}
    mentions = {part: whom for part, whom in called.items() if part in text}
    await line.send_text(deed.user, text, to=deed.chat, mentions=mentions)


async def send_sticker(line: LineSimulator, deed: Deed) -> None:
    await line.send_sticker(deed.user, to=deed.chat, sticker_id=deed.text("sticker"))


async def press(line: LineSimulator, deed: Deed) -> None:
    action = deed.given.get("action")
    if not isinstance(action, dict) or "type" not in action:
        raise DeedError("no action")
    await line.press(deed.user, action, to=deed.chat)


async def unsend(line: LineSimulator, deed: Deed) -> None:
    await line.unsend(_own_message(line, deed))


async def edit(line: LineSimulator, deed: Deed) -> None:
    await line.edit_text(_own_message(line, deed), deed.text("text"))


async def follow(line: LineSimulator, deed: Deed) -> None:
    await line.follow(deed.user)


async def block(line: LineSimulator, deed: Deed) -> None:
    await line.block(deed.user)


async def add_person(line: LineSimulator, deed: Deed) -> None:
    user = line.add_user(deed.text("name")[:20], follows=False)
    for group in line.platform.groups.values():
        await line.join_group(group, user)


async def toggle_bot(line: LineSimulator, deed: Deed) -> None:
    """Put the bot out of the group, or take it in again."""
    if not isinstance(deed.chat, Group):
        raise DeedError("not a group")
    await (line.remove_bot(deed.chat) if deed.chat.has_bot else line.invite_bot(deed.chat))


async def unknown_event(line: LineSimulator, deed: Deed) -> None:
    """Deliver an event of a kind that does not exist yet: LINE adds some unannounced."""
    await line.send_event({"type": "somethingNew", "mode": "active", "timestamp": int(line.clock.now() * 1000)})


async def switch(line: LineSimulator, deed: Deed) -> None:
    name = deed.text("name")
    if name not in SWITCHES:
        raise DeedError(f"no switch {name}")
    await SWITCHES[name](line, bool(deed.given.get("on")))
    await line.platform.notify()


def _own_message(line: LineSimulator, deed: Deed) -> Posted:
    posted = line.platform.find_posted(deed.text("message"))
    if posted is None or posted.sender is not deed.user:
        raise DeedError("not your message")
    return posted


async def _twice(line: LineSimulator, on: bool) -> None:
    line.delivery.switches.copies = 2 if on else 1


async def _late(line: LineSimulator, on: bool) -> None:
    line.delivery.switches.delay = LATE_SECONDS if on else 0.0


async def _lost(line: LineSimulator, on: bool) -> None:
    line.delivery.switches.lost = on


async def _forged(line: LineSimulator, on: bool) -> None:
    line.delivery.switches.wrong_signature = on


async def _hold(line: LineSimulator, on: bool) -> None:
    """Hold what people do; let it go in the wrong order, all in one request."""
    if on:
        line.hold()
    else:
        await line.release(Order.REVERSED, together=True)


def _fault(kind: FaultKind, **more: float) -> Callable[[LineSimulator, bool], Awaitable[None]]:
    async def set_fault(line: LineSimulator, on: bool) -> None:
        for fault in [each for each in line.server.faults.pending if each.kind is kind]:
            line.server.faults.cancel(fault)
        if on:
            line.server.faults.order(Fault(kind, MESSAGES, times=None, seconds=more.get("seconds", 0.0)))

    return set_fault


SWITCHES: dict[str, Callable[[LineSimulator, bool], Awaitable[None]]] = {
    "twice": _twice,
    "late": _late,
    "lost": _lost,
    "forged": _forged,
    "hold": _hold,
    "slow": _fault(FaultKind.SLOW, seconds=SLOW_SECONDS),
    "fail": _fault(FaultKind.STATUS),
    "cut": _fault(FaultKind.ACCEPT_THEN_DROP),
}
DEEDS: dict[str, Callable[[LineSimulator, Deed], Awaitable[None]]] = {
    "text": send_text,
    "sticker": send_sticker,
    "press": press,
    "unsend": unsend,
    "edit": edit,
    "follow": follow,
    "block": block,
    "add_person": add_person,
    "toggle_bot": toggle_bot,
    "unknown_event": unknown_event,
    "switch": switch,
}
