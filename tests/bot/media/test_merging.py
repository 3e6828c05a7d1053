"""A picture that looks the same answers only when its words agree, or when there are none."""

import pytest

from bot.media.merging import LookedAt, merge
from bot.media.reading import Reading, ReadText
from retrieval.pictures.index import LIKELY, SURE, Near
from retrieval.types import Band, Match
from tests.bot.makers import make_match

pytestmark = pytest.mark.slow

TEXT = "每天喝一杯溫鹽水可以清血管請轉發"
READ = ReadText(Reading.READ, TEXT)
WORDLESS = ReadText(Reading.NOTHING)
UNREAD = ReadText(Reading.MISSING)
SAME_WORDS = make_match("A", band=Band.ANSWER, probability=0.9)
OTHER_FIGURE = make_match("A", band=Band.ANSWER, probability=0.9, contradictions=(("兩杯", "一杯"),))


@pytest.mark.parametrize(
    ("distance", "read", "said", "text", "band"),
    [
        (SURE, READ, SAME_WORDS, TEXT, Band.ANSWER),
        (LIKELY, READ, SAME_WORDS, TEXT, Band.ANSWER),
        (SURE, READ, None, TEXT, Band.CANDIDATE),
        (LIKELY, READ, None, TEXT, None),
        (SURE, UNREAD, None, TEXT, Band.CANDIDATE),
        (SURE, WORDLESS, None, TEXT, Band.CANDIDATE),
        (SURE, WORDLESS, None, None, Band.ANSWER),
        (SURE, UNREAD, None, None, Band.CANDIDATE),
        (SURE, READ, None, None, Band.CANDIDATE),
        (LIKELY, WORDLESS, None, None, Band.CANDIDATE),
    ],
)
def test_it_weighs_looks_by_words(
    distance: int, read: ReadText, said: Match | None, text: str | None, band: Band | None
) -> None:
    merged = merge(LookedAt(near=[Near("A", distance)], read=read), [said] if said else [], {"A": text})
    assert [match.band for match in merged] == ([band] if band else [])


def test_it_keeps_what_contradicts() -> None:
    [match] = merge(LookedAt(near=[Near("A", 2)], read=READ), [OTHER_FIGURE], {"A": TEXT})
    assert match.contradictions == (("兩杯", "一杯"),)
    assert match.signals["picture"] > 0.99


def test_it_is_sure_of_the_very_same_file_whatever_was_read() -> None:
    [match] = merge(LookedAt("A", [Near("A", 0)], read=UNREAD), [], {"A": TEXT})
    assert (match.band, match.signals["exact"]) == (Band.ANSWER, 1.0)


def test_it_puts_sure_ones_first_and_names_an_article_once() -> None:
    said = [make_match("B", band=Band.CANDIDATE, probability=0.99), SAME_WORDS]
    merged = merge(LookedAt(near=[Near("A", 4), Near("C", 20)], read=READ), said, {"A": TEXT, "C": None})
    assert [match.article_id for match in merged] == ["A", "B", "C"]
