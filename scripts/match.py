"""Matching one text from the command line."""

import asyncio
import json
from collections.abc import Sequence
from functools import partial
from typing import Any

import click
from sqlalchemy.exc import SQLAlchemyError

from bot.decide import Answer, Candidates, Outcome, best_replies, decide
from bot.index_keeper import IndexKeeper
from bot.index_opening import index_folder, open_index
from bot.labels import to_reason
from bot.logs import configure_logs
from bot.matching import Matching
from bot.metrics import Metrics
from bot.settings import Settings, SettingsError, load_settings
from retrieval.calibration import CalibrationError
from retrieval.explain import explain
from retrieval.model_manifest import ModelError
from retrieval.types import Band, Match
from storage.articles import ArticleSummary, load_article_summaries
from storage.database import open_database

LIMIT = 10
SHOWN_CHARACTERS = 60


def run_match(text: str, *, as_json: bool) -> str:
    """Match the text and return what to print; a missing model or a bad setting is one clear line."""
    try:
        settings = load_settings()
        configure_logs("warning", "console")  # to stderr
        matches, summaries = asyncio.run(_match(settings, text))
    except (SettingsError, ModelError, CalibrationError) as error:
        raise click.ClickException(str(error)) from error
    except (SQLAlchemyError, OSError) as error:
        first_line = str(error).partition("\n")[0]
        raise click.ClickException(f"The database cannot be read ({first_line}). Was `chaming migrate` run?") from error
    outcome = decide(matches, summaries)
    if as_json:
        return json.dumps(_to_json(text, outcome, matches, summaries), ensure_ascii=False)
    return _to_text(text, outcome, matches, summaries)


async def _match(settings: Settings, text: str) -> tuple[list[Match], dict[str, ArticleSummary]]:
    """Load model and index, take in what changed since the snapshot, match, and read the matched articles."""
    database = open_database(settings.database_url)
    try:
        metrics = Metrics()
        matching = Matching(metrics)

        async def opened() -> Any:
            return await open_index(settings, database)

        keeper = IndexKeeper(
            database=database,
            matching=matching,
            metrics=metrics,
            folder_of=partial(index_folder, settings),
            open_index=opened,
        )
        await keeper.load()
        matches = await matching.match(text, limit=LIMIT)
        async with database.reading() as session:
            return matches, await load_article_summaries(session, [match.article_id for match in matches])
    finally:
        await database.close()


def _name(outcome: Outcome) -> str:
    if isinstance(outcome, Answer):
        return "answer"
    return "candidates" if isinstance(outcome, Candidates) else "no_match"


def _replies(match: Match, summaries: dict[str, ArticleSummary]) -> list[dict[str, str]]:
    summary = summaries.get(match.article_id)
    if summary is None:
        return []
    return [{"reply_id": reply.reply_id, "verdict": str(reply.verdict)} for reply in best_replies(summary)]


def _why(text: str, match: Match) -> dict[str, Any]:
    """The passages that matched, the words they share, and those that only one of them has."""
    found = explain(text, [match.entry_text])
    return {
        "rests_on": to_reason(match).value,
        "passage": found.message.text,
        "entry_passage": found.entry.text,
        "shared": list(found.shared),
        "only_message": list(found.only_message),
        "only_entry": list(found.only_entry),
    }


def _to_json(
    text: str, outcome: Outcome, matches: Sequence[Match], summaries: dict[str, ArticleSummary]
) -> dict[str, Any]:
    return {
        "outcome": _name(outcome),
        "matches": [
            {
                "article_id": match.article_id,
                "probability": round(match.probability, 4),
                "signals": {name: round(value, 4) for name, value in match.signals.items()},
                "contradictions": [list(words) for words in match.contradictions],
                "why": _why(text, match),
                "replies": _replies(match, summaries),
            }
            for match in matches
        ],
    }


def _to_text(text: str, outcome: Outcome, matches: Sequence[Match], summaries: dict[str, ArticleSummary]) -> str:
    lines = [_name(outcome)]
    for match in matches:
        verdicts = ", ".join(dict.fromkeys(reply["verdict"] for reply in _replies(match, summaries))) or "unanswered"
        shown = " ".join(match.entry_text.split())[:SHOWN_CHARACTERS]
        lines.append(f"{match.probability:.3f}  {match.band:<9}  {match.article_id}  {verdicts}  {shown}")
        lines += [f"       differs: {mine} ≠ {theirs}" for mine, theirs in match.contradictions]
        if match.band is not Band.NOTHING:
            lines.append(f"       {_shared_words(text, match)}")
    return "\n".join(lines)


def _shared_words(text: str, match: Match) -> str:
    shared = explain(text, [match.entry_text]).shared
    return f"both have: {' · '.join(shared)}" if shared else "no telling word in common: alike in meaning"
