"""Flat arrays that grow at the end, a quarter more room at a time, so that appending stays cheap however long they are.

One writer may append while others read: what they hold is the old room, whose content stays.
"""

from collections.abc import Collection, Sequence
from typing import Any, Generic, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)


class GrowingArray(Generic[Scalar]):
    """An array that grows along its first axis. `view` is what is in use; it is only good until the next change."""

    def __init__(self, content: NDArray[Scalar]) -> None:
        self._room = content
        self._used = len(content)

    def __len__(self) -> int:
        return self._used

    @property
    def view(self) -> NDArray[Scalar]:
        return self._room[: self._used]

    def extend(self, values: NDArray[Any]) -> int:
        """Append the values and return where they begin."""
        start = self._used
        self.grow_to(start + len(values))
        self._room[start : self._used] = values
        return start

    def grow_to(self, length: int) -> None:
        """Make the array at least `length` long; what is new is zero."""
        if length > len(self._room):
            room = np.zeros((max(length, len(self._room) * 5 // 4, 1024), *self._room.shape[1:]), self._room.dtype)
            room[: self._used] = self._room[: self._used]
            self._room = room
        self._used = max(self._used, length)


class NumberColumn:
    """Many short rows of numbers by number, one after another in one array."""

    def __init__(self, content: NDArray[np.uint32] | None = None, ends: NDArray[np.int64] | None = None) -> None:
        self._content = GrowingArray(np.zeros(0, np.uint32) if content is None else content)
        self._ends = GrowingArray(np.zeros(0, np.int64) if ends is None else ends)

    def __getitem__(self, number: int) -> NDArray[np.uint32]:
        start, end = self._span(number)
        return self._content.view[start:end]

    def _span(self, number: int) -> tuple[int, int]:
        ends = self._ends.view
        return (int(ends[number - 1]) if number else 0), int(ends[number])

    def extend(self, rows: Sequence[NDArray[np.uint32]]) -> None:
        start = self._content.extend(np.concatenate([np.zeros(0, np.uint32), *rows]))
        self._ends.extend(start + np.cumsum([len(row) for row in rows], dtype=np.int64))

    def erase(self, numbers: Collection[int]) -> None:
        """Overwrite these rows with zeros."""
        for number in numbers:
            start, end = self._span(number)
            self._content.view[start:end] = 0

    def copy(self) -> Self:
        return type(self)(self._content.view.copy(), self._ends.view.copy())

    @property
    def arrays(self) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
        """What `__init__` takes."""
        return self._content.view, self._ends.view


class TextColumn:
    """Many short texts by number, as one run of UTF-8: a third of what as many Python strings take."""

    def __init__(self, content: NDArray[np.uint8] | None = None, ends: NDArray[np.int64] | None = None) -> None:
        self._content = GrowingArray(np.zeros(0, np.uint8) if content is None else content)
        self._ends = GrowingArray(np.zeros(0, np.int64) if ends is None else ends)

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, number: int) -> str:
        start, end = self._span(number)
        return self._content.view[start:end].tobytes().decode("utf-8")

    def _span(self, number: int) -> tuple[int, int]:
        ends = self._ends.view
        return (int(ends[number - 1]) if number else 0), int(ends[number])

    def extend(self, texts: Sequence[str]) -> None:
        encoded = [text.encode("utf-8", "replace") for text in texts]
        start = self._content.extend(np.frombuffer(b"".join(encoded), np.uint8))
        self._ends.extend(start + np.cumsum([len(raw) for raw in encoded], dtype=np.int64))

    def erase(self, numbers: Collection[int]) -> None:
        """Overwrite these texts; they read as blanks from then on."""
        for number in numbers:
            start, end = self._span(number)
            self._content.view[start:end] = ord(" ")

    def to_list(self) -> list[str]:
        raw, ends = self._content.view.tobytes(), self._ends.view.tolist()
        return [raw[start:end].decode("utf-8") for start, end in zip([0, *ends], ends, strict=False)]

    def copy(self) -> Self:
        return type(self)(self._content.view.copy(), self._ends.view.copy())

    @property
    def arrays(self) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """What `__init__` takes."""
        return self._content.view, self._ends.view
