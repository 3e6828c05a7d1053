"""The data card in two languages, and the citation file: from templates and the release's own figures."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined

from storage.exports.catalogue import BY_NAME
from storage.exports.describe.datapackage import dataset_name
from storage.exports.describe.words import CHINESE, load_words
from storage.exports.licences import Terms
from storage.exports.manifest import Manifest
from storage.exports.naming import NAMINGS


def write_card(name: str, manifest: Manifest, terms: Terms, privacy: Mapping[str, Any]) -> str:
    """The data card from the template of this name."""
    return (
        _open_templates()
        .get_template(f"{name}.j2")
        .render(
            manifest=manifest,
            terms=terms,
            privacy=privacy,
            name=dataset_name(manifest),
            tables=[table for table in manifest.tables if table.family == "chaming"],
            theirs=[table for table in manifest.tables if table.family == "cofacts"],
            chinese=load_words(CHINESE),
            columns={name: table.columns for name, table in BY_NAME.items()},
            namings=NAMINGS,
            parquet_path=lambda table: _parquet_path(manifest, table),
            megabytes=lambda size: f"{size / 1_000_000:.1f}",
        )
    )


@cache
def _open_templates() -> Environment:
    return Environment(
        loader=PackageLoader("storage.exports.describe"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown
    )


def _parquet_path(manifest: Manifest, table: str) -> str:
    """The table's file, or the folder of its months."""
    return f"parquet/{table}/" if len(manifest.files_of(table, "parquet")) > 1 else f"parquet/{table}.parquet"


def write_citation(manifest: Manifest, terms: Terms) -> str:
    """`CITATION.cff`. A JSON string is a YAML string, whatever an instance calls itself."""
    fields = {
        "cff-version": "1.2.0",
        "type": "dataset",
        "message": "If you use this data, please cite it.",
        "title": f"chaming 查明: fact-checked messages of {manifest.instance}",
        "version": manifest.version,
        "date-released": manifest.date,
        "license": terms.licence,
        "url": f"https://{manifest.instance}/data",
    }
    lines = [f"{name}: {orjson.dumps(value).decode()}" for name, value in fields.items()]
    author = orjson.dumps(terms.attribution).decode()
    return "\n".join([*lines, "authors:", f"  - name: {author}", ""])
