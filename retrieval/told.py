"""A folded text and what it tells, each looked for once: a message is held against several entries, and two texts are
compared in several ways."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from retrieval.details import find_details, quantities
from retrieval.frames import Detail, Frame, read_frame
from retrieval.listed import by_kind, find_names, find_opposites


@dataclass(frozen=True)
class Told:
    """A folded text. What it tells is looked for when it is first asked for."""

    text: str

    @cached_property
    def listed(self) -> Sequence[Detail]:
        """The listed names, one behind the other."""
        return tuple(find_names(self.text))

    @cached_property
    def details(self) -> Sequence[Detail]:
        return find_details(self.text, listed=self.listed, turned=self.opposites)

    @cached_property
    def frame(self) -> Frame:
        return read_frame(self.text, self.details)

    @cached_property
    def names(self) -> Mapping[str, set[str]]:
        """The listed foods, drugs, places, names and things, by kind."""
        return by_kind(self.listed)

    @cached_property
    def numbers(self) -> Mapping[tuple[str, str], Sequence[str]]:
        """The numbers by their unit (`retrieval.details.quantities`)."""
        return quantities(self.text)

    @cached_property
    def opposites(self) -> Mapping[str, Sequence[int]]:
        """Where the words with an opposite begin."""
        return find_opposites(self.text)
