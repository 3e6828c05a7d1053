"""A table as Parquet: typed, zstd, by month when it is large. Needs pyarrow (`chaming[research]`)."""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from storage.exports.columns import ExportTable, Kind, Row
from storage.exports.writers import Batch, Written

PARTITION_ROWS = 500_000
"""A table with more rows is a folder with a file for each month."""
ROW_GROUP = 20_000
HELD_ROWS = 50_000
"""Rows that wait for their month's row group to fill, all months together."""
UNDATED = "undated"

_ARROW = {
    Kind.INTEGER: pa.int64(),
    Kind.NUMBER: pa.float64(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.HOUR: pa.timestamp("s", tz="UTC"),
    Kind.DAY: pa.timestamp("s", tz="UTC"),
    Kind.DATE: pa.date32(),
}


def arrow_schema(table: ExportTable, licence: str) -> pa.Schema:
    """The table's columns with their types, meanings and licence."""
    fields = [
        pa.field(
            column.name,
            _ARROW.get(column.kind, pa.string()),
            nullable=not column.required,
            metadata={"description": column.description},
        )
        for column in table.columns
    ]
    return pa.schema(fields, metadata={"description": table.description, "licence": licence})


class ParquetWriter:
    """One of our tables, in one file or one for each month; holds a bounded number of rows."""

    def __init__(self, table: ExportTable, root: Path, licence: str, *, expected_rows: int) -> None:
        self._table, self._root = table, root
        self._schema = arrow_schema(table, licence)
        self._by_month = expected_rows > PARTITION_ROWS and table.dated is not None
        self._waiting: dict[str | None, list[Row]] = defaultdict(list)
        self._held = 0
        self._files: dict[str | None, tuple[str, pq.ParquetWriter]] = {}
        self._rows: dict[str | None, int] = defaultdict(int)

    def write(self, batch: Batch) -> None:
        for row, dated in batch:
            self._waiting[self._month_of(dated)].append(row)
        self._held += len(batch)
        while self._held > HELD_ROWS or any(len(rows) >= ROW_GROUP for rows in self._waiting.values()):
            self._flush(max(self._waiting, key=lambda month: len(self._waiting[month])))

    def close(self) -> list[Written]:
        if not self._by_month:
            self._waiting[None]  # a table without rows is a file all the same
        for month in sorted(self._waiting, key=str):
            self._flush(month)
        for _, writer in self._files.values():
            writer.close()
        return [
            Written(path, self._rows[month], month)
            for month, (path, _) in sorted(self._files.items(), key=lambda item: str(item[0]))
        ]

    def _month_of(self, dated: datetime | None) -> str | None:
        if not self._by_month:
            return None
        return f"{dated:%Y-%m}" if dated else UNDATED

    def _flush(self, month: str | None) -> None:
        rows = self._waiting.pop(month)
        columns = list(zip(*rows, strict=True)) or [()] * len(self._schema)
        arrays = [pa.array(values, type=field.type) for values, field in zip(columns, self._schema, strict=True)]
        self._open(month).write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        self._held -= len(rows)
        self._rows[month] += len(rows)

    def _open(self, month: str | None) -> pq.ParquetWriter:
        if month not in self._files:
            name = self._table.name
            path = f"parquet/{name}/month={month}/part-0.parquet" if month else f"parquet/{name}.parquet"
            (self._root / path).parent.mkdir(parents=True, exist_ok=True)
            writer = pq.ParquetWriter(self._root / path, self._schema, compression="zstd", compression_level=9)
            self._files[month] = (path, writer)
        return self._files[month][1]


def read_parquet(paths: list[Path]) -> Iterator[dict[str, Any]]:
    """The rows of a table's files, in the order of the table's first column."""
    files = [_read_file(path) for path in paths]
    return files[0] if len(files) == 1 else heapq.merge(*files, key=_first_value())


def _read_file(path: Path) -> Iterator[dict[str, Any]]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=2_000):
            yield from batch.to_pylist()


def _first_value() -> Callable[[dict[str, Any]], Any]:
    return lambda row: next(iter(row.values())).encode()
