"""The drafting helper at the editor: asked for by a press, labelled, and taken over claim by claim."""

import json

from aiohttp import web

from moderation.console import audit
from moderation.console.access import current_editor, requires
from moderation.console.context import ConsoleContext, get_context
from moderation.console.editing import join, read_version
from moderation.console.pages.editor import address_of, store_form
from moderation.console.permissions import Permission
from moderation.console.rendering import render
from moderation.console.writing_labels import HELPER_FAULTS
from moderation.fetching import FetchError
from moderation.writing.drafts import StaleDraftError, UnknownDraftError, Writing, get_draft, save_draft
from moderation.writing.helper import MAX_PAGES, HelperError, Proposal
from moderation.writing.references import find_references, load_checks, note_references
from storage.tables import Article, PageState, Status


@requires(Permission.WRITE)
async def propose(request: web.Request) -> web.StreamResponse:
    """Let the model propose. It sees the public message and the cited pages: no draft, and nobody's reasons."""
    context, signed_in = get_context(request), current_editor(request)
    helper = context.helper
    draft = await store_form(request)
    if isinstance(draft, web.Response):
        return draft
    async with context.database.transaction() as session:
        article = await session.get_one(Article, draft.article_id)
        checks = await load_checks(session, find_references(draft.reference))
        await audit.record(session, signed_in.editor.id, "ask helper", f"article:{article.id}")
    if helper is None or article.status != Status.NORMAL:
        raise web.HTTPNotFound
    pages = await _load_pages(context, [check.url for check in checks if check.state == PageState.FOUND])
    proposal, fault = Proposal([], []), None
    try:
        proposal = await helper.propose(article.text or "", pages)
    except HelperError as error:
        fault = HELPER_FAULTS[type(error)]
    return render(
        request,
        "helper.html",
        draft=draft,
        proposal=proposal,
        fault=fault,
        model=helper.model,
        pack=lambda claim: json.dumps([claim.text, claim.url], ensure_ascii=False),
    )


@requires(Permission.WRITE)
async def take_over(request: web.Request) -> web.StreamResponse:
    """Put the claims that were ticked, and no others, after what is written already."""
    context, signed_in, form = get_context(request), current_editor(request), await request.post()
    try:
        claims = [json.loads(str(each)) for each in form.getall("claim", [])]
        texts, urls = [str(text) for text, _ in claims], [str(url) for _, url in claims]
    except (ValueError, TypeError, RecursionError):
        raise web.HTTPBadRequest from None
    try:
        async with context.database.transaction() as session:
            draft = await get_draft(session, request.match_info["draft_id"], signed_in.editor.id)
            known = find_references(draft.reference)
            new = "\n".join(url for url in dict.fromkeys(urls) if url not in known)
            writing = Writing(
                draft.verdict,
                join(draft.text, "\n".join(texts)) if texts else draft.text,
                f"{draft.reference.rstrip()}\n{new}".strip() if new else draft.reference,
                draft.expires_at,
            )
            draft = await save_draft(session, draft.id, draft.editor_id, read_version(form), writing)
            await note_references(session, draft.reference)
            address = await address_of(session, draft)
    except UnknownDraftError:
        raise web.HTTPNotFound from None
    except StaleDraftError as error:
        back = f"/review/articles/{error.stored.article_id}/write"
        return render(request, "error.html", status=409, kind="conflict", back=back)
    raise web.HTTPSeeOther(address)


async def _load_pages(context: ConsoleContext, urls: list[str]) -> dict[str, str]:
    """What the cited pages say; those that cannot be read are left out."""
    pages: dict[str, str] = {}
    for url in urls[:MAX_PAGES]:
        try:
            pages[url] = (await context.fetcher.fetch(url)).text
        except FetchError:
            continue
    return pages


routes = [
    web.post("/drafts/{draft_id}/help", propose),
    web.post("/drafts/{draft_id}/take", take_over),
]
