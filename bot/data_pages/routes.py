"""Adds the data pages to the application: the whole list of their addresses."""

from pathlib import Path

from aiohttp import web

from bot.data_pages.site import open_site, show_asset
from bot.data_pages.stats_page import StatsPage
from storage.database import Database


def add_data_pages(app: web.Application, *, database: Database, public_url: str, releases: Path) -> None:
    """`releases` is the folder that `chaming export` publishes into; it need not be there yet."""
    site = open_site(database, public_url, releases)
    stats = StatsPage(site)
    app.router.add_get("/assets/{version}/{name}", show_asset)
    app.router.add_get("/stats", stats.show)
    app.router.add_get("/stats/{name}.csv", stats.show_csv)
    app.router.add_get("/stats/spread/{article_id}", stats.show_spread)
