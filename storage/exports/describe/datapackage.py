"""`datapackage.json`: Data Package v2, for frictionless and everything else that reads it."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Enum

from storage.exports.catalogue import TABLES
from storage.exports.columns import Column, ExportTable, Kind
from storage.exports.describe.words import CHINESE, describe_column, describe_table
from storage.exports.licences import Terms
from storage.exports.manifest import FileEntry, Manifest

TYPES = {
    Kind.INTEGER: {"type": "integer"},
    Kind.NUMBER: {"type": "number"},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.HOUR: {"type": "datetime", "format": "%Y-%m-%dT%H:%M:%SZ"},
    Kind.DAY: {"type": "datetime", "format": "%Y-%m-%dT%H:%M:%SZ"},
    Kind.DATE: {"type": "date"},
}
IN_CHINESE = "description:zh-Hant"
"""A property of our own, which the standard allows: its descriptions have one language."""
FOREIGN = {
    "article_id": "articles",
    "reply_id": "replies",
    "category_id": "categories",
    "decision_id": "match_decisions",
}
"""Columns that name a row of another table, wherever they are required."""


def to_datapackage(manifest: Manifest, terms: Terms) -> dict[str, Any]:
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": dataset_name(manifest),
        "title": f"chaming 查明: {manifest.instance}",
        "description": "Rumours people forwarded, who checked them, and how they were matched.",
        "version": manifest.version,
        "created": manifest.as_of,
        "keywords": ["fact-checking", "misinformation", "LINE", "Taiwan", "Traditional Chinese"],
        "licenses": [{"name": terms.licence, "path": terms.url, "title": terms.title}],
        "contributors": [{"title": terms.attribution, "roles": ["creator"]}],
        "sources": [{"title": one.attribution} for one in manifest.licences]
        or [{"title": f"{manifest.instance}: what its users sent in and its volunteers answered"}],
        "resources": [resource for table in TABLES for resource in _resources(table, manifest)],
    }


def dataset_name(manifest: Manifest) -> str:
    """A name in the characters every registry allows."""
    return "chaming-" + "".join(c if c.isascii() and c.isalnum() else "-" for c in manifest.instance.lower())


def _resources(table: ExportTable, manifest: Manifest) -> Iterator[dict[str, Any]]:
    """The table in the first of its formats that every reader can open."""
    for format_ in ("csv", "jsonl", "parquet"):
        files = manifest.files_of(table.name, format_)
        if format_ == "jsonl" and not any(file.rows for file in files):
            continue  # frictionless cannot read JSON lines without any
        if files:
            yield _resource(table, format_, files)
            return


def _resource(table: ExportTable, format_: str, files: list[FileEntry]) -> dict[str, Any]:
    paths = [file.path for file in files]
    how: dict[str, dict[str, Any]] = {
        "csv": {
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "compression": "zip",
            "innerpath": f"{table.name}.csv",
        },
        "jsonl": {"format": "ndjson", "mediatype": "application/jsonl", "encoding": "utf-8", "compression": "gz"},
        "parquet": {"format": "parquet", "mediatype": "application/vnd.apache.parquet"},
    }
    one_file = {"bytes": files[0].bytes, "hash": f"sha256:{files[0].sha256}"} if len(files) == 1 else {}
    return {
        "name": table.name,
        "type": "table",
        "path": paths[0] if len(paths) == 1 else paths,
        "title": table.name,
        "description": table.description,
        IN_CHINESE: describe_table(table)[CHINESE],
        **how[format_],
        **one_file,
        "schema": _schema(table),
    }


def _schema(table: ExportTable) -> dict[str, Any]:
    schema: dict[str, Any] = {"fields": [_field(table, column) for column in table.columns], "missingValues": [""]}
    required = {column.name for column in table.columns if column.required}
    if required.issuperset(table.key):
        schema["primaryKey"] = list(table.key)
    foreign = [
        {"fields": [name], "reference": {"resource": target, "fields": ["id"]}}
        for name, target in FOREIGN.items()
        if name in required
    ]
    return schema | ({"foreignKeys": foreign} if foreign else {})


def _field(table: ExportTable, column: Column) -> dict[str, Any]:
    # An empty text is a value where a text is required, and CSV cannot tell it from a missing one.
    may_be_empty = column.kind in {Kind.TEXT, Kind.REFERENCE}
    rules: dict[str, Any] = {"required": True} if column.required and not may_be_empty else {}
    if codes := codes_of(column):
        rules["enum"] = codes
    constraints = {"constraints": rules} if rules else {}
    typed = TYPES.get(column.kind, {"type": "string"})
    words = {"description": column.description, IN_CHINESE: describe_column(table, column)[CHINESE]}
    return {"name": column.name, **typed, **words, **constraints}


def codes_of(column: Column) -> list[str]:
    """The values that a column may have, where the database knows no others."""
    type_ = getattr(getattr(column.value, "expression", column.value), "type", None)
    return list(type_.enums) if isinstance(type_, Enum) else []
