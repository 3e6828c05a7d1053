"""What runs beside the handlers for as long as a process lives."""

import asyncio

import pytest

from bot import worker


async def test_background_work_that_fails_is_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "BACKGROUND_PAUSE_S", 0.0)
    began, again = 0, asyncio.Event()

    async def follow() -> None:
        nonlocal began
        began += 1
        if began == 1:
            raise RuntimeError("the handler is closed")
        again.set()
        await asyncio.Event().wait()

    running = asyncio.create_task(worker.keep_running(follow, "following"))
    async with asyncio.timeout(60):
        await again.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert began == 2
    assert running.cancelled()
