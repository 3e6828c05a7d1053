"""What people get who write in another language than the checked messages: messages read, matched and counted."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from retrieval.evaluate import outcome_of, rank_of_relevant
from retrieval.index import MatchingIndex
from retrieval.intervals import wilson
from retrieval.message import text_to_encode
from retrieval.types import Encoder, Entry, EntryKind, Match
from scripts.bench.quality.sample import Sample

MESSAGES = Path(__file__).parent / "messages.jsonl"
LANGUAGES = {
    "zh_Hans": "Simplified Chinese",
    "en": "English",
    "ja": "Japanese",
    "th": "Thai",
    "vi": "Vietnamese",
    "id": "Indonesian",
}
FOUND_WITHIN = 5
MAX_REPLY_ARTICLES = 3


class Kind(StrEnum):
    """What a message is to the checked ones."""

    CLAIM = "claim"
    NEAR_MISS = "near_miss"
    UNRELATED = "unrelated"


@dataclass(frozen=True, slots=True)
class Row:
    """One thing said in every language. `articles` make the same claim, or are what it must not be taken for."""

    name: str
    kind: Kind
    articles: frozenset[str]
    texts: dict[str, str]

    @property
    def relevant(self) -> frozenset[str]:
        return self.articles if self.kind is Kind.CLAIM else frozenset()


@dataclass(frozen=True, slots=True)
class Result:
    """What was found for one message."""

    row: Row
    language: str
    matches: Sequence[Match]

    @property
    def rank(self) -> int | None:
        return rank_of_relevant(self.matches, self.row.relevant)

    @property
    def outcome(self) -> str:
        """One of `retrieval.evaluate`'s names."""
        return outcome_of(self.matches, self.row.relevant)

    @property
    def probability(self) -> float:
        """Of the article that makes the claim; 0 when it was not found."""
        return self.matches[self.rank - 1].probability if self.rank else 0.0


def load_rows(path: Path = MESSAGES) -> list[Row]:
    read = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [Row(row["name"], Kind(row["kind"]), frozenset(row["articles"]), row["texts"]) for row in read]


def build_index(sample: Sample, encoder: Encoder) -> MatchingIndex:
    """Index the sample as an installation does: messages, their links' titles, and replies that are no stock answer."""
    used: dict[str, int] = {}
    for replies in sample.links.values():
        for reply in replies:
            used[reply] = used.get(reply, 0) + 1
    index = MatchingIndex(encoder.model_id, encoder.dimension)
    articles = [(article_id, _entries(sample, article_id, used)) for article_id in sample.messages]
    texts = [text_to_encode(entry.text) for _, entries in articles for entry in entries]
    index.replace_many(articles, encoder.encode(texts))
    return index


def _entries(sample: Sample, article_id: str, used: dict[str, int]) -> list[Entry]:
    told = [(EntryKind.ARTICLE, sample.messages[article_id])]
    told += [(EntryKind.TITLE, title) for title in sample.titles.get(article_id, [])]
    told += [
        (EntryKind.REPLY, sample.replies[reply])
        for reply in sample.links.get(article_id, [])
        if used[reply] <= MAX_REPLY_ARTICLES
    ]
    return [Entry(f"{kind}:{article_id}:{n}", article_id, kind, text) for n, (kind, text) in enumerate(told)]


def match_all(
    rows: Iterable[Row], match: Callable[[str], Sequence[Match]], languages: Iterable[str] = LANGUAGES
) -> list[Result]:
    return [Result(row, language, match(row.texts[language])) for language in languages for row in rows]


def to_table(results: Sequence[Result]) -> str:
    """A line a language: claims found and answered, and what must not be answered."""
    lines = [
        "| language | first | within 5 | answered, right | answered, wrong | offered | nothing | mean probability "
        "| near-misses answered | offered | unrelated answered | offered |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for language, name in LANGUAGES.items():
        own = [result for result in results if result.language == language]
        lines.append(f"| {name} | {' | '.join(_cells(own))} |")
    others = [result for result in results if result.language != "zh_Hans"]
    lines.append(f"| **the five others** | {' | '.join(_cells(others))} |")
    return "\n".join(lines)


def _cells(results: Sequence[Result]) -> list[str]:
    claims = [result for result in results if result.row.kind is Kind.CLAIM]
    cells = [
        _share(claims, lambda result: result.rank == 1),
        _share(claims, lambda result: result.rank is not None and result.rank <= FOUND_WITHIN),
        _share(claims, lambda result: result.outcome == "answered_right"),
        _share(claims, lambda result: result.outcome == "answered_wrong"),
        _share(claims, lambda result: result.outcome == "candidates_right"),
        _share(claims, lambda result: result.outcome in {"silent", "candidates_wrong"}),
        f"{sum(result.probability for result in claims) / max(1, len(claims)):.2f}",
    ]
    for kind in (Kind.NEAR_MISS, Kind.UNRELATED):
        others = [result for result in results if result.row.kind is kind]
        cells.append(_share(others, lambda result: result.outcome == "answered_wrong"))
        cells.append(_share(others, lambda result: result.outcome == "candidates_wrong"))
    return cells


def _share(results: Sequence[Result], holds: Callable[[Result], bool]) -> str:
    """Count, and the 95 % interval of the share."""
    count = sum(map(holds, results))
    low, high = wilson(count, len(results))
    return f"{count} of {len(results)} [{low:.2f}, {high:.2f}]"
