"""`/stats/map`: the themes as a table, and as one picture with a slider through time."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

import orjson
from aiohttp import web

from bot.data_pages.data_page import SHARED
from bot.data_pages.site import HEADERS, MAX_AGE_S, Site, or_not_modified
from bot.data_pages.static_map import MapPicture, draw_map
from bot.data_pages.tables import Chart, Column, Kind, Row, Table, raw_cell, to_csv, write_cell
from bot.fit import clean, cut, one_line
from bot.wording import TAIPEI, Words
from storage.database import Database
from storage.exports.masking import Masker
from storage.themes import FoundMap, Place, find_map

MAX_PLACES = 20_000
"""Articles in the picture, the newest: a phone draws no more."""
MAX_TEXT = 60
KEPT_S = 300.0


@dataclass(frozen=True, slots=True)
class Themes:
    """A map as it is shown."""

    map: FoundMap
    picture: bytes
    """JSON for `map.js`."""
    static: MapPicture
    """What is shown without it."""


class ThemesReader:
    """Reads the newest map, and keeps it some minutes."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._kept: tuple[float, Themes | None] | None = None
        self._reading = asyncio.Lock()

    async def read(self) -> Themes | None:
        """None before the first map."""
        async with self._reading:
            if self._kept is None or self._clock() - self._kept[0] > KEPT_S:
                async with self._database.reading() as session:
                    found = await find_map(session, MAX_PLACES)
                themes = await asyncio.to_thread(_draw, found) if found else None
                self._kept = (self._clock(), themes)
            return self._kept[1]


class MapPage:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._themes = ThemesReader(site.database)

    async def show(self, request: web.Request) -> web.Response:
        """The themes, largest first, and the picture above them."""
        themes = await self._themes.read()
        words = self._site.words(request)
        return self._site.respond(
            request,
            "map.html",
            themes=themes.map if themes else None,
            static=themes.static if themes else None,
            table=to_table(words, themes.map) if themes else None,
            write=write_cell,
            raw=raw_cell,
        )

    async def show_picture(self, request: web.Request) -> web.Response:
        """What the picture is drawn from: for every article its place, theme, month, and whether it is answered."""
        themes = await self._themes.read()
        if themes is None:
            return self._site.absent(request)
        headers = HEADERS | SHARED | {"Cache-Control": f"public, max-age={MAX_AGE_S}"}
        response = web.Response(body=themes.picture, content_type="application/json", headers=headers)
        response.enable_compression()
        return or_not_modified(request, response)

    async def show_csv(self, request: web.Request) -> web.Response:
        """The table of themes as a file."""
        themes = await self._themes.read()
        if themes is None:
            return self._site.absent(request)
        headers = HEADERS | {"Content-Disposition": 'attachment; filename="themes.csv"'}
        text = to_csv(to_table(self._site.words(request), themes.map))
        return web.Response(text=text, content_type="text/csv", charset="utf-8", headers=headers)


def to_table(words: Words, found: FoundMap) -> Table:
    """A row for each theme: its words, how many articles, how many of them answered, and from when to when."""
    members: dict[int, list[Place]] = {}
    for place in found.places:
        if place.number is not None:
            members.setdefault(place.number, []).append(place)
    return Table(
        "themes",
        words("Themes"),
        words("Articles near one another in meaning. An article about something of its own has no theme."),
        (
            Column("theme", words("Distinctive words"), Kind.TEXT),
            Column("articles", words("Articles"), drawn=True),
            Column("answered", words("Answered"), Kind.SHARE),
            Column("first", words("First"), Kind.WEEK),
            Column("last", words("Latest"), Kind.WEEK),
            Column("example", words("For example"), Kind.TEXT),
        ),
        [_to_row(words, number, found.words.get(number, []), places) for number, places in sorted(members.items())],
        Chart.BARS,
    )


def name_theme(words: Words, number: int, telling: list[str]) -> str:
    return " · ".join(telling) or words("Theme {number}", number=number + 1)


def _to_row(words: Words, number: int, telling: list[str], places: list[Place]) -> Row:
    dates = sorted(_day(place.created_at) for place in places if place.created_at)
    return Row(
        (
            name_theme(words, number, telling),
            len(places),
            sum(place.is_answered for place in places) / len(places),
            dates[0] if dates else "–",
            dates[-1] if dates else "–",
            _to_title(places[0].text),
        )
    )


def _draw(found: FoundMap) -> Themes:
    """Columns instead of objects: a third of the bytes."""
    masker = Masker()
    sizes = Counter(place.number for place in found.places)
    picture = {
        "made_at": found.made_at.isoformat(),
        "themes": {str(number): words for number, words in found.words.items() if sizes[number]},
        "id": [place.article_id for place in found.places],
        "title": [masker.mask(_to_title(place.text)) for place in found.places],
        "month": [f"{_day(place.created_at):%Y-%m}" if place.created_at else None for place in found.places],
        "answered": [int(place.is_answered) for place in found.places],
        "theme": [place.number for place in found.places],
        "x": [round(place.x, 4) for place in found.places],
        "y": [round(place.y, 4) for place in found.places],
    }
    return Themes(found, orjson.dumps(picture), draw_map(found))


def _to_title(text: str | None) -> str:
    return cut(one_line(clean(text or "")), MAX_TEXT)


def _day(moment: datetime) -> date:
    return moment.astimezone(TAIPEI).date()
