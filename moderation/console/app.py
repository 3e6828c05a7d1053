"""The console as an aiohttp application, mounted at `/review/`."""

import asyncio
from collections.abc import AsyncIterator
from functools import cache

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
    to_rate,
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
    to_rate,
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
    app[ENVIRONMENT] = make_templates()
    app.cleanup_ctx.extend((in_background, _compile_ahead))
    for page in PAGES:
        app.router.add_routes(page.routes)
    return app


@cache
def make_templates() -> jinja2.Environment:
    """The pages' templates. One environment a process, which keeps what it has compiled."""
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("moderation.console"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        auto_reload=False,
    )
    templates.filters["display_name"] = display_name
    return templates


async def _compile_ahead(app: web.Application) -> AsyncIterator[None]:
    """Compile the templates beside the start, so that whoever looks first does not wait for it."""
    compiling = asyncio.create_task(asyncio.to_thread(_compile, app[ENVIRONMENT]))
    yield
    await compiling


def _compile(templates: jinja2.Environment) -> None:
    for name in templates.list_templates():
        templates.get_template(name)
