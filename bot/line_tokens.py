"""The channel access token: a long-lived one from the settings, or stateless ones, issued and renewed in time.

A stateless token (channel access token API v3) lives 15 minutes and cannot be revoked. It is renewed two minutes before
its end; callers who need one at the same time share one request.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

RENEW_BEFORE_S = 120.0


@dataclass(frozen=True, slots=True)
class IssuedToken:
    value: str
    expires_in_s: float


Issue = Callable[[], Awaitable[IssuedToken]]


class TokenSource(Protocol):
    """Where the client gets its token."""

    async def get(self) -> str: ...

    def forget(self, token: str) -> bool:
        """LINE refused this token. True: another one can be had, so trying again makes sense."""
        ...


class LongLivedToken:
    """The token that the settings name."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def get(self) -> str:
        return self._token

    def forget(self, token: str) -> bool:
        return False


class StatelessTokens:
    """Short-lived tokens, from `issue`."""

    def __init__(self, issue: Issue, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._issue = issue
        self._clock = clock
        self._token = ""
        self._good_until = float("-inf")
        self._renewing = asyncio.Lock()

    async def get(self) -> str:
        """A token good for two minutes at least; raises LineError when none can be had."""
        if self._clock() >= self._good_until:
            async with self._renewing:
                if self._clock() >= self._good_until:
                    await self._renew()
        return self._token

    def forget(self, token: str) -> bool:
        if token == self._token:
            self._good_until = float("-inf")
        return True

    async def _renew(self) -> None:
        asked_at = self._clock()
        issued = await self._issue()
        self._token = issued.value
        self._good_until = asked_at + max(issued.expires_in_s - RENEW_BEFORE_S, issued.expires_in_s / 2)
