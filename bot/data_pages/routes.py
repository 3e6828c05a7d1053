"""Adds the data pages to the application: the whole list of their addresses."""

from pathlib import Path

from aiohttp import web

from bot.data_pages.api_page import ApiPage
from bot.data_pages.checked_feed import CheckedFeed
from bot.data_pages.data_page import DataPage
from bot.data_pages.map_page import MapPage
from bot.data_pages.site import open_site, show_asset
from bot.data_pages.stats_page import StatsPage
from storage.database import Database

RELEASE = r"[0-9A-Za-z][0-9A-Za-z._+-]*"


def add_data_pages(app: web.Application, *, database: Database, public_url: str, releases: Path) -> None:
    """`releases` is the folder that `chaming export` publishes into; it need not be there yet."""
    site = open_site(database, public_url, releases)
    stats, themes, data = StatsPage(site), MapPage(site), DataPage(site)
    app.router.add_get("/assets/{version}/{name}", show_asset)
    app.router.add_get("/stats", stats.show)
    app.router.add_get("/stats/map", themes.show)
    app.router.add_get("/stats/map.json", themes.show_picture)
    app.router.add_get("/stats/map.csv", themes.show_csv)
    app.router.add_get("/stats/{name}.csv", stats.show_csv)
    app.router.add_get("/stats/spread/{article_id}", stats.show_spread)
    app.router.add_get("/articles.atom", CheckedFeed(site).show)
    app.router.add_get("/api/v1/", ApiPage(site).show)
    app.router.add_get("/data", data.show_latest)
    app.router.add_get("/data/releases.json", data.show_index)
    app.router.add_get("/data/releases.atom", data.show_feed)
    app.router.add_get("/data/croissant.json", data.show_croissant)
    app.router.add_get("/data/datapackage.json", data.show_data_package)
    app.router.add_get(f"/data/{{release:{RELEASE}}}/", data.show_release)
    app.router.add_get(f"/data/{{release:{RELEASE}}}/{{path:.+}}", data.send_file)
