"""A press that looks a link's page up by its title."""

from bot.bubbles import notes
from bot.buttons import Action
from bot.decide import NoMatch
from bot.decisions import outcome_of
from bot.events import Postback
from bot.handlers.kept_message import find_kept_text
from bot.handlers.looking_up import about, find_view, look_up
from bot.link_titles import find_only_url
from bot.outcome import HandlerResult
from bot.render import render
from bot.services import Services


async def look_at_title(event: Postback, action: Action, services: Services) -> HandlerResult:
    """What the title leads to; the page's words are only looked up, and never what would be published."""
    text = await find_kept_text(services, event, action.event_id) if action.event_id else None
    url = find_only_url(text) if text else None
    view = await find_view(services, event)
    if text is None or url is None or action.event_id is None:
        return HandlerResult(notes.expired(view), "expired")
    title = await services.link_titles.find(url)
    if title is None:
        return HandlerResult(notes.no_title(view), "no_title")
    found = await look_up(services, event, title)
    if isinstance(found.outcome, NoMatch):
        return HandlerResult(notes.title_unknown(view, title), "title_no_match")
    messages = render(about(view, action.decision_id), found.outcome, text, action.event_id)
    return HandlerResult(messages, f"title_{outcome_of(found.outcome).value}")
