"""Releases that are made here survive the test, but need not survive a power cut."""

import pytest


@pytest.fixture(autouse=True)
def _not_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A release brings a hundred files to disk one by one, which takes half of its time where others write too."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)
