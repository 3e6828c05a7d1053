"""The messages in six languages are whole, are counted rightly, and are matched with an honest, lower confidence."""

from collections import Counter
from pathlib import Path
from statistics import mean

import pytest

from retrieval.calibration import load_calibration
from retrieval.matcher import BlockingMatcher
from retrieval.onnx_encoder import open_encoder
from retrieval.types import Band, EntryKind, Match
from scripts.bench.languages.measure import LANGUAGES, Kind, Result, Row, build_index, load_rows, match_all, to_table
from scripts.bench.quality.sample import Sample, load_sample
from scripts.labelled_sets import SAMPLE

ROWS = load_rows()
OF_EACH = 12
"""Claims and near-misses that the test with the encoder asks about, in three languages."""


def test_every_row_says_one_thing_in_six_languages_about_messages_of_the_sample() -> None:
    messages = load_sample(SAMPLE).messages
    assert len({row.name for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert set(row.texts) == set(LANGUAGES)
        assert all(text.strip() for text in row.texts.values())
        assert bool(row.articles) is (row.kind is not Kind.UNRELATED)
        assert row.articles <= messages.keys()
    count = Counter(row.kind for row in ROWS)
    assert count[Kind.CLAIM] >= 25
    assert count[Kind.NEAR_MISS] + count[Kind.UNRELATED] >= count[Kind.CLAIM]


def test_it_counts_what_people_get() -> None:
    claim = next(row for row in ROWS if row.kind is Kind.CLAIM)
    near = next(row for row in ROWS if row.kind is Kind.NEAR_MISS)
    right, wrong = min(claim.articles), "another"
    found = [
        Result(claim, "en", [make(wrong, 0.3, Band.CANDIDATE), make(right, 0.25, Band.CANDIDATE)]),
        Result(near, "en", [make(wrong, 0.9, Band.ANSWER)]),
    ]
    assert (found[0].rank, found[0].outcome, found[0].probability) == (2, "candidates_right", 0.25)
    line = next(line for line in to_table(found).splitlines() if line.startswith("| English"))
    cells = [cell.split(" [")[0].strip() for cell in line.split("|")[2:-1]]
    assert cells[:7] == ["0 of 1", "1 of 1", "0 of 1", "0 of 1", "1 of 1", "0 of 1", "0.25"]
    assert cells[7:9] == ["1 of 1", "0 of 1"]


@pytest.mark.model
@pytest.mark.slow
def test_another_language_is_found_with_less_confidence_and_never_taken_for_another_claim(encoder_folder: Path) -> None:
    encoder = open_encoder(encoder_folder)
    rows = [row for kind in (Kind.CLAIM, Kind.NEAR_MISS) for row in [r for r in ROWS if r.kind is kind][:OF_EACH]]
    index = build_index(_about(rows), encoder)
    matcher = BlockingMatcher(index, encoder.encode, load_calibration(encoder.model_id))
    results = match_all(rows, matcher.match, ("zh_Hans", "en", "vi"))
    assert [result.row.name for result in results if result.outcome == "answered_wrong"] == []
    claims = [result for result in results if result.row.kind is Kind.CLAIM]
    same, other = ([r for r in claims if (r.language == "zh_Hans") is same] for same in (True, False))
    assert mean(result.rank is not None and result.rank <= 5 for result in other) >= 0.75
    sure = mean(result.probability for result in other)
    assert sure < mean(result.probability for result in same)
    assert sure <= mean(result.rank == 1 for result in other)  # not surer than right


def _about(rows: list[Row]) -> Sample:
    """The messages that the rows are about, alone."""
    wanted = {article_id for row in rows for article_id in row.articles}
    messages = {id_: text for id_, text in load_sample(SAMPLE).messages.items() if id_ in wanted}
    return Sample(messages, {}, {}, {}, [])


def make(article_id: str, probability: float, band: Band) -> Match:
    return Match(article_id, probability, band, EntryKind.ARTICLE, "")
