"""The aiohttp app: the webhook, the public pages, and what operators look at."""

import hmac
from collections.abc import AsyncIterator

import structlog
from aiohttp import web
from sqlalchemy import select

from bot.api.routes import add_api
from bot.console import to_console_context
from bot.data_pages.routes import add_data_pages
from bot.dispatch import Dispatcher
from bot.draft_page import add_draft_page
from bot.my_data_page import add_my_data_page
from bot.pages import add_pages
from bot.picture_draft_page import add_picture_draft_page
from bot.services import Services
from bot.webhook import MAX_BODY_BYTES, Webhook
from bot.worker import build_dispatcher, working
from moderation.console.app import console_app

SERVICES: web.AppKey[Services] = web.AppKey("services", Services)

log = structlog.get_logger()


def build_app(services: Services, dispatcher: Dispatcher | None = None) -> web.Application:
    """Make the app. Its dispatcher and index follower start with it and end with it."""
    dispatcher = dispatcher or build_dispatcher(services)
    webhook = Webhook(
        secrets=services.settings.line_channel_secrets,
        pseudonyms=services.pseudonyms,
        receive=dispatcher.receive,
        metrics=services.metrics,
        choose=services.limits.choose_stored,
    )
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app[SERVICES] = services
    app.router.add_post("/callback", webhook.handle)
    app.router.add_get("/healthz", say_alive)
    app.router.add_get("/readyz", say_ready)
    app.router.add_get("/metrics", show_metrics)
    add_pages(
        app,
        database=services.database,
        wordings=services.wordings,
        buttons=services.buttons,
        public_url=services.settings.public_url,
        pseudonyms=services.pseudonyms,
    )

    add_draft_page(app, services)
    add_picture_draft_page(app, services)
    add_my_data_page(app, services)

    releases = services.settings.releases_dir
    add_api(
        app,
        database=services.database,
        matcher=services.matching,
        public_url=services.settings.public_url,
        releases=releases,
        proxies=services.settings.proxies,
    )
    add_data_pages(app, database=services.database, public_url=services.settings.public_url, releases=releases)

    app.add_subapp("/review/", console_app(to_console_context(services)))

    async def work(_: web.Application) -> AsyncIterator[None]:
        async with working(services, dispatcher):
            yield

    app.cleanup_ctx.append(work)
    return app


async def say_alive(request: web.Request) -> web.Response:
    """The process answers; whether it can do its work is `/readyz`' business."""
    return web.Response(text="ok")


async def say_ready(request: web.Request) -> web.Response:
    """200 when the database answers and model and index are loaded; 503 saying which is missing."""
    services = request.app[SERVICES]
    state = {"database": await is_answering(services), "matching": services.matching.ready}
    return web.json_response(state, status=200 if all(state.values()) else 503)


async def is_answering(services: Services) -> bool:
    try:
        async with services.database.reading() as session:
            await session.execute(select(1))
    except Exception:
        log.exception("database_not_answering")
        return False
    return True


async def show_metrics(request: web.Request) -> web.Response:
    """Counts and times for Prometheus, which shows METRICS_TOKEN where one is set."""
    services = request.app[SERVICES]
    token = services.settings.metrics_token
    given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
    if token is not None and not hmac.compare_digest(given, f"Bearer {token}".encode()):
        return web.Response(status=401, text="METRICS_TOKEN is needed", headers={"WWW-Authenticate": "Bearer"})
    body = services.metrics.render()
    return web.Response(body=body, content_type="text/plain", charset="utf-8")
