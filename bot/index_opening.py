"""Finds this process' encoder and index: a sound snapshot when there is one, else made anew from the database."""

from pathlib import Path

from bot.index_keeper import OpenedIndex
from bot.settings import Settings
from storage.database import Database


def index_folder(settings: Settings) -> Path:
    return settings.data_dir / "index"


async def open_index(settings: Settings, database: Database) -> OpenedIndex:
    raise NotImplementedError
