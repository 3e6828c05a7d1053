"""What `chaming model adopt` and `chaming model rollback` do: the only ways to change the encoder of a database.

    prepare ─▶ calibration ─▶ encode all articles beside the old index ─▶ measure both ─▶ compare ─▶ one row: adopted
                              (resumable: each page's vectors are stored)                    └─▶ a bar has fallen: stop

The bundled model's new version takes the place of the one before, which came with another version of this program and
cannot be run any more: it is measured alone, and the row says so.

Running processes look at the newest row and change over by themselves (`bot/index_keeper.py`).
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from bot.index_builder import Progress, rebuild_index
from bot.index_opening import index_folder, load_or_rebuild_index, source_of
from bot.settings import Settings, SettingsError
from retrieval.adaptation import ADAPTED_MODEL
from retrieval.calibration import CALIBRATION_PATH, CalibrationError, find_calibration, load_calibration, same_model
from retrieval.evaluate import EvaluationError
from retrieval.model_manifest import ModelError, ModelRefusedError, check_manifest, model_folder
from retrieval.onnx_encoder import OnnxEncoder, open_encoder
from scripts.gate import Bar, Side, compare, measure, to_report
from scripts.labelled_sets import load_sets
from storage.adoptions import UPDATED, NothingToReturnToError, get_previous, load_adoptions, record_return, to_json
from storage.database import Database, DatabaseError, open_database
from storage.index_entries import adopt_model, adopted_model
from storage.match_decisions import load_decisions

POLITENESS = 10
"""Added to this process' nice value: a server on the same machine answers first."""

Result = TypeVar("Result")


class AdoptionError(Exception):
    """The model was not changed; the message is for the person who asked."""


class AlreadyAdoptedError(AdoptionError):
    """The database matches with it already."""


def adopt(
    settings: Settings,
    name: str,
    *,
    calibration: Path | None,
    labelled: Sequence[Path],
    force: bool,
    threads: int,
    progress: Progress,
    show: Callable[[list[Bar], str | None, str], None],
) -> str:
    """Adopt the prepared model `name` if no bar falls, or by force; returns its id. Raises `AdoptionError`."""
    os.nice(POLITENESS)

    async def work() -> str:
        async with _opened(settings) as database:
            return await _adopt(
                settings,
                database,
                name,
                calibration=calibration,
                labelled=labelled,
                force=force,
                threads=threads,
                progress=progress,
                show=show,
            )

    return _run(work())


def roll_back(settings: Settings) -> str:
    """Return to the model before, which must still be usable here; returns its id. Raises `AdoptionError`."""

    async def work() -> str:
        async with _opened(settings) as database:
            async with database.reading() as session:
                adoptions = await load_adoptions(session)
            previous = get_previous(adoptions)
            folder = model_folder(settings.data_dir, source_of(previous))
            if not same_model(check_manifest(folder).model_id, previous):
                raise AdoptionError(_why_not_back(previous, folder))
            find_calibration(previous, folder)
            async with database.transaction() as session:
                await record_return(session, previous, given_up=adoptions[-1].model_id)
            return previous

    return _run(work())


def _why_not_back(previous: str, folder: Path) -> str:
    if source_of(previous) != ADAPTED_MODEL:
        return f"{folder} no longer holds {previous}: prepare that model again."
    return (
        f"{previous} came with another version of this program, and only that version can run it: go back to that. "
        f"`chaming model adopt {ADAPTED_MODEL}` matches with the one of this version."
    )


def history(settings: Settings) -> list[dict[str, Any]]:
    """The adoptions, oldest first; none where there is no database yet. Raises `AdoptionError`."""

    async def work() -> list[dict[str, Any]]:
        async with _opened(settings) as database:
            if database.path is not None and not database.path.exists():
                return []
            async with database.reading() as session:
                return [to_json(adoption) for adoption in await load_adoptions(session)]

    return _run(work())


