"""One table into every format, in one pass over the database."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.exports import cofacts
from storage.exports.cleaning import Cleaner
from storage.exports.columns import ExportTable
from storage.exports.manifest import FileEntry
from storage.exports.pseudonyms import EpochPseudonyms
from storage.exports.staging import Part, entry_of
from storage.exports.writers import CsvWriter, JsonWriter, Writer, Written

BATCH = 1_000

Progress = Callable[[str, int, int], None]
"""Told the table's name, rows done, and rows in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableExporter:
    """Writes tables of one release."""

    connection: AsyncConnection
    folder: Path
    formats: tuple[str, ...]
    instance: str
    pseudonyms: EpochPseudonyms
    licence: str
    people: cofacts.PeopleBook
    progress: Progress

    async def write(self, table: ExportTable) -> Part:
        """Write the table; returns its files, and what was masked and left out."""
        query = table.select(is_postgres=self.connection.dialect.name == "postgresql")
        total = await self.connection.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
        cleaner, writers = Cleaner(table, self.pseudonyms, self.instance), self._open(table, total)
        rows = done = 0
        try:
            self.progress(table.name, 0, total)
            async with self.connection.stream(query, execution_options={"yield_per": BATCH}) as result:
                async for raw in result.partitions():
                    batch = list(cleaner.clean(tuple(row) for row in raw))
                    for _, _, writer in writers:
                        writer.write(batch)
                    self.people.note(table, batch)
                    rows, done = rows + len(batch), done + len(raw)
                    self.progress(table.name, done, total)
        except BaseException:
            for _, _, writer in writers:  # no part of the release: the next attempt writes them anew
                writer.close()
            raise
        self.people.save()
        files = [to_entry(self.folder, one, kind, name) for kind, name, writer in writers for one in writer.close()]
        masked = dict(sorted(cleaner.report.masked.items()))
        return Part(files, {"rows": rows, "masked": masked, "left_out": cleaner.report.left_out})

    def _open(self, table: ExportTable, total: int) -> list[tuple[str, str, Writer]]:
        """The writers, each with the kind of its files and the name of the table they hold."""
        writers: list[tuple[str, str, Writer]] = []
        if "parquet" in self.formats:
            # Imported here: pyarrow is not installed everywhere, and the other formats need none.
            from storage.exports.parquet import ParquetWriter

            writers.append(("data", table.name, ParquetWriter(table, self.folder, self.licence, expected_rows=total)))
        if "csv" in self.formats:
            writers.append(("data", table.name, CsvWriter(table, self.folder, self.licence)))
            writers += [
                ("cofacts", file.name, cofacts.CofactsWriter(file, table, self.folder, self.licence))
                for file in cofacts.FILES
                if file.table == table.name
            ]
        if "jsonl" in self.formats:
            writers.append(("data", table.name, JsonWriter(table, self.folder)))
        return writers


def to_entry(folder: Path, one: Written, kind: str, table: str) -> FileEntry:
    """The manifest's entry for a file that a writer has closed."""
    top = one.path.split("/", 1)[0]
    format_ = {"cofacts": "csv", "delta": "jsonl"}.get(top, top)
    return entry_of(folder, one.path, kind, table=table, format=format_, rows=one.rows, month=one.month)
