"""Import Cofacts' open data: file after file, batch after batch, each batch one transaction.

Nothing is held in memory but a batch. Nothing is recorded about how far an import has come: running it again passes
over what is stored already, which is quick, and goes on from there.
"""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from scripts.cofacts import rows, store
from scripts.cofacts.files import Record, RecordFile, Reject, RowError, find_file, open_records
from scripts.cofacts.store import BatchResult, Parsed
from storage.database import Database

BATCH = 500
"""Rows in one transaction: some 50 ms on SQLite, so a bot that is answering meanwhile is not held up."""

BATCH_CHARACTERS = 4_000_000
"""Text in one batch, which bounds the memory whatever the length of the messages."""

Progress = Callable[[str, int, int], None]
"""Told the file's name, bytes read, and bytes in all."""


class NothingToImportError(Exception):
    """None of Cofacts' open-data files (articles.csv, articles.csv.zip, …) is in this folder."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True, slots=True)
class Stage:
    """One file of the open data: its name, the columns it must have, and what becomes of a row."""

    stem: str
    required: tuple[str, ...]
    parse: Callable[[rows.Fields], Any]
    store: store.Store


STAGES = (
    Stage("categories", ("id", "title"), rows.to_category, store.store_categories),
    Stage("articles", ("id", "text"), rows.to_article, store.store_articles),
    Stage("article_hyperlinks", ("articleId", "url"), rows.to_hyperlink, store.store_hyperlinks),
    Stage("article_categories", ("articleId", "categoryId"), rows.to_article_category, store.store_article_categories),
    Stage("replies", ("id", "type", "text"), rows.to_reply, store.store_replies),
    Stage("article_replies", ("articleId", "replyId"), rows.to_article_reply, store.store_article_replies),
    Stage("reply_requests", ("articleId",), rows.to_reply_request, store.store_reply_requests),
    Stage("article_reply_feedbacks", ("articleId", "replyId", "score"), rows.to_feedback, store.store_feedbacks),
)
"""In this order, since each row must find the rows it names."""


@dataclass(slots=True)
class FileSummary:
    """What became of one file's rows."""

    stem: str
    found: bool = True
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0

    def count(self, result: BatchResult) -> None:
        self.added += result.added
        self.changed += result.changed
        self.unchanged += result.unchanged
        self.rejected += len(result.rejects)


@dataclass(slots=True)
class ImportSummary:
    """What became of all files."""

    files: list[FileSummary] = field(default_factory=list)

    @property
    def rejected(self) -> int:
        return sum(file.rejected for file in self.files)


class RejectsFile(AbstractContextManager["RejectsFile"]):
    """A CSV file of rejected rows: file, line, reason. Made with the first of them; an earlier run's is removed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] | None = None
        path.unlink(missing_ok=True)

    def add(self, reject: Reject) -> None:
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("w", encoding="utf-8", newline="")
            self._writer = csv.writer(self._file)
            self._writer.writerow(("file", "line", "reason"))
        reason = reject.reason.encode("utf-8", "backslashreplace").decode()
        self._writer.writerow((reject.file, reject.line, reason))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()


async def import_cofacts(
    database: Database, folder: Path, rejects: RejectsFile, progress: Progress = lambda name, done, total: None
) -> ImportSummary:
    """Import what is in `folder`; raises NothingToImportError, or UnreadableFileError for a file that is broken."""
    paths = {stage.stem: find_file(folder, stage.stem) for stage in STAGES}
    if not any(paths.values()):
        raise NothingToImportError
    summary = ImportSummary()
    for stage in STAGES:
        path = paths[stage.stem]
        file_summary = FileSummary(stage.stem, found=path is not None)
        summary.files.append(file_summary)
        if path is not None:
            await _import_file(database, stage, path, file_summary, rejects, progress)
    return summary


async def _import_file(
    database: Database, stage: Stage, path: Path, summary: FileSummary, rejects: RejectsFile, progress: Progress
) -> None:
    with open_records(path, stage.required) as records:
        for batch, unreadable in _batches(records, stage):
            async with database.transaction() as session:
                result = await stage.store(session, batch) if batch else BatchResult()
            result.rejects += [(reject.line, reject.reason) for reject in unreadable]
            summary.count(result)
            for line, reason in sorted(result.rejects):
                rejects.add(Reject(path.name, line, reason))
            progress(path.name, records.position(), records.size)


def _batches(records: RecordFile, stage: Stage) -> Iterator[tuple[Sequence[Parsed[Any]], Sequence[Reject]]]:
    """The rows that could be read and those that could not, a batch at a time."""
    batch: list[Parsed[Any]] = []
    unreadable: list[Reject] = []
    characters = 0
    for record in records:
        parsed = _parse(record, stage) if isinstance(record, Record) else record
        if isinstance(parsed, Reject):
            unreadable.append(parsed)
        else:
            batch.append(parsed)
        characters += sum(map(len, record.fields.values())) if isinstance(record, Record) else 0
        if len(batch) + len(unreadable) >= BATCH or characters >= BATCH_CHARACTERS:
            yield batch, unreadable
            batch, unreadable, characters = [], [], 0
    yield batch, unreadable


def _parse(record: Record, stage: Stage) -> Parsed[Any] | Reject:
    try:
        return Parsed(record.line, stage.parse(record.fields))
    except RowError as error:
        return Reject(stage.stem, record.line, str(error))
