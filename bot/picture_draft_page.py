"""The page on which a person covers parts of their picture before it becomes public: `/drafts/{token}/picture`.

The picture is fetched from LINE for each step and kept nowhere. What is proposed is covered until the person uncovers
it; they draw further covers, or choose fields where nothing can be drawn; and before the second press they see the very
bytes that become public. What is settled (asked, taken back, too late) is told by the page for texts.
"""

import asyncio
import base64
import hashlib
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from importlib import resources
from weakref import WeakValueDictionary

from aiohttp import web

from bot.asking_page import (
    choose_view,
    find_asked_question,
    form_headers,
    may_be_published,
    note_question,
    read_token,
    respond_in_page,
)
from bot.bubbles.media import TOO_SLOW
from bot.bubbles.notes import place_in_line, usual_wait
from bot.events import MediaMessage
from bot.handlers.asking import Person
from bot.handlers.kept_message import to_media_message
from bot.handlers.looking_at_media import LOOK_UP_WITHIN_S
from bot.handlers.media_refusals import REFUSED, choose_refusal
from bot.handlers.preparing_media import picture_to_publish, publish_within
from bot.media.covering import (
    COLUMNS,
    hides_everything,
    mark_of,
    write_areas,
)
from bot.media.desk import SeenPicture
from bot.media.reading import Reading, ReadText
from bot.media.words import Area
from bot.pages import read_style
from bot.picture_draft import PictureDraft, PictureForm, read_form
from bot.services import Services
from moderation.token_buckets import Limit, TokenBuckets
from retrieval.pictures.decoding import encode_for_keeping

AT_ONCE = 2
"""Pictures that are decoded and read for pages at a time: those in chats must not wait for them."""
READ_KEPT_S, MAX_KEPT = 600.0, 32
"""What was read in a picture is remembered, in memory, while its person covers it: reading takes seconds."""
A_PERSON = Limit(20, 120)
"""How often one person's pictures are decoded for their pages; to cover one takes four or five times."""


def add_picture_draft_page(app: web.Application, services: Services) -> None:
    page = _PictureDraftPage(services)
    app.router.add_get("/drafts/{token}/picture", page.show)
    app.router.add_post("/drafts/{token}/picture", page.act)


