"""Measuring matching from the command line, on labelled files alone or on what people chose."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import click
from rich.console import Console
from rich.progress import track

from bot.settings import Settings, SettingsError, load_settings
from retrieval.calibration import Calibration, CalibrationError, find_calibration
from retrieval.evaluate import EvaluationError, LabelledSet, Report, load_folder, measure_pairs, measure_retrieval
from retrieval.index import MatchingIndex
from retrieval.matcher import BlockingMatcher
from retrieval.message import text_to_encode
from retrieval.model_manifest import ModelError, model_folder
from retrieval.onnx_encoder import OnnxEncoder, open_encoder
from retrieval.pairs import judge_pair
from retrieval.types import Encoder, Entry, EntryKind
from scripts.commands.model_command import prepare_with_progress
from scripts.feedback import FeedbackError, measure_recorded

BLOCK = 256
NOTHING_CHOSEN = "Nobody has said yet whether what was shown was theirs, so there is nothing to measure."
SHOWN_AS_COUNT = ("n", "n_queries", "n_no_match", "n_positive", "n_negative", "n_decisions")

Item = TypeVar("Item")


def run_feedback(*, as_json: bool) -> str:
    """Measure on recorded choices and return what to print."""
    try:
        report = measure_recorded()
    except FeedbackError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        return json.dumps(report)
    if not report["feedback"]["n"]:
        return f"{NOTHING_CHOSEN} ({report['feedback']['n_decisions']} messages looked up so far.)"
    return _table({"feedback": report["feedback"], **report["by_model"]})


def run_evaluate(folder: Path, *, threads: int, as_json: bool) -> str:
    """Measure the labelled files in the folder and return what to print; bad input is one clear line."""
    report = _measure_folder(folder, threads)
    return json.dumps(report) if as_json else _table(report)


def _measure_folder(folder: Path, threads: int) -> Report:
    try:
        settings = load_settings()
        labelled = load_folder(folder)
        encoder = open_prepared(settings, threads)
        calibration = find_calibration(encoder.model_id, model_folder(settings.data_dir, settings.model))
    except (SettingsError, EvaluationError, ModelError, CalibrationError) as error:
        raise click.ClickException(str(error)) from error
    return evaluate(labelled, encoder, calibration)


def open_prepared(settings: Settings, threads: int) -> OnnxEncoder:
    """Open the encoder named by the settings, preparing it first where that was never done."""
    target = model_folder(settings.data_dir, settings.model)
    prepare_with_progress(settings.model, target)
    return open_encoder(target, threads=threads)


def evaluate(labelled: LabelledSet, encoder: OnnxEncoder, calibration: Calibration) -> Report:
    """Measure what the labelled set holds; a part it does not hold is left out of the report."""
    report: Report = {}
    if labelled.queries:
        index = build_index(labelled.articles, encoder)
        matcher = BlockingMatcher(index, encoder.encode, calibration)
        matched = ((query, matcher.match(query.text)) for query in _progress("Matching", labelled.queries))
        report["retrieval"] = measure_retrieval(matched)
    if labelled.pairs:
        judged = (
            (pair, judge_pair(pair.text_a, pair.text_b, encoder.encode, calibration))
            for pair in _progress("Judging pairs", labelled.pairs)
        )
        report["pairs"] = measure_pairs(judged, calibration.pair)
    return report


def build_index(articles: Sequence[tuple[str, str]], encoder: Encoder) -> MatchingIndex:
    """Make an index in memory; an article id on several lines has several texts."""
    index = MatchingIndex(encoder.model_id, encoder.dimension)
    texts: dict[str, list[str]] = {}
    for article_id, text in articles:
        texts.setdefault(article_id, []).append(text)
    ids = list(texts)
    for start in _progress("Indexing", range(0, len(ids), BLOCK)):
        block = [(article_id, entries_of(article_id, texts[article_id])) for article_id in ids[start : start + BLOCK]]
        vectors = encoder.encode([text_to_encode(entry.text) for _, entries in block for entry in entries])
        index.replace_many(block, vectors)
    return index


def entries_of(article_id: str, texts: Sequence[str]) -> list[Entry]:
    """Return one entry a text: the first as the article's own, the others as variants of it."""
    kinds = [EntryKind.ARTICLE, *([EntryKind.VARIANT] * (len(texts) - 1))]
    return [
        Entry(f"{kind}:{article_id}:{number}", article_id, kind, text)
        for number, (kind, text) in enumerate(zip(kinds, texts, strict=True))
    ]


def _progress(what: str, items: Iterable[Item]) -> Iterator[Item]:
    """Draw a bar on stderr, where that is a terminal."""
    console = Console(stderr=True)
    yield from track(list(items), what, console=console, disable=not console.is_terminal)


def _table(report: Report) -> str:
    lines = []
    for part, figures in report.items():
        lines.append(part)
        for name, value in figures.items():
            lines.append(f"  {name:<20}{value:>8.0f}" if name in SHOWN_AS_COUNT else f"  {name:<20}{value:>8.3f}")
    return "\n".join(lines)
