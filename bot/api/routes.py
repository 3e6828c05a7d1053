"""Adds `/api/v1` to the application: limits, parameters, headers and errors are the same for every address."""

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import orjson
from aiohttp import web
from pydantic import ValidationError

from bot.api.errors import ApiError, BadRequestError, NotThereError
from bot.api.limits import RateLimit, client_of
from bot.api.models import Problem
from bot.api.openapi import describe
from bot.api.operations import OPERATIONS, Operation
from bot.api.reading import ApiMatcher, Reading
from moderation.client_address import find_address
from storage.database import Database

PREFIX = "/api/v1"
PER_SECOND = 10
BURST = 100
"""A client's allowance: a hundred plain requests at once, ten a second; a search costs as much as ten."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Retry-After",
    "Cache-Control": "public, max-age=60",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
ALLOWED = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "If-None-Match",
    "Access-Control-Max-Age": "86400",
}


def add_api(
    app: web.Application,
    *,
    database: Database,
    matcher: ApiMatcher,
    public_url: str,
    releases: Path,
    proxies: int = 0,
    limit: RateLimit | None = None,
) -> None:
    """`releases` is the folder that `chaming export` publishes into; `proxies` stand before this server."""
    reading = Reading(database, matcher, public_url, releases)
    limit = limit or RateLimit(PER_SECOND, BURST)
    for operation in OPERATIONS:
        app.router.add_get(PREFIX + operation.path, _to_handler(operation, reading, limit, proxies))
    document = orjson.dumps(describe(public_url.rstrip("/")), option=orjson.OPT_INDENT_2)

    async def show_description(request: web.Request) -> web.Response:
        return _respond(request, document)

    app.router.add_get(f"{PREFIX}/openapi.json", show_description)
    app.router.add_route("OPTIONS", PREFIX + "/{path:.*}", _allow)
    app.router.add_get(PREFIX + "/{path:.+}", _refuse_unknown)


def _to_handler(operation: Operation, reading: Reading, limit: RateLimit, proxies: int) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            limit.take(client_of(find_address(request, proxies)), operation.cost)
            query = _parse(operation, request)
            answer = await operation.read(reading, query, request.match_info)
        except ApiError as error:
            return _to_problem(error)
        return _respond(request, answer.model_dump_json().encode())

    return handle


def _parse(operation: Operation, request: web.Request) -> object:
    """The parameters as their model; BadRequestError names the first that is wrong."""
    try:
        return operation.query.model_validate(dict(request.query), strict=False)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise BadRequestError(f"{'.'.join(map(str, first['loc'])) or 'The query'}: {first['msg']}") from None


def _respond(request: web.Request, body: bytes) -> web.Response:
    fingerprint = hashlib.sha256(body).hexdigest()[:32]
    known = request.if_none_match or ()
    if any(etag.value in {fingerprint, "*"} for etag in known):
        response = web.Response(status=304, headers=HEADERS)
    else:
        response = web.Response(body=body, content_type="application/json", charset="utf-8", headers=HEADERS)
    response.etag = fingerprint
    return response


def _to_problem(error: ApiError) -> web.Response:
    problem = Problem(title=error.title, status=error.status, detail=error.detail)
    headers = HEADERS | {"Cache-Control": "no-store"}
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(error.retry_after_s)
    body = problem.model_dump_json().encode()
    return web.Response(body=body, status=error.status, content_type="application/problem+json", headers=headers)


async def _allow(request: web.Request) -> web.Response:
    """What a browser asks before a page of another site may read."""
    return web.Response(status=204, headers=HEADERS | ALLOWED)


async def _refuse_unknown(request: web.Request) -> web.Response:
    from_here = ", ".join(operation.path for operation in OPERATIONS)
    return _to_problem(NotThereError(f"No such address. There are: {from_here}; see {PREFIX}/openapi.json."))
