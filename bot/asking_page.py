"""What the pages share on which a person decides what becomes public: `/drafts/{token}` and `…/picture`."""

from collections.abc import Mapping, Sequence

import aiohttp_jinja2
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.bubbles.notes import SEEN_WHERE
from bot.bubbles.view import DRAFT_LINK, View
from bot.handlers.asking import Asked, Person, find_question_of, hold_messages, note_asked
from bot.pages import PAGES, security_headers
from bot.services import Services
from bot.wording import choose_from_header
from storage.askers import find_asker
from storage.match_decisions import find_decision
from storage.questions import Question, note_reason, note_seen_where
from storage.tables import SeenWhere

LINK_LIVES_S = 2 * 24 * 60 * 60
"""A day until the message is erased, and a day to take it back."""
MAX_REASON = 500


def read_token(request: web.Request, services: Services) -> tuple[str, str | None] | None:
    """The events and the decision that the page's address stands for; None when it is not ours, or too old."""
    return services.buttons.read_link(DRAFT_LINK, request.match_info["token"], max_age_s=LINK_LIVES_S)


def form_headers(style: str) -> dict[str, str]:
    """Headers of a page that may send its own form, and that nobody keeps."""
    headers = security_headers(style) | {"Cache-Control": "no-store"}
    policy = headers["Content-Security-Policy"]
    return headers | {"Content-Security-Policy": policy.replace("form-action 'none'", "form-action 'self'")}


async def find_asked_question(
    services: Services, decision_id: str | None, parts: Sequence[str] = ()
) -> Question | None:
    """The question that was asked with the message, or with one of its parts, on a page or in the chat."""
    async with services.database.reading() as session:
        return await find_question_of(session, decision_id, parts)


async def may_be_published(
    session: AsyncSession, event_ids: Sequence[str], decision_id: str | None, parts: Sequence[str] = ()
) -> bool:
    """Whether the messages were neither taken back nor asked about meanwhile, by another press or in the chat."""
    return await hold_messages(session, event_ids) and await find_question_of(session, decision_id, parts) is None


async def note_question(
    session: AsyncSession,
    person: Person,
    decision_id: str | None,
    asked: Asked,
    form: Mapping[str, str],
    parts: Sequence[str] = (),
) -> None:
    """What a person said with the question: the words that became public, why they doubt it, where they saw it."""
    if asked.receipt is None:
        return
    article_id, asker_id = asked.receipt.article_id, person.asker_id
    if decision_id is not None:
        await note_asked(session, person, decision_id, article_id, form["text"], parts)
    if form["reason"]:
        await note_reason(session, asker_id, form["reason"])
    if form["seen"] in set(SeenWhere):
        await note_seen_where(session, asker_id, article_id, SeenWhere(form["seen"]))


async def choose_view(request: web.Request, services: Services) -> View:
    """The language asked for in the address, else the one chosen in the chat, else the browser's."""
    chosen = services.wordings.get(request.query.get("lang", ""))
    if chosen is None and (subject := read_token(request, services)) is not None:
        chosen = services.wordings.get(await _find_language(services, subject[1]) or "")
    words = chosen or choose_from_header(services.wordings, request.headers.get("Accept-Language", ""))
    return View(words, services.buttons, services.settings.public_url)


async def _find_language(services: Services, decision_id: str | None) -> str | None:
    async with services.database.reading() as session:
        decision = await find_decision(session, decision_id) if decision_id else None
        asker = await find_asker(session, decision.asker_id) if decision and decision.asker_id else None
        return asker.language if asker else None


async def respond_in_page(
    request: web.Request,
    services: Services,
    template: str,
    context: Mapping[str, object],
    headers: Mapping[str, str],
    status: int,
) -> web.Response:
    """A page that asks, in the language of whoever opened it."""
    view = await choose_view(request, services)
    html = aiohttp_jinja2.render_string(
        template,
        request,
        {
            "words": view.words,
            "view": view,
            "wordings": services.wordings,
            "seen_where": {where.value: view.words(told) for where, told in SEEN_WHERE.items()},
            **context,
        },
        app_key=PAGES,
    )
    response = web.Response(text=html, content_type="text/html", status=status, headers=headers)
    response.headers["Content-Language"] = view.words.tag
    return response
