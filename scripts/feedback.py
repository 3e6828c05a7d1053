"""What `chaming evaluate --from-feedback` measures: the choices people made in the chats, by encoder."""

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bot.index_opening import source_of
from bot.settings import Settings, SettingsError, load_settings
from retrieval.calibration import Calibration, CalibrationError, find_calibration
from retrieval.feedback import Chosen, Offer, measure_feedback
from retrieval.model_manifest import model_folder
from retrieval.types import Band
from storage.database import DatabaseError, open_database
from storage.match_decisions import load_decisions, load_model_ids
from storage.tables import Choice, MatchDecision


class FeedbackError(Exception):
    """What people chose cannot be measured; the message is one line for the person who asked."""


def measure_recorded() -> dict[str, Any]:
    """Measure on all recorded choices: `feedback` for all together as recorded, `by_model` as judged again today."""
    try:
        settings = load_settings()
        return asyncio.run(_measure(settings))
    except (SettingsError, DatabaseError) as error:
        raise FeedbackError(str(error)) from error
    except SQLAlchemyError as error:
        raise FeedbackError(f"The database cannot be read ({type(error).__name__}): run chaming migrate.") from error


async def _measure(settings: Settings) -> dict[str, Any]:
    database = open_database(settings.database_url)
    try:
        async with database.reading() as session:
            counts = dict(await load_model_ids(session))
            chosen = [to_chosen(decision) for decision in await load_decisions(session, with_choice=True)]
    finally:
        await database.close()
    return {
        "feedback": {"n_decisions": sum(counts.values()), **measure_feedback(chosen, None)},
        "by_model": {
            model_id: {"n_decisions": count, **measure_model(model_id, chosen, settings.data_dir)}
            for model_id, count in counts.items()
        },
    }


def measure_model(model_id: str, chosen: Iterable[Chosen], data_dir: Path) -> dict[str, float]:
    """Measure the choices about one encoder's matches, judged by the calibration it has today, if it still has one."""
    return measure_feedback([row for row in chosen if row.model_id == model_id], _find(model_id, data_dir))


def to_chosen(decision: MatchDecision) -> Chosen:
    """A stored decision as what is measured."""
    chosen = decision.chosen_article_id if decision.choice == Choice.THIS else None
    return Chosen(decision.model_id, [_to_offer(offer) for offer in decision.offered], chosen)


def _to_offer(stored: Mapping[str, Any]) -> Offer:
    return Offer(
        article_id=stored["article_id"],
        probability=stored["probability"],
        band=Band(stored["band"]),
        signals=stored["signals"],
        contradicted=stored["contradicted"],
        is_short=stored["short"],
    )


def _find(model_id: str, data_dir: Path) -> Calibration | None:
    try:
        return find_calibration(model_id, model_folder(data_dir, source_of(model_id)))
    except CalibrationError:
        return None
