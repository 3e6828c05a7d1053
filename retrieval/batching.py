"""Share one encoder among many coroutines, off the event loop, without letting the queue grow past hope.

A text that finds a worker idle is encoded at once. Under load texts wait in order of arrival; a worker takes the oldest
one, and with `batch_size` above 1 those waiting texts that are nearest to it in length, so that little is spent on
padding. A text that is waiting already is not encoded twice. On a CPU the prepared encoder runs texts one by one (see
`retrieval.onnx_encoder` for the figures), so `batch_size` is 1 there and throughput comes from `workers`.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

Result = TypeVar("Result")


class EncoderBusyError(Exception):
    """Too many texts are waiting to be encoded: try again in a moment."""

    retryable = True

    def __str__(self) -> str:
        return str(self.__doc__)


@dataclass(slots=True, eq=False)
class _Waiting(Generic[Result]):
    text: str
    result: asyncio.Future[Result]
    askers: int = 1


class BatchingEncoder(Generic[Result]):
    """Calls `run` (an encoder's `encode`) in worker threads. Belongs to one event loop."""

    def __init__(
        self,
        run: Callable[[Sequence[str]], Iterable[Result]],
        *,
        workers: int = 1,
        batch_size: int = 1,
        max_waiting: int = 256,
    ) -> None:
        self._run = run
        self._batch_size = batch_size
        self._max_waiting = max_waiting
        self._idle = workers
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="encoder")
        self._waiting: dict[str, _Waiting[Result]] = {}  # in order of arrival

    @property
    def waiting(self) -> int:
        """How many texts wait for a worker."""
        return len(self._waiting)

    async def encode(self, text: str) -> Result:
        """Return what `run` makes of the text; raise `EncoderBusyError` at once when too many wait already."""
        entry = self._waiting.get(text)
        if entry is not None:
            entry.askers += 1
        else:
            if len(self._waiting) >= self._max_waiting:
                raise EncoderBusyError
            entry = _Waiting(text, asyncio.get_running_loop().create_future())
            self._waiting[text] = entry
            self._start_work()
        try:
            return await asyncio.shield(entry.result)
        except asyncio.CancelledError:
            self._leave(entry)
            raise

    def close(self) -> None:
        """Give up what waits and let the threads end after what they are at."""
        for entry in self._waiting.values():
            entry.result.cancel()
        self._waiting.clear()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _leave(self, entry: _Waiting[Result]) -> None:
        """Drop a text that nobody waits for any more, unless a worker has it already."""
        entry.askers -= 1
        if not entry.askers and self._waiting.get(entry.text) is entry:
            del self._waiting[entry.text]

    def _start_work(self) -> None:
        while self._idle and self._waiting:
            batch = self._take_batch()
            self._idle -= 1
            work = asyncio.get_running_loop().run_in_executor(self._pool, self._run, [entry.text for entry in batch])
            work.add_done_callback(lambda done, batch=batch: self._finish(batch, done))  # type: ignore[misc]

    def _take_batch(self) -> list[_Waiting[Result]]:
        batch = [oldest := next(iter(self._waiting.values()))]
        if self._batch_size > 1:
            by_length = sorted(self._waiting.values(), key=lambda entry: abs(len(entry.text) - len(oldest.text)))
            batch = by_length[: self._batch_size]
        for entry in batch:
            del self._waiting[entry.text]
        return batch

    def _finish(self, batch: list[_Waiting[Result]], done: asyncio.Future[Iterable[Result]]) -> None:
        self._idle += 1
        if done.cancelled():
            return
        error = done.exception()
        results = [] if error else list(done.result())
        for i, entry in enumerate(batch):
            if entry.result.done():
                continue
            if error is None:
                entry.result.set_result(results[i])
            else:
                entry.result.set_exception(error)
                entry.result.exception()  # read once: its askers may all have gone
        self._start_work()
