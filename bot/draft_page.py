"""The page on which a person cuts their own message before it becomes public: `/drafts/{token}`.

The link is sent to that person alone, in the consent bubble; whoever has it has the page, so it says what the message
is and not whose. It works until the message is published, and for a day after that to take it back. Opening it changes
nothing: publishing needs two deliberate presses, and a person sees exactly what becomes public before the second.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from bot.asking_page import (
    MAX_REASON,
    choose_view,
    find_asked_question,
    form_headers,
    may_be_published,
    note_question,
    read_token,
    respond_in_page,
)
from bot.bubbles.consent import MAX_PUBLISHED
from bot.bubbles.notes import place_in_line, usual_wait
from bot.drafts import draft_of, is_cut_from
from bot.fit import clean, cut, units
from bot.handlers.asking import Person, find_question_of, find_same, publish_within, take_back_question
from bot.handlers.kept_message import find_kept_message, find_parts
from bot.mentions import without_mentions
from bot.pages import read_style
from bot.services import Services
from storage.match_decisions import find_decision


@dataclass(frozen=True, slots=True)
class Kept:
    """What a token leads to while nothing is published: whose message, which, and the decision behind it."""

    person: Person
    event_ids: Sequence[str]
    whole: str
    decision_id: str | None
    parts: Sequence[str]
    """The decisions on the messages that are in it, each by itself."""


def add_draft_page(app: web.Application, services: Services) -> None:
    page = _DraftPage(services)
    app.router.add_get("/drafts/{token}", page.show, name="draft")
    app.router.add_post("/drafts/{token}", page.act)


class _DraftPage:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._style = read_style()
        self._headers = form_headers(self._style)

    async def show(self, request: web.Request) -> web.Response:
        subject = read_token(request, self._services)
        if subject is None:
            return await self._gone(request)
        kept = await self._find_kept(*subject)
        question = await find_asked_question(self._services, subject[1], kept.parts if kept else ())
        if question is not None:
            return await self._respond(request, "asked", {"question": question})
        if kept is None:
            return await self._gone(request)
        draft = draft_of(kept.whole)
        return await self._respond(request, "cut", {"text": draft.public, "whole": draft.whole})

    async def act(self, request: web.Request) -> web.Response:
        """One of the forms' buttons: look at it, go back, publish, take back."""
        subject, form = read_token(request, self._services), await _read_form(request)
        if subject is None:
            return await self._gone(request)
        if form["step"] == "take-back":
            return await self._take_back(request, *subject)
        kept = await self._find_kept(*subject)
        if kept is None or await find_asked_question(self._services, kept.decision_id, kept.parts) is not None:
            return await self.show(request)
        problem = _problem(form["text"], kept.whole)
        if problem or form["step"] not in {"look", "publish"}:
            return await self._respond(request, "cut", {"whole": clean(kept.whole), "problem": problem, **form})
        if form["step"] == "look":
            return await self._respond(request, "look", form)
        return await self._publish(request, kept, form)

    async def _publish(self, request: web.Request, kept: Kept, form: Mapping[str, str]) -> web.Response:
        """Publish what was looked at, unless the message was taken back or asked about while the page was at it."""
        sure = await find_same(self._services, kept.decision_id, form["text"])
        async with self._services.database.transaction() as session:
            if not await may_be_published(session, kept.event_ids, kept.decision_id, kept.parts):
                raise web.HTTPSeeOther(request.path)
            asked = await publish_within(session, kept.person, form["text"], sure)
            await note_question(session, kept.person, kept.decision_id, asked, form, kept.parts)
        view = await choose_view(request, self._services)
        told = [place_in_line(view, asked.receipt.nth), *usual_wait(view, asked.waiting)] if asked.receipt else []
        return await self._respond(request, "done", {"asked": asked, "told": told})

    async def _take_back(self, request: web.Request, event_ids: str, decision_id: str | None) -> web.Response:
        kept = await self._find_kept(event_ids, decision_id)
        async with self._services.database.transaction() as session:
            decision = await find_decision(session, decision_id) if decision_id else None
            asker_id = kept.person.asker_id if kept else decision.asker_id if decision else None
            question = await find_question_of(session, decision_id, kept.parts if kept else ())
            if question is None or asker_id is None:
                outcome = "nothing_to_take_back"
            else:
                outcome = await take_back_question(session, asker_id, question.article_id)
        return await self._respond(request, "back", {"outcome": outcome})

    async def _find_kept(self, event_ids: str, decision_id: str | None) -> Kept | None:
        found = [await find_kept_message(self._services, event_id) for event_id in event_ids.split(",")]
        texts = [without_mentions(one.text, one.mentions) for one in found if one is not None]
        user_ids = {one.user_id for one in found if one is not None}
        user_id = user_ids.pop() if len(user_ids) == 1 else None
        if len(texts) < len(found) or user_id is None:
            return None
        person = Person(self._services.pseudonyms.of(user_id), user_id)
        parts = await find_parts(self._services, person.asker_id, event_ids)
        return Kept(person, event_ids.split(","), "\n".join(texts), decision_id, parts)

    async def _gone(self, request: web.Request) -> web.Response:
        return await self._respond(request, "gone", status=410)

    async def _respond(
        self, request: web.Request, step: str, context: Mapping[str, object] = {}, status: int = 200
    ) -> web.Response:
        shown = {"text": "", "reason": "", "seen": "", "problem": None, "style": self._style, **context, "step": step}
        return await respond_in_page(request, self._services, "draft.html", shown, self._headers, status)


async def _read_form(request: web.Request) -> dict[str, str]:
    sent = await request.post()
    values = {name: value if isinstance(value, str) else "" for name, value in sent.items()}
    return {
        "step": values.get("step", ""),
        "text": clean(values.get("text", "")),
        "reason": cut(clean(values.get("reason", "")), MAX_REASON),
        "seen": values.get("seen", ""),
    }


def _problem(text: str, whole: str) -> str | None:
    """Why the text cannot be published, as a key of the template; None when it can."""
    if not text:
        return "empty"
    if units(text) > MAX_PUBLISHED:
        return "long"
    return None if is_cut_from(text, clean(whole)) else "changed"
