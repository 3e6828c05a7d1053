"""What contradicts a message in the entries it is held against, each looked for once.

Reading two claims side by side takes as long as a leg's search, and needs no vector: most of it is done while the
encoder runs. The message is read once for all its entries.
"""

from collections.abc import Callable, Sequence

from retrieval.claim import Claim, read_claim
from retrieval.contradiction import Difference, compare_claims
from retrieval.message import Message
from retrieval.types import Entry


class Checks:
    """The differences between one message's passages and entries by slot. One thread at a time may ask."""

    def __init__(self, message: Message, entry: Callable[[int], Entry]) -> None:
        self._message = message
        self._entry = entry
        self._claims: dict[int, Claim] = {}
        self._found: dict[tuple[int, int], Sequence[Difference]] = {}

    def of(self, passage: int, slot: int) -> Sequence[Difference]:
        """What contradicts the passage in the entry; empty: nothing."""
        place = passage, slot
        if place not in self._found:
            self._found[place] = compare_claims(self._claim(passage), read_claim(self._entry(slot).text))
        return self._found[place]

    def _claim(self, passage: int) -> Claim:
        if passage not in self._claims:
            self._claims[passage] = read_claim(self._message.passages[passage].text)
        return self._claims[passage]
