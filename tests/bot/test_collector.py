"""What start-up made is not walked again; what is dropped later still goes."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from bot.collector import THRESHOLDS, put_aside


class Ring:
    """Refers to itself: only the collector can tell that nobody else does."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_it_puts_aside_what_is_there_and_collects_what_comes_later() -> None:
    dropped = weakref.ref(Ring())
    put_aside()
    assert dropped() is None, "garbage is not kept for good"
    assert gc.get_freeze_count() > 0
    assert gc.get_threshold() == THRESHOLDS
    later = weakref.ref(Ring())
    gc.collect()
    assert later() is None
