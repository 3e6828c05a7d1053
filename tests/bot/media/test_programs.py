"""Other programs, run on what strangers sent, under the loop that serves."""

import asyncio
import sys
import time
from collections.abc import Coroutine
from typing import Any

import pytest
import uvloop

from bot.media.programs import ProgramFailedError, ProgramMissingError, ProgramTooSlowError, run_program

PYTHON = sys.executable


def on_serving_loop(main: Coroutine[Any, Any, bytes]) -> bytes:
    return uvloop.run(main)


async def beside_busy_work(running: Coroutine[Any, Any, bytes]) -> bytes:
    """Keep the loop from looking after the program until that has ended: the start of a serving process does."""

    async def block() -> None:
        for _ in range(10):
            time.sleep(0.05)  # noqa: ASYNC251
            await asyncio.sleep(0)

    blocking = asyncio.create_task(block())
    try:
        return await running
    finally:
        await blocking


def test_it_returns_what_the_program_writes() -> None:
    command = [PYTHON, "-c", "import sys; sys.stdout.write(sys.stdin.read().upper())"]
    assert on_serving_loop(run_program(command, within_s=60, data=b"words")) == b"WORDS"


def test_it_hears_a_program_that_ends_before_the_loop_looks() -> None:
    assert on_serving_loop(beside_busy_work(run_program(["echo", "done"], within_s=60))) == b"done\n"


def test_a_program_that_ends_before_it_reads_its_input_has_failed() -> None:
    async def run() -> bytes:
        return await run_program(["false"], within_s=60, data=b"x" * 1_000_000)

    with pytest.raises(ProgramFailedError):
        on_serving_loop(beside_busy_work(run()))


def test_it_ends_a_program_that_takes_too_long() -> None:
    began = time.monotonic()
    with pytest.raises(ProgramTooSlowError):
        on_serving_loop(run_program(["sleep", "30"], within_s=0.2))
    assert time.monotonic() - began < 25


def test_it_says_which_program_is_not_there() -> None:
    with pytest.raises(ProgramMissingError, match="no-such-program"):
        on_serving_loop(run_program(["no-such-program"], within_s=1))
