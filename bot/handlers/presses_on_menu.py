"""The menu, by a press or by a typed word: help, settings, language, "my questions", "my data", and remarks."""

from bot.bubbles import menu, notes
from bot.bubbles.guide import welcome_messages
from bot.buttons import Action
from bot.events import Event, Postback
from bot.fit import clean, cut
from bot.handlers.looking_up import find_person, find_view, to_view
from bot.json_text import read_json
from bot.menu import MenuItem
from bot.outcome import HandlerResult
from bot.services import Services
from bot.wording import DEFAULT_LANGUAGE, LANGUAGES
from moderation.feedback import give_comment
from moderation.taking_back import forget_asker
from storage.askers import ensure_asker, find_asker, set_language, set_large_text
from storage.notices import set_wants_notices
from storage.questions import load_questions, note_reason
from storage.tables import utc_now

MAX_REMARK = 500
EXPORT_LINK = "data"


async def open_menu(event: Postback, action: Action, services: Services) -> HandlerResult:
    if action.kind not in set(MenuItem):
        return HandlerResult(notes.expired(await find_view(services, event)), "button_unknown")
    return await show_item(event, MenuItem(action.kind), services)


async def show_item(event: Event, item: MenuItem, services: Services) -> HandlerResult:
    async with services.database.reading() as session:
        asker = await find_person(session, event)
        view = to_view(services, asker)
        questions = await load_questions(session, event.chat) if item == MenuItem.QUESTIONS else []
    outcome = f"menu_{item}"
    if item == MenuItem.HELP:
        return HandlerResult(menu.help_messages(view), outcome)
    if item == MenuItem.TUTORIAL:
        return HandlerResult(welcome_messages(view), outcome)
    if item == MenuItem.SETTINGS:
        return HandlerResult(menu.settings_messages(view, asker), outcome)
    if item == MenuItem.LANGUAGE:
        return HandlerResult(menu.language_messages(view), outcome)
    if item == MenuItem.QUESTIONS:
        return HandlerResult(menu.questions_messages(view, questions), outcome)
    if item == MenuItem.DATA:
        return HandlerResult(menu.data_messages(view, export_url(services, event.chat)), outcome)
    return HandlerResult(menu.how_to_remark(view, item), outcome)


async def set_something(event: Postback, action: Action, services: Services) -> HandlerResult:
    """Change a setting; pressed twice, it stays so."""
    what, _, value = (action.kind or "").partition(":")
    async with services.database.transaction() as session:
        await ensure_asker(session, event.chat, event.user_id)
        if what == "language" and value in LANGUAGES:
            await set_language(session, event.chat, value)
        elif what == "large":
            await set_large_text(session, event.chat, value == "1")
        elif what == "notices":
            await set_wants_notices(session, event.chat, value == "1", utc_now())
    async with services.database.reading() as session:
        asker = await find_asker(session, event.chat)
    view = to_view(services, asker)
    shown = view.words.language if what == "language" else None
    return HandlerResult(menu.set_messages(view, asker), "setting_changed", menu_language=shown)


async def forget(event: Postback, action: Action, services: Services) -> HandlerResult:
    """Delete everything, once that was confirmed; nothing is asked of whoever is not known."""
    view = await find_view(services, event)
    if action.kind != "sure":
        return HandlerResult(menu.confirm_forgetting(view), "forget_asked")
    await _erase_kept(event, services)
    services.newcomers.forget(event.chat)
    async with services.database.transaction() as session:
        await forget_asker(session, event.chat)
    return HandlerResult(menu.forgotten(view), "forgotten", menu_language=DEFAULT_LANGUAGE)


async def take_remark(event: Event, item: MenuItem, remark: str, services: Services) -> HandlerResult:
    """Why somebody doubts what they asked about last, or what was the matter with the answer they judged last."""
    if not remark:
        return await show_item(event, item, services)
    text = cut(clean(remark), MAX_REMARK)
    async with services.database.transaction() as session:
        view = to_view(services, await find_person(session, event))
        if item == MenuItem.WHY:
            is_kept = await note_reason(session, event.chat, text)
        else:
            is_kept = await give_comment(session, contributor=event.chat, comment=text)
    return HandlerResult(notes.noted(view) if is_kept else notes.nothing_to_note(view), f"remark_{item}")


def export_url(services: Services, asker_id: str) -> str:
    token = services.buttons.sign_link(EXPORT_LINK, asker_id)
    return f"{services.settings.public_url}/my-data/{token}"


async def _erase_kept(event: Postback, services: Services) -> None:
    """Erase every message of this person that waits for a consent."""
    from_here = [
        event_id for event_id, payload in await services.inbox.load_kept() if _sender(payload) == event.user_id
    ]
    for event_id in from_here:
        await services.inbox.erase_payload(event_id)


def _sender(payload: bytes) -> str | None:
    raw = read_json(payload)
    source = raw.get("source") if isinstance(raw, dict) else None
    return source.get("userId") if isinstance(source, dict) else None
