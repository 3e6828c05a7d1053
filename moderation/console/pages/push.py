"""Being told in the browser: switched on in each, with what of; and the worker that shows it."""

import json

from aiohttp import web

from moderation.console import audit
from moderation.console.access import current_editor, requires
from moderation.console.assets import asset_url, read_asset
from moderation.console.context import ConsoleContext, get_context
from moderation.console.permissions import Permission
from moderation.console.push import find_subscription, load_subscriptions, subscribe, to_keys
from moderation.console.push_service import Delivery, Keys, MalformedSubscriptionError, PushService
from moderation.console.push_topics import TEST, TITLE, TOPICS, choose_topics
from moderation.console.rendering import find_words, render
from storage.tables import PushSubscription


@requires(Permission.READ)
async def show(request: web.Request) -> web.StreamResponse:
    context, signed_in = get_context(request), current_editor(request)
    async with context.database.reading() as session:
        subscriptions = await load_subscriptions(session, signed_in.editor.id)
    return render(
        request,
        "push.html",
        subscriptions=subscriptions,
        topics={key: label for key, (label, _) in TOPICS.items()},
        public_key=context.push.public_key if context.push else "",
        is_secure=context.is_https or context.public_url.startswith(("http://localhost", "http://127.0.0.1")),
        said=request.query.get("said", ""),
    )


@requires(Permission.READ)
async def add(request: web.Request) -> web.StreamResponse:
    """Remember this browser: what its push service has given it, as JSON."""
    context, signed_in = get_context(request), current_editor(request)
    service = _get_service(context)
    try:
        given = await request.json()
        keys = service.check(Keys(str(given["endpoint"]), str(given["keys"]["p256dh"]), str(given["keys"]["auth"])))
        topics = choose_topics([str(topic) for topic in given["topics"]])
    except (ValueError, TypeError, KeyError, MalformedSubscriptionError):
        raise web.HTTPBadRequest from None
    async with context.database.transaction() as session:
        made = await subscribe(session, signed_in, keys, topics or list(TOPICS), context.now())
        await audit.record(session, signed_in.editor.id, "subscribe to push", f"push:{made.id}")
    return web.json_response({"go": "/review/push"})


@requires(Permission.READ)
async def change(request: web.Request) -> web.StreamResponse:
    """Other topics for one browser, or none any more."""
    context, signed_in, form = get_context(request), current_editor(request), await request.post()
    async with context.database.transaction() as session:
        found = await find_subscription(session, signed_in.editor.id, request.match_info["id"])
        if found is None:
            raise web.HTTPNotFound
        if "remove" in form:
            await session.delete(found)
        else:
            found.topics = choose_topics([str(topic) for topic in form.getall("topics", [])])
            session.add(found)
        act = "unsubscribe from push" if "remove" in form else "change push"
        await audit.record(session, signed_in.editor.id, act, f"push:{found.id}")
    raise web.HTTPSeeOther("/review/push")


@requires(Permission.READ)
async def try_out(request: web.Request) -> web.StreamResponse:
    """Send a message to one's own browser, to see that it arrives."""
    context, signed_in, words = get_context(request), current_editor(request), find_words(request)
    service = _get_service(context)
    async with context.database.reading() as session:
        found = await find_subscription(session, signed_in.editor.id, request.match_info["id"])
    if found is None:
        raise web.HTTPNotFound
    message = {
        "title": words(TITLE),
        "body": words(TEST),
        "tag": "test",
        "url": f"{context.url}/push",
        "lang": words.tag,
    }
    delivered = await service.send(to_keys(found), message, context.now())
    if delivered.outcome == Delivery.GONE:
        async with context.database.transaction() as session:
            gone = await session.get(PushSubscription, found.id)
            if gone is not None:
                await session.delete(gone)
    raise web.HTTPSeeOther(f"/review/push?said={delivered.outcome}")


async def show_worker(request: web.Request) -> web.Response:
    """The service worker. It stands at the console's own path, for that is all it may act for."""
    response = web.Response(body=read_asset("push_worker.js"), content_type="text/javascript", charset="utf-8")
    response.headers["Cache-Control"] = "no-cache"
    return response


async def show_manifest(request: web.Request) -> web.Response:
    """What makes the console an app on a home screen: without it an iPhone shows no push messages."""
    words = find_words(request)
    manifest = {
        "id": "/review/",
        "name": words(TITLE),
        "short_name": "查明",
        "lang": words.tag,
        "start_url": "/review/",
        "scope": "/review/",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#0d47a1",
        "icons": [{"src": asset_url("icon.svg"), "sizes": "any", "type": "image/svg+xml"}],
    }
    return web.Response(text=json.dumps(manifest, ensure_ascii=False), content_type="application/manifest+json")


def _get_service(context: ConsoleContext) -> PushService:
    if context.push is None:
        raise web.HTTPNotFound
    return context.push


routes = [
    web.get("/push", show),
    web.post("/push", add),
    web.post("/push/{id}", change),
    web.post("/push/{id}/test", try_out),
    web.get("/worker.js", show_worker),
    web.get("/app.webmanifest", show_manifest),
]
