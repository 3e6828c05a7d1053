"""What looks alike and what reads alike, put together: matches for `decide`, best first. Pure rules, no I/O.

A picture that looks the same may say something else: a changed figure moves fewer bits of its hash than a new encoding
does. So where a known picture has words, looking alike is only enough when the words were read and agree; where it has
none, or the file is the very same, it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.media.reading import Reading, ReadText
from retrieval.normalise import matching_key
from retrieval.pictures.index import SURE, Near
from retrieval.types import Band, EntryKind, Match

SAME_FILE, SAME_PICTURE, LIKE_PICTURE = 0.999, 0.98, 0.6
"""Probabilities that it is the same message; the bench's shares of right ones are above them."""

PICTURE, SOUND = "picture", "sound"
"""Names of signals: how alike it looks or sounds, 0–1."""

MIN_WORDS = 10
"""Characters of the matching key from which on a picture is one with words; a name or a clock in it is less."""

BITS = 256


@dataclass(frozen=True, slots=True)
class LookedAt:
    """What was found for one picture, video or recording."""

    same_file: str | None = None
    """The article with exactly these bytes."""
    near: Sequence[Near] = ()
    heard: Sequence[tuple[str, float]] = ()
    """Articles that surely are the video or recording, and how much of it differs (0–1)."""
    read: ReadText | None = None
    """None: it was not looked for words, or for speech."""


def merge(looked: LookedAt, text_matches: Sequence[Match], texts: Mapping[str, str | None]) -> list[Match]:
    """Matches by looks and by words, an article once; `texts` are those of the articles found by their looks."""
    by_words = {match.article_id: match for match in text_matches}
    found: dict[str, Match] = {}
    if looked.same_file is not None:
        found[looked.same_file] = _match(looked.same_file, SAME_FILE, Band.ANSWER, {PICTURE: 1.0, "exact": 1.0}, texts)
    for article_id, error in looked.heard:
        found.setdefault(article_id, _match(article_id, SAME_PICTURE, Band.ANSWER, {SOUND: 1 - error}, texts))
    for near in looked.near:
        judged = _judge(near, looked.read, by_words.get(near.article_id), texts)
        if judged is not None:
            found.setdefault(near.article_id, judged)
    rest = [match for match in text_matches if match.article_id not in found]
    return sorted([*found.values(), *rest], key=lambda match: (-_rank(match), -match.probability))


def _judge(near: Near, read: ReadText | None, said: Match | None, texts: Mapping[str, str | None]) -> Match | None:
    """What a picture that looks like the article's is worth."""
    signals = {PICTURE: 1 - near.distance / BITS}
    has_words, reads_words = is_worded(texts.get(near.article_id)), is_worded(read.text if read else None)
    is_sure = near.distance <= SURE
    if said is not None:
        band = Band.ANSWER if is_sure or said.band == Band.ANSWER else Band.CANDIDATE
        probability = max(said.probability, SAME_PICTURE if is_sure else LIKE_PICTURE)
        return replace(said, probability=probability, band=band, signals={**said.signals, **signals}, too_short=False)
    if has_words and reads_words:
        return _match(near.article_id, LIKE_PICTURE, Band.CANDIDATE, signals, texts) if is_sure else None
    was_read = read is not None and read.reading in {Reading.READ, Reading.NOTHING}
    if is_sure and was_read and not has_words and not reads_words:
        return _match(near.article_id, SAME_PICTURE, Band.ANSWER, signals, texts)
    return _match(near.article_id, LIKE_PICTURE, Band.CANDIDATE, signals, texts)


def is_worded(text: str | None) -> bool:
    """Whether a picture says enough for its words to matter."""
    return len(matching_key(text or "")) >= MIN_WORDS


def _match(
    article_id: str, probability: float, band: Band, signals: Mapping[str, float], texts: Mapping[str, str | None]
) -> Match:
    return Match(article_id, probability, band, EntryKind.ARTICLE, texts.get(article_id) or "", signals)


def _rank(match: Match) -> int:
    return {Band.ANSWER: 2, Band.CANDIDATE: 1, Band.NOTHING: 0}[match.band]
