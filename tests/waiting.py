"""Waiting for something to become so, with a bound that a busy machine keeps too."""

import asyncio
import time
from collections.abc import Awaitable, Callable

WITHIN_S = 60.0


async def until(condition: Callable[[], object], within_s: float = WITHIN_S) -> float:
    """Wait until the condition holds; return the seconds that took."""

    async def holds() -> bool:
        return bool(condition())

    return await wait_until(holds, within_s)


async def wait_until(holds: Callable[[], Awaitable[bool]], within_s: float = WITHIN_S) -> float:
    """Wait until it holds, which is asked of a database; return the seconds that took."""
    started = time.monotonic()
    while not await holds():
        if time.monotonic() - started > within_s:
            raise AssertionError(f"not within {within_s} s")
        await asyncio.sleep(0.005)
    return time.monotonic() - started
