"""Finds this process' encoder and index: a sound snapshot when there is one, else made anew from the database."""

import asyncio
import re
import time
from pathlib import Path

import structlog

from bot.index_builder import Progress, rebuild_index
from bot.index_keeper import OpenedIndex
from bot.settings import Settings, SettingsError
from retrieval.adaptation import ADAPTED_MODEL
from retrieval.batching import BatchingEncoder
from retrieval.calibration import find_calibration, same_model
from retrieval.index import MatchingIndex
from retrieval.matcher import Matcher
from retrieval.model_manifest import ModelError, ModelOutdatedError, model_folder
from retrieval.onnx_encoder import OnnxEncoder, open_encoder
from retrieval.snapshot import SnapshotError
from retrieval.types import Encoder
from storage.database import Database
from storage.index_changes import latest_seq, trimmed_seq
from storage.index_entries import adopt_model, adopted_model

TELL_EVERY_S = 10.0
"""How often the log is told how far a rebuild is: of many articles without vectors it takes an hour."""

log = structlog.get_logger()


class ModelNotAdoptedError(ModelError):
    """The prepared encoder is not the one this database matches with."""


def index_folder(settings: Settings, model_id: str | None = None) -> Path:
    """Where a model's snapshot lies; without a model, the folder that holds those of all models.

    Each has its own, so that the next one is made beside the one in use, and the one before is still there.
    """
    root = settings.index_dir
    return root / re.sub(r"[^\w.-]+", "--", model_id).strip("-.") if model_id else root


async def open_index(settings: Settings, database: Database) -> OpenedIndex:
    """Load the encoder and, meanwhile, the index, off the event loop; build the index where no snapshot can be used.

    Raises `ModelError` when the encoder is missing, refused, or not the adopted one, and `CalibrationError` when the
    matcher was not fitted for it.
    """
    reading_ahead = asyncio.create_task(_read_adopted_snapshot(settings, database))
    try:
        encoder = await open_adopted_encoder(settings, database)
        found = await reading_ahead
    finally:
        reading_ahead.cancel()
        await asyncio.gather(reading_ahead, return_exceptions=True)  # so that what it failed of is not lost
    index = found
    if index is None or index.model_id != encoder.model_id:
        index = await load_or_rebuild_index(settings, database, encoder)
    calibration = find_calibration(encoder.model_id, model_folder(settings.data_dir, source_of(encoder.model_id)))
    batching = BatchingEncoder(encoder.encode)
    matcher = Matcher(index, batching.encode, calibration)

    def close() -> None:
        matcher.close()
        batching.close()

    return OpenedIndex(index=index, encoder=encoder, matcher=matcher, close=close)


async def open_adopted_encoder(settings: Settings, database: Database) -> OnnxEncoder:
    """Open the encoder this database matches with; the setting MODEL names it only for a database that has none yet."""
    if settings.index_url != "faiss:":
        raise SettingsError("INDEX_URL names an index this version does not have. Example: INDEX_URL=faiss:")
    async with database.reading() as session:
        adopted = await adopted_model(session)
    name = source_of(adopted) if adopted else settings.model
    folder = model_folder(settings.data_dir, name)
    try:
        encoder = await asyncio.to_thread(open_encoder, folder, threads=settings.encoder_threads)
    except ModelOutdatedError as error:
        if adopted and name == ADAPTED_MODEL:  # made again, it will be another encoder than the one adopted
            raise ModelOutdatedError(f"{error} Then run `chaming model adopt {name}`.") from error
        raise
    if adopted is None:
        async with database.transaction() as session:
            await adopt_model(session, encoder.model_id)
    elif not same_model(adopted, encoder.model_id):
        raise ModelNotAdoptedError(
            f"The database matches with {adopted}, {folder} holds {encoder.model_id}. "
            f"To match again: {how_to_match_again(adopted)}"
        )
    return encoder


async def load_or_rebuild_index(settings: Settings, database: Database, encoder: Encoder) -> MatchingIndex:
    """Load the snapshot; where there is none that fits the encoder and the database, rebuild and save one.

    On a disk that takes none, this process matches all the same, and the next start rebuilds.
    """
    found = await _read_snapshot(settings, database, encoder.model_id)
    if isinstance(found, MatchingIndex):
        return found
    log.warning("snapshot_not_used", **found)
    index = await rebuild_index(database, encoder, _tell_now_and_then())
    try:
        await asyncio.to_thread(index.save, index_folder(settings, encoder.model_id))
    except OSError:
        log.exception("snapshot_not_saved")
    return index


async def _read_adopted_snapshot(settings: Settings, database: Database) -> MatchingIndex | None:
    """Read what the adopted model's index will most likely be, before its encoder is there."""
    async with database.reading() as session:
        adopted = await adopted_model(session)
    found = await _read_snapshot(settings, database, adopted) if adopted else None
    return found if isinstance(found, MatchingIndex) else None


async def _read_snapshot(settings: Settings, database: Database, model_id: str) -> MatchingIndex | dict[str, object]:
    """Read a model's snapshot, or return why it cannot be used, for the log."""
    async with database.reading() as session:
        newest, trimmed = await latest_seq(session), await trimmed_seq(session)
    try:
        index = await asyncio.to_thread(MatchingIndex.load, index_folder(settings, model_id), model_id)
    except SnapshotError as error:
        return {"reason": type(error).__name__}
    if trimmed <= index.seq <= newest:
        return index
    return {"reason": "not of this change log", "seq": index.seq, "newest": newest, "trimmed": trimmed}


def _tell_now_and_then() -> Progress:
    told = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told >= TELL_EVERY_S:
            told = time.monotonic()
            log.info("index_rebuilding", articles=done, of=total)

    return tell


def how_to_match_again(adopted: str) -> str:
    """What to do where the folder of the adopted encoder holds another one of that name."""
    name = source_of(adopted)
    if name == ADAPTED_MODEL:  # the old one went with the program's version before, and cannot be prepared any more
        return f"chaming model adopt {name}"
    return f"chaming model adopt {name}, or prepare the other one"


def source_of(model_id: str) -> str:
    """The model's name or folder: what comes before the hash of its weights."""
    return model_id.rpartition("@")[0]
