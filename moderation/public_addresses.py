"""Which addresses of the internet are public: the only ones that anything is fetched from or sent to."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

import ada_url
from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult

MAX_URL = 2_000
PORTS = frozenset({80, 443})

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Host and port to addresses, as the system's resolver gives them."""

_TRANSLATED = IPv6Network("64:ff9b::/96")
"""NAT64: the last 32 bits are the IPv4 address that is meant (RFC 6052)."""


class PrivateAddressError(Exception):
    """The address is not one of the public web: another scheme or port, or of this machine or a private network."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


def is_public(address: str) -> bool:
    """Whether an address can be reached from anywhere, also when it is an IPv4 address in IPv6 clothes."""
    parsed = _unwrap(ip_address(address.partition("%")[0]))
    refused = parsed.is_multicast or parsed.is_reserved or parsed.is_loopback or parsed.is_unspecified
    return parsed.is_global and not refused


def is_literal(host: str) -> bool:
    """Whether a host is an address itself, and no name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def refuse_private(address: str, port: int, loopback_ports: frozenset[int]) -> None:
    """Raise `PrivateAddressError` unless the address is public, or loopback on one of the ports that tests may use."""
    if is_public(address):
        return
    if port not in loopback_ports or not ip_address(address.partition("%")[0]).is_loopback:
        raise PrivateAddressError


def check_url(url: str, loopback_ports: frozenset[int] = frozenset()) -> str:
    """An address of the public web as a browser understands it, without fragment. Raises `PrivateAddressError`."""
    try:
        href = ada_url.URL(url.strip()).href.partition("#")[0]
        parts = urlsplit(href)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except (ValueError, UnicodeError):
        raise PrivateAddressError from None
    if len(href) > MAX_URL or parts.scheme not in {"http", "https"} or parts.username or parts.password:
        raise PrivateAddressError
    if not parts.hostname or port not in PORTS | loopback_ports:
        raise PrivateAddressError
    if is_literal(parts.hostname):
        refuse_private(parts.hostname, port, loopback_ports)
    return href


async def resolve(host: str, port: int) -> list[str]:
    """Ask the system's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class PublicResolver(AbstractResolver):
    """Resolves names to public addresses only.

    The connection is made to what was looked at here, so a name cannot lead elsewhere a moment later. One private
    address among a name's public ones is enough to refuse it: nobody has that by accident.
    """

    def __init__(self, loopback_ports: frozenset[int], ask: Resolve = resolve) -> None:
        self._loopback_ports = loopback_ports
        self._ask = ask

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        addresses = await self._ask(host, port)
        for address in addresses:
            refuse_private(address, port, self._loopback_ports)
        return [_to_result(host, port, address) for address in addresses]

    async def close(self) -> None:
        """Nothing to close."""


@asynccontextmanager
async def open_outside(
    loopback_ports: frozenset[int],
    seconds: float,
    *,
    headers: dict[str, str] | None = None,
    ask: Resolve = resolve,
) -> AsyncIterator[ClientSession]:
    """A client that connects to public addresses only, and keeps no cookie and no connection."""
    connector = TCPConnector(resolver=PublicResolver(loopback_ports, ask), use_dns_cache=False, force_close=True)
    async with ClientSession(
        connector=connector,
        cookie_jar=DummyCookieJar(),
        timeout=ClientTimeout(total=seconds),
        headers=headers,
        auto_decompress=False,
        trust_env=False,
    ) as session:
        yield session


def _unwrap(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv4Address):
        return address
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _to_result(host: str, port: int, address: str) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)
