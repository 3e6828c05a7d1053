"""`/api/v1/`: the API for people who read about it, made from the same description that programs read."""

from typing import Any

from aiohttp import web

from bot.api.openapi import describe
from bot.data_pages.site import Site


class ApiPage:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._operations = to_operations(describe(site.public_url))

    async def show(self, request: web.Request) -> web.Response:
        return self._site.respond(request, "api.html", operations=self._operations)


def to_operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Path, summary and parameters of each address."""
    return [
        {"path": f"/api/v1{path}", "summary": methods["get"]["summary"], "parameters": methods["get"]["parameters"]}
        for path, methods in document["paths"].items()
    ]
