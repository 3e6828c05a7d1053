"""Whom a request comes from, where proxies stand before the server."""

from aiohttp import web


def find_address(request: web.Request, proxies: int) -> str | None:
    """The visitor's address: what the outermost of our own `proxies` saw.

    Each proxy appends whom it heard from to `X-Forwarded-For`; what stands further left anybody may have written.
    Without proxies, or when one left no word, it is the address the connection comes from.
    """
    if proxies:
        forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
        if len(forwarded) >= proxies and forwarded[-proxies]:
            return forwarded[-proxies]
    return request.remote
