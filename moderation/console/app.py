"""The console as an aiohttp application, mounted at `/review/`."""

import aiohttp_jinja2
import jinja2
from aiohttp import web

from moderation.console.context import CONTEXT, ConsoleContext
from moderation.console.editors import display_name
from moderation.console.pages import account, feeds, queue, signing_in, static_files, tasks
from moderation.console.rendering import ENVIRONMENT
from moderation.console.security import MIDDLEWARES

MAX_FORM_BYTES = 256 * 1024

PAGES = (
    signing_in,
    account,
    queue,
    tasks,
    feeds,
    static_files,
)
"""Each has a table `routes`."""


def console_app(context: ConsoleContext) -> web.Application:
    """The console over these parts; the caller mounts it at `/review/`."""
    app = web.Application(middlewares=MIDDLEWARES, client_max_size=MAX_FORM_BYTES)
    app[CONTEXT] = context
    aiohttp_jinja2.setup(
        app,
        app_key=ENVIRONMENT,
        filters={"display_name": display_name},
        loader=jinja2.PackageLoader("moderation.console"),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    for page in PAGES:
        app.router.add_routes(page.routes)
    return app
