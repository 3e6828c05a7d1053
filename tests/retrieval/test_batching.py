import asyncio
import threading
from collections.abc import Iterable, Sequence

import pytest

from retrieval.batching import BatchingEncoder, EncoderBusyError
from tests.waiting import until


class Gate:
    """An encoder that waits until it is let go, and remembers what it was given."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.open = threading.Event()

    def __call__(self, texts: Sequence[str]) -> Iterable[str]:
        self.batches.append(list(texts))
        self.open.wait(60)
        if "bad" in texts:
            raise ValueError("bad")
        return [text.upper() for text in texts]


@pytest.fixture
def gate() -> Gate:
    return Gate()


async def ask_all(encoder: BatchingEncoder[str], texts: Iterable[str]) -> list[asyncio.Task[str]]:
    """Ask for these texts in order, and return once all of them are waiting or being worked on."""
    tasks = [asyncio.create_task(encoder.encode(text)) for text in texts]
    await asyncio.sleep(0.01)
    return tasks


async def test_it_starts_at_once_when_a_worker_is_idle(gate: Gate) -> None:
    gate.open.set()
    encoder = BatchingEncoder(gate)

    assert await encoder.encode("a") == "A"
    assert encoder.waiting == 0
    encoder.close()


async def test_it_takes_waiting_texts_oldest_first(gate: Gate) -> None:
    encoder = BatchingEncoder(gate)
    tasks = await ask_all(encoder, ["a", "bb", "c"])
    gate.open.set()

    assert await asyncio.gather(*tasks) == ["A", "BB", "C"]
    assert gate.batches == [["a"], ["bb"], ["c"]]
    encoder.close()


async def test_it_puts_texts_of_like_length_into_one_batch(gate: Gate) -> None:
    encoder = BatchingEncoder(gate, batch_size=3)
    tasks = await ask_all(encoder, ["first", "x" * 10, "y" * 900, "z" * 12, "w" * 11, "v" * 800])
    gate.open.set()
    await asyncio.gather(*tasks)

    assert gate.batches == [["first"], ["x" * 10, "w" * 11, "z" * 12], ["y" * 900, "v" * 800]]
    encoder.close()


async def test_it_encodes_a_text_that_many_wait_for_once(gate: Gate) -> None:
    encoder = BatchingEncoder(gate)
    tasks = await ask_all(encoder, ["busy", "same", "same", "same"])
    gate.open.set()

    assert (await asyncio.gather(*tasks))[1:] == ["SAME"] * 3
    assert gate.batches == [["busy"], ["same"]]
    encoder.close()


async def test_it_refuses_at_once_when_too_many_wait(gate: Gate) -> None:
    encoder = BatchingEncoder(gate, max_waiting=2)
    tasks = await ask_all(encoder, ["working", "a", "b"])

    with pytest.raises(EncoderBusyError, match="try again") as refused:
        await encoder.encode("c")
    assert refused.value.retryable

    gate.open.set()
    assert await asyncio.gather(*tasks) == ["WORKING", "A", "B"]
    assert await encoder.encode("c") == "C"
    encoder.close()


async def test_it_drops_a_text_that_nobody_waits_for_any_more(gate: Gate) -> None:
    encoder = BatchingEncoder(gate)
    tasks = await ask_all(encoder, ["working", "given up", "wanted"])
    tasks[1].cancel()
    gate.open.set()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert gate.batches == [["working"], ["wanted"]]
    encoder.close()


async def test_it_keeps_a_text_that_somebody_else_still_waits_for(gate: Gate) -> None:
    encoder = BatchingEncoder(gate)
    tasks = await ask_all(encoder, ["working", "shared", "shared"])
    tasks[1].cancel()
    gate.open.set()

    assert await tasks[2] == "SHARED"
    encoder.close()


async def test_a_failure_reaches_those_who_asked_and_nobody_else(gate: Gate) -> None:
    encoder = BatchingEncoder(gate)
    tasks = await ask_all(encoder, ["bad", "good"])
    gate.open.set()

    with pytest.raises(ValueError, match="bad"):
        await tasks[0]
    assert await tasks[1] == "GOOD"
    encoder.close()


async def test_it_works_on_as_many_at_once_as_it_has_workers(gate: Gate) -> None:
    encoder = BatchingEncoder(gate, workers=3)
    tasks = await ask_all(encoder, "abcde")

    await until(lambda: len(gate.batches) == 3)
    assert encoder.waiting == 2
    assert sorted(gate.batches) == [["a"], ["b"], ["c"]]
    gate.open.set()
    await asyncio.gather(*tasks)
    encoder.close()


async def test_closing_gives_up_what_waits(gate: Gate) -> None:
    encoder = BatchingEncoder(gate)
    tasks = await ask_all(encoder, ["working", "waiting"])
    encoder.close()
    gate.open.set()

    with pytest.raises(asyncio.CancelledError):
        await tasks[1]
    assert await tasks[0] == "WORKING"