class _PictureDraftPage:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._style = read_style() + _read_template("covering.css")
        self._script = _read_template("covering.js")
        self._headers = form_headers(self._style)
        script_hash = base64.b64encode(hashlib.sha256(self._script.encode()).digest()).decode()
        self._headers["Content-Security-Policy"] += f"; script-src 'sha256-{script_hash}'"
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._often = TokenBuckets()
        self._reads: OrderedDict[bytes, tuple[float, ReadText]] = OrderedDict()

    async def show(self, request: web.Request) -> web.Response:
        return await self._with_draft(request, PictureForm())

    async def act(self, request: web.Request) -> web.Response:
        """One of the form's buttons: look at it, go back, publish."""
        return await self._with_draft(request, await read_form(request))

    async def _with_draft(self, request: web.Request, form: PictureForm) -> web.Response:
        subject = read_token(request, self._services)
        payload = await self._services.inbox.find_payload(subject[0]) if subject else None
        kept = to_media_message(payload, subject[0], "") if subject and payload else None
        if subject is None or kept is None or kept.user_id is None or kept.kind != "image":
            raise self._settled(request)
        person = Person(self._services.pseudonyms.of(kept.user_id), kept.user_id)
        if self._often.take(A_PERSON, person.asker_id):
            return await self._respond(request, "told", {"told": TOO_SLOW}, status=429)
        turn = self._turns.setdefault(person.asker_id, asyncio.Lock())
        async with turn:
            return await self._in_turn(request, kept, person, subject[1], form)

    async def _in_turn(
        self, request: web.Request, kept: MediaMessage, person: Person, decision_id: str | None, form: PictureForm
    ) -> web.Response:
        """One of a person's at a time: a second press finds that the first has published it."""
        if await find_asked_question(self._services, decision_id) is not None:
            raise self._settled(request)
        try:
            async with asyncio.timeout(LOOK_UP_WITHIN_S), self._at_once:
                seen = await self._services.media.see(kept.message_id)
                read = await self._read(seen)
                parts = await self._services.media.find_private_parts(seen.picture, read)
        except REFUSED as error:
            told, _ = choose_refusal(kept, error)
            return await self._respond(request, "told", {"told": told}, status=503)
        draft = PictureDraft(kept, person, decision_id, seen, read, parts)
        return await self._answer(request, draft, form)

    def _settled(self, request: web.Request) -> web.HTTPSeeOther:
        return web.HTTPSeeOther(request.app.router["draft"].url_for(token=request.match_info["token"]))

    async def _answer(self, request: web.Request, draft: PictureDraft, form: PictureForm) -> web.Response:
        if form.step not in {"look", "publish"}:
            return await self._cut(request, draft, form)
        if form.mark != mark_of(draft.parts):
            return await self._cut(request, draft, PictureForm(reason=form.reason, seen=form.seen), "changed")
        areas = draft.areas(form)
        if hides_everything(areas):
            return await self._cut(request, draft, form, "empty")
        public = await asyncio.to_thread(draft.make_public, areas)
        if form.step == "publish" and form.shown == public.mark:
            return await self._publish(request, draft, form, areas, public.text)
        context = {"form": form, "drawn": write_areas(form.drawn), "shown": public.mark, "text": public.text}
        return await self._respond(request, "look", {**context, "picture": _as_url(public.data)})

    async def _cut(
        self, request: web.Request, draft: PictureDraft, form: PictureForm, problem: str | None = None
    ) -> web.Response:
        chosen = form.cover if form.step else tuple(range(len(draft.parts)))
        data = await asyncio.to_thread(encode_for_keeping, draft.seen.picture)
        context = {
            "form": form,
            "problem": problem,
            "picture": _as_url(data),
            "width": draft.seen.picture.width,
            "height": draft.seen.picture.height,
            "parts": draft.parts,
            "chosen": chosen,
            "drawn": write_areas(form.drawn),
            "mark": mark_of(draft.parts),
            "rows": draft.rows,
            "columns": COLUMNS,
            "unread": draft.read.reading in {Reading.MISSING, Reading.TOO_SLOW},
        }
        return await self._respond(request, "cut", context)

    async def _publish(
        self, request: web.Request, draft: PictureDraft, form: PictureForm, areas: Sequence[Area], text: str
    ) -> web.Response:
        media = await asyncio.to_thread(picture_to_publish, draft.seen, areas, text or None)
        noted = {"text": text, "reason": form.reason, "seen": form.seen}
        async with self._services.database.transaction() as session:
            if not await may_be_published(session, [draft.kept.event_id], draft.decision_id):
                raise self._settled(request)
            asked = await publish_within(session, draft.person, media)
            await note_question(session, draft.person, draft.decision_id, asked, noted)
        view = await choose_view(request, self._services)
        told = [place_in_line(view, asked.receipt.nth), *usual_wait(view, asked.waiting)] if asked.receipt else []
        settled = str(self._settled(request).location)
        return await self._respond(request, "done", {"asked": asked, "told": told, "settled": settled})

    async def _read(self, seen: SeenPicture) -> ReadText:
        """The words in it; those read a moment ago are not read again."""
        now = time.monotonic()
        while self._reads and (next(iter(self._reads.values()))[0] < now or len(self._reads) > MAX_KEPT):
            self._reads.popitem(last=False)
        if seen.sha256 in self._reads:
            return self._reads[seen.sha256][1]
        read = await self._services.media.reader.read(seen.picture)
        if read.reading in {Reading.READ, Reading.NOTHING}:
            self._reads[seen.sha256] = (now + READ_KEPT_S, read)
        return read

    async def _respond(
        self, request: web.Request, step: str, context: Mapping[str, object], status: int = 200
    ) -> web.Response:
        shown = {"style": self._style, "script": self._script, **context, "step": step}
        return await respond_in_page(request, self._services, "picture_draft.html", shown, self._headers, status)


def _read_template(name: str) -> str:
    return (resources.files("bot") / "templates" / name).read_text("utf-8")


def _as_url(data: bytes) -> str:
    """The picture inside the page itself: there is no address under which anybody else could fetch it."""
    return "data:image/jpeg;base64," + base64.b64encode(data).decode()
