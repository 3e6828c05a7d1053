"""A picture on its way to the public, and what its person chose to cover: what its page (`…/picture`) works on."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from bot.asking_page import MAX_REASON
from bot.events import MediaMessage
from bot.fit import clean, cut
from bot.handlers.asking import Person
from bot.media.covering import (
    COLUMNS,
    MAX_PARTS,
    MAX_ROWS,
    PrivatePart,
    count_rows,
    cover,
    field_area,
    read_areas,
    words_left,
)
from bot.media.desk import SeenPicture
from bot.media.reading import Reading, ReadText
from bot.media.words import Area
from retrieval.pictures.decoding import encode_for_keeping

MAX_DRAWN = 4000
"""Characters of what was drawn."""


@dataclass(frozen=True, slots=True)
class PictureDraft:
    """A picture on its way to the public, as it is now."""

    kept: MediaMessage
    person: Person
    decision_id: str | None
    seen: SeenPicture
    read: ReadText
    parts: tuple[PrivatePart, ...]

    @property
    def rows(self) -> int:
        return count_rows(*self.seen.picture.size)

    def areas(self, form: "PictureForm") -> list[Area]:
        """Everything that is covered."""
        proposed = [area for number in form.cover if number < len(self.parts) for area in self.parts[number].areas]
        fields = [area for number in form.fields if (area := field_area(number, self.rows))]
        return [*proposed, *form.drawn, *fields]

    def make_public(self, areas: Sequence[Area]) -> "PublicPicture":
        """What would become public; takes a while."""
        data = encode_for_keeping(cover(self.seen.picture, areas))
        return PublicPicture(data, words_left(self.read.lines, areas) if self.read.reading == Reading.READ else "")


@dataclass(frozen=True, slots=True)
class PublicPicture:
    """Everything of a picture that becomes public."""

    data: bytes
    text: str

    @property
    def mark(self) -> str:
        """Changes with the picture, and with its words."""
        return hashlib.sha256(self.data + b"\0" + self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class PictureForm:
    """What a person chose."""

    step: str = ""
    cover: tuple[int, ...] = ()
    drawn: tuple[Area, ...] = ()
    fields: tuple[int, ...] = ()
    mark: str = ""
    shown: str = ""
    """The mark of what they looked at last."""
    reason: str = ""
    seen: str = ""


async def read_form(request: web.Request) -> PictureForm:
    sent = await request.post()

    def one(name: str) -> str:
        value = sent.get(name, "")
        return value if isinstance(value, str) else ""

    def numbers(name: str, below: int) -> tuple[int, ...]:
        """Each once, and none that the page cannot have sent."""
        values = [value for value in sent.getall(name, []) if isinstance(value, str)]
        told = (int(value) for value in values if value.isascii() and value.isdigit() and len(value) <= 4)
        return tuple(dict.fromkeys(number for number in told if number < below))

    return PictureForm(
        step=one("step"),
        cover=numbers("cover", MAX_PARTS),
        drawn=read_areas(one("drawn")[:MAX_DRAWN]),
        fields=numbers("field", COLUMNS * MAX_ROWS),
        mark=one("mark"),
        shown=one("shown"),
        reason=cut(clean(one("reason")), MAX_REASON),
        seen=one("seen"),
    )
