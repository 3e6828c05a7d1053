"""What contradicts a message in the entries it is held against, each looked for once.

Reading two claims side by side takes as long as a leg's search, and needs no vector: most of it is done while the
encoder runs.
"""

from collections.abc import Callable, Sequence

from retrieval.contradiction import Difference, find_contradictions
from retrieval.message import Message
from retrieval.types import Entry


class Checks:
    """The differences between one message's passages and entries by slot. One thread at a time may ask."""

    def __init__(self, message: Message, entry: Callable[[int], Entry]) -> None:
        self._message = message
        self._entry = entry
        self._found: dict[tuple[int, int], Sequence[Difference]] = {}

    def of(self, passage: int, slot: int) -> Sequence[Difference]:
        """What contradicts the passage in the entry; empty: nothing."""
        place = passage, slot
        if place not in self._found:
            text = self._message.passages[passage].text
            self._found[place] = find_contradictions(text, self._entry(slot).text)
        return self._found[place]
