"""The queue: what to work on next, and why."""

from aiohttp import web

from moderation.console.access import requires
from moderation.console.permissions import Permission
from moderation.console.rendering import render


@requires(Permission.READ)
async def show(request: web.Request) -> web.StreamResponse:
    return render(request, "queue.html", tasks=[])


routes = [web.get("/", show)]
