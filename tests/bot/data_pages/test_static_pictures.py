"""The pictures that stand in the pages for whoever reads without JavaScript."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from bot.data_pages.site import Look
from bot.data_pages.static_charts import HEIGHT, TOP, WIDTH, draw
from bot.data_pages.static_map import MAX_DOTS, draw_map
from bot.data_pages.tables import Cell, Chart, Column, Kind, Row, Table
from bot.wording import load_wordings
from storage.database import Database
from storage.themes import FoundMap, Place
from tests.bot.data_pages.conftest import Client, fill
from tests.bot.data_pages.test_map_page import draw as draw_themes
from tests.bot.test_pages import Html

LOOK = Look(load_wordings()["en"])
MONDAY = date(2026, 11, 2)
NOW = datetime(2026, 11, 20, tzinfo=UTC)
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def table(chart: Chart, *series: Sequence[Cell]) -> Table:
    columns = (Column("week", "Week", Kind.WEEK), *(Column(f"c{n}", f"C{n}", drawn=True) for n in range(len(series))))
    rows = [Row((MONDAY + timedelta(weeks=n), *cells)) for n, cells in enumerate(zip(*series, strict=True))]
    return Table("t", "T", "", columns, rows, chart)


def test_the_greatest_value_reaches_the_top_and_nothing_leaves_the_picture() -> None:
    for chart in (Chart.LINES, Chart.STACKED):
        drawn = draw(LOOK, table(chart, [1, 5, 2], [0, 3, 4]))
        assert drawn is not None
        tops = [float(y) for series in drawn.series for y in re.findall(r"(?:V| )(-?[\d.]+)", series.path)]
        assert min(tops) == TOP
        assert max(tops) <= HEIGHT
        assert (drawn.top, drawn.first, drawn.last) == (
            "8" if chart == Chart.STACKED else "5",
            "Nov 2, 2026",
            "Nov 16, 2026",
        )


def test_a_gap_is_no_line_and_a_value_between_gaps_is_a_dot() -> None:
    drawn = draw(LOOK, table(Chart.LINES, [1, None, 2, None, 3, 4]))
    assert drawn is not None
    (series,) = drawn.series
    assert series.path.count("M") == 1
    assert len(series.dots) == 2
    assert all(0 < x < WIDTH and TOP <= y < HEIGHT for x, y in series.dots)


def test_what_has_no_picture_is_not_drawn() -> None:
    assert draw(LOOK, table(Chart.BARS, [1])) is None
    assert draw(LOOK, table(Chart.LINES, [0, 0])) is None


def test_the_map_stays_small_and_its_words_do_not_cover_one_another() -> None:
    places = [Place(f"a{n}", "x", NOW, n % 3 == 0, n % 7, (n % 97) / 97, (n % 89) / 89) for n in range(20_000)]
    drawn = draw_map(FoundMap(NOW, 20_000, {n: ["疫苗", "接種"] for n in range(7)}, places))
    dots = "".join([*drawn.answered.values(), *drawn.open.values()])
    assert dots.count("M") <= MAX_DOTS
    assert drawn.labels
    for n, one in enumerate(drawn.labels):
        for other in drawn.labels[n + 1 :]:
            assert abs(one.y - other.y) >= drawn.line or one.x + one.width <= other.x or other.x + other.width <= one.x
        assert 0 <= one.x <= drawn.width - one.width


async def test_the_pages_show_them_without_javascript_only(client: Client, sqlite_database: Database) -> None:
    await fill(sqlite_database)
    html = await (await client.get("/stats", headers={"Accept-Language": "en"})).text()
    pictures = re.findall(r"<noscript>(.*?)</noscript>", html, re.DOTALL)
    charts = [one for one in Html(html).tags if one[0] == "div" and "data-chart" in one[1]]
    assert len(pictures) == len(charts) == 5
    assert all('role="img"' in one and "<figcaption>" in one for one in pictures)
    assert "style=" not in html


async def test_the_map_is_a_picture_too(client: Client, sqlite_database: Database) -> None:
    await draw_themes(sqlite_database)
    html = await (await client.get("/stats/map")).text()
    (picture,) = re.findall(r"<noscript>(.*?)</noscript>", html, re.DOTALL)
    assert "熱水 · 病毒" in picture
    assert picture.count("<path") == 3  # answered and open ones of the theme, and one of none
