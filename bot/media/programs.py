"""Runs another program on what strangers sent: in a process of its own, with limits on time, memory and output.

ProgramError
├── ProgramMissingError
├── ProgramTooSlowError
└── ProgramFailedError
"""

import asyncio
import os
import resource
import signal
from collections.abc import Sequence
from contextlib import suppress

MEMORY_BYTES = 1_500_000_000
MAX_OUTPUT = 8_000_000
DIES_WITHIN_S = 5.0
"""A killed program that hangs in the kernel is waited for no longer."""


class ProgramError(Exception):
    """Another program did not do what it was run for."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{self.__doc__} ({name})")


class ProgramMissingError(ProgramError):
    """The program is not installed."""


class ProgramTooSlowError(ProgramError):
    """The program took too long and was ended."""


class ProgramFailedError(ProgramError):
    """The program gave up, or said more than is read of it."""


async def run_program(command: Sequence[str], *, within_s: float, data: bytes = b"") -> bytes:
    """Run the command with `data` on its standard input, and return what it writes to its standard output."""
    name = command[0]
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE if data else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={"PATH": os.environ.get("PATH", os.defpath), "OMP_THREAD_LIMIT": "1", "LC_ALL": "C.UTF-8"},
            start_new_session=True,
        )
    except OSError as error:
        raise ProgramMissingError(name) from error
    try:
        _limit(process.pid, within_s)
        async with asyncio.timeout(within_s):
            output, _ = await process.communicate(data or None)
    except TimeoutError as error:
        raise ProgramTooSlowError(name) from error
    except RuntimeError as error:  # uvloop's word for a program that ended before it had read its input
        raise ProgramFailedError(name) from error
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            with suppress(TimeoutError):
                async with asyncio.timeout(DIES_WITHIN_S):
                    await asyncio.shield(process.wait())
    if process.returncode or len(output) > MAX_OUTPUT:
        raise ProgramFailedError(name)
    return output


def _limit(pid: int, within_s: float) -> None:
    """Bound the process itself, so that it ends even when this one is killed. Only Linux can do so from outside."""
    if not hasattr(resource, "prlimit"):
        return
    with suppress(ProcessLookupError, PermissionError):
        resource.prlimit(pid, resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.prlimit(pid, resource.RLIMIT_CPU, (int(within_s * 2) + 1, int(within_s * 2) + 1))
        resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
