"""The Cofacts sample as benchmarks and training see it: messages, the titles of their links, their replies."""

import csv
import io
import sys
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from retrieval.normalise import matching_key
from retrieval.urls import strip_urls

MIN_MESSAGE_KEY = 8
MIN_TITLE_KEY = 6
MAX_TEXT = 1500


@dataclass(frozen=True)
class Sample:
    """Texts by id. `replies` holds every substantive reply, linked or not; `links` the reply ids of a message."""

    messages: dict[str, str]
    titles: dict[str, list[str]]
    replies: dict[str, str]
    links: dict[str, list[str]]
    reasons: list[tuple[str, str]]

    def titles_flat(self) -> list[str]:
        return [title for titles in self.titles.values() for title in titles]

    def reply_texts(self) -> list[str]:
        return list(self.replies.values())


def read_rows(folder: Path, name: str) -> Iterator[dict[str, str]]:
    """Yield a table's rows from its zipped CSV."""
    csv.field_size_limit(sys.maxsize)
    with zipfile.ZipFile(folder / f"{name}.csv.zip") as archive, archive.open(archive.namelist()[0]) as raw:
        yield from csv.DictReader(io.TextIOWrapper(raw, "utf-8"))


def load_sample(folder: Path) -> Sample:
    """Read what is worth matching: messages with text beside their links, titles, replies that say something."""
    messages = {
        row["id"]: row["text"]
        for row in read_rows(folder, "articles")
        if len(matching_key(strip_urls(row["text"]))) >= MIN_MESSAGE_KEY
    }
    titles: dict[str, list[str]] = defaultdict(list)
    for row in read_rows(folder, "article_hyperlinks"):
        if row["articleId"] in messages and len(matching_key(row["title"])) >= MIN_TITLE_KEY:
            titles[row["articleId"]].append(row["title"])
    replies = {
        row["id"]: row["text"][:MAX_TEXT]
        for row in read_rows(folder, "replies")
        if row["type"] != "NOT_ARTICLE" and len(matching_key(strip_urls(row["text"]))) >= MIN_MESSAGE_KEY
    }
    links: dict[str, list[str]] = defaultdict(list)
    for row in read_rows(folder, "article_replies"):
        if row["articleId"] in messages and row["replyId"] in replies:
            links[row["articleId"]].append(row["replyId"])
    reasons = [(row["articleId"], row["reason"]) for row in read_rows(folder, "reply_requests") if row["reason"]]
    return Sample(messages, dict(titles), replies, dict(links), reasons)
