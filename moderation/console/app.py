"""The console as an aiohttp application, mounted at `/review/`."""

import aiohttp_jinja2
import jinja2
from aiohttp import web

from moderation.console.background import in_background
from moderation.console.context import CONTEXT, ConsoleContext
from moderation.console.editors import display_name
from moderation.console.pages import (
    account,
    answers,
    cases,
    drafts,
    editor,
    feeds,
    helping,
    history,
    inbox,
    line_login,
    passkeys,
    people,
    push,
    queue,
    reporting,
    signing_in,
    similar,
    static_files,
    statistics,
    tasks,
    watch,
    wordings,
)
from moderation.console.rendering import ENVIRONMENT
from moderation.console.security import MIDDLEWARES

MAX_FORM_BYTES = 256 * 1024

PAGES = (
    signing_in,
    line_login,
    passkeys,
    account,
    queue,
    tasks,
    editor,
    drafts,
    helping,
    similar,
    answers,
    history,
    wordings,
    feeds,
    watch,
    inbox,
    push,
    reporting,
    cases,
    people,
    statistics,
    static_files,
)
"""Each has a table `routes`."""


def console_app(context: ConsoleContext) -> web.Application:
    """The console over these parts; the caller mounts it at `/review/`."""
    app = web.Application(middlewares=MIDDLEWARES, client_max_size=MAX_FORM_BYTES)
    app[CONTEXT] = context
    app.cleanup_ctx.append(in_background)
    aiohttp_jinja2.setup(
        app,
        app_key=ENVIRONMENT,
        filters={"display_name": display_name},
        loader=jinja2.PackageLoader("moderation.console"),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        auto_reload=False,
    )
    for page in PAGES:
        app.router.add_routes(page.routes)
    return app