async def _adopt(
    settings: Settings,
    database: Database,
    name: str,
    *,
    calibration: Path | None,
    labelled: Sequence[Path],
    force: bool,
    threads: int,
    progress: Progress,
    show: Callable[[list[Bar], str | None, str], None],
) -> str:
    folder = model_folder(settings.data_dir, name)
    encoder = await asyncio.to_thread(open_encoder, folder, threads=threads)
    async with database.reading() as session:
        current = await adopted_model(session)
        recorded = [decision for decision in await load_decisions(session, with_choice=True) if decision.text]
    if current is not None and same_model(current, encoder.model_id):
        raise AlreadyAdoptedError(f"The database matches with {current} already.")
    install_calibration(encoder.model_id, folder, calibration)
    sets = load_sets(labelled)
    index = await rebuild_index(database, encoder, progress, workers=threads)
    await asyncio.to_thread(index.save, index_folder(settings, encoder.model_id))
    after = measure(Side(encoder, find_calibration(encoder.model_id, folder), index), sets, recorded)
    updates = current is not None and source_of(current) == source_of(encoder.model_id) == ADAPTED_MODEL
    old = None if updates else await _open_old(settings, database, current, threads, force=force)
    before = measure(old, sets, recorded) if old else None
    bars = compare(before, after)
    show(bars, current, encoder.model_id)
    report = to_report(bars, before, after) | ({UPDATED: current} if updates else {})
    if report["fallen"] and not force:
        raise AdoptionError(f"Not adopted: {len(report['fallen'])} bars have fallen (see above). --force adopts it.")
    async with database.transaction() as session:
        if await adopted_model(session) != current:
            raise AdoptionError("Another model was adopted in the meantime: compare with that one.")
        forced = force and bool(report["fallen"] or not (old or updates))
        await adopt_model(session, encoder.model_id, forced=forced, report=report)
    return encoder.model_id


def install_calibration(model_id: str, folder: Path, given: Path | None) -> None:
    """Put the file beside the model it belongs to; without one, see that a fitting one is there already."""
    if given is None:
        try:
            find_calibration(model_id, folder)
        except CalibrationError as error:
            raise AdoptionError(f"{error} Give it with --calibration FILE.") from error
        return
    load_calibration(model_id, given)
    target = folder / CALIBRATION_PATH.name
    if not target.exists() or not target.samefile(given):
        draft = target.with_suffix(".draft")
        shutil.copyfile(given, draft)
        draft.replace(target)


async def _open_old(
    settings: Settings,
    database: Database,
    current: str | None,
    threads: int,
    *,
    force: bool,
) -> Side | None:
    """The encoder in use, to compare with; None where there is none, or, by force, where it cannot be opened here."""
    if current is None:
        return None
    folder = model_folder(settings.data_dir, source_of(current))
    try:
        encoder: OnnxEncoder = await asyncio.to_thread(open_encoder, folder, threads=threads)
        if not same_model(encoder.model_id, current):
            raise ModelRefusedError(f"{folder} no longer holds {current}.")
        calibration = find_calibration(encoder.model_id, folder)
    except (ModelError, CalibrationError) as error:
        if force:
            return None
        raise AdoptionError(
            f"There is nothing to compare with: {error} --force adopts the model all the same."
        ) from error
    index = await load_or_rebuild_index(settings, database, encoder)
    return Side(encoder, calibration, index)


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    try:
        return asyncio.run(work)
    except (
        ModelError,
        SettingsError,
        CalibrationError,
        EvaluationError,
        DatabaseError,
        NothingToReturnToError,
        OSError,
    ) as error:
        raise AdoptionError(str(error)) from error
    except SQLAlchemyError as error:
        raise AdoptionError(f"The database cannot be read ({type(error).__name__}): run chaming migrate.") from error


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Database]:
    database = open_database(settings.database_url)
    try:
        yield database
    finally:
        await database.close()
