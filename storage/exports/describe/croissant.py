"""`croissant.json`: Croissant 1.1, which search engines for data sets and machine-learning libraries read."""

from typing import Any

from storage.exports.catalogue import TABLES
from storage.exports.columns import Column, ExportTable, Kind
from storage.exports.describe.datapackage import FOREIGN, dataset_name
from storage.exports.describe.words import CHINESE, ENGLISH, describe_column, describe_table
from storage.exports.licences import Terms
from storage.exports.manifest import FileEntry, Manifest

CONFORMS_TO = "http://mlcommons.org/croissant/1.1"

CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
TYPES = {
    Kind.INTEGER: "sc:Integer",
    Kind.NUMBER: "sc:Float",
    Kind.BOOLEAN: "sc:Boolean",
    Kind.HOUR: "sc:DateTime",
    Kind.DAY: "sc:DateTime",
    Kind.DATE: "sc:Date",
}
MEDIA = {"parquet": "application/x-parquet", "csv": "application/zip", "jsonl": "application/jsonlines"}


def to_croissant(manifest: Manifest, terms: Terms) -> dict[str, Any]:
    files = [file for file in manifest.files if file.kind == "data"]
    tables = [table for table in TABLES if _source(table, manifest)]
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": dataset_name(manifest),
        "description": {
            ENGLISH: "Rumours people forwarded, who checked them, and how they were matched: a release of "
            f"{manifest.instance}, as of {manifest.as_of}.",
            CHINESE: "民眾轉傳的可疑訊息、志工的查核回應與比對紀錄："
            f"{manifest.instance} 截至 {manifest.as_of} 的資料。",
        },
        "conformsTo": CONFORMS_TO,
        "license": terms.url,
        "url": f"https://{manifest.instance}/data",
        "creator": {"@type": "sc:Organization", "name": manifest.instance},
        "publisher": {"@type": "sc:Organization", "name": manifest.instance},
        "version": manifest.version,
        "datePublished": manifest.date,
        "inLanguage": ["zh-Hant", "en", "ja"],
        "keywords": ["fact-checking", "misinformation", "LINE", "Taiwan", "Traditional Chinese"],
        "citeAs": f"{terms.attribution}: chaming release {manifest.release}, {manifest.date}.",
        "isLiveDataset": False,
        "rai:personalSensitiveInformation": "Masked; people are pseudonyms that change each quarter: see privacy.json.",
        "distribution": [*map(_file_object, files), *(_inner_csv(file) for file in files if file.format == "csv")],
        "recordSet": [_record_set(table, manifest) for table in tables],
    }


def _file_object(file: FileEntry) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file.path,
        "name": file.path.replace("/", "-"),
        "contentUrl": file.path,
        "contentSize": f"{file.bytes} B",
        "encodingFormat": MEDIA[file.format or "csv"],
        "sha256": file.sha256,
    }


def _inner_csv(file: FileEntry) -> dict[str, Any]:
    """The CSV inside a zip."""
    return {
        "@type": "cr:FileObject",
        "@id": f"{file.path}#csv",
        "name": f"{file.table}-csv",
        "containedIn": {"@id": file.path},
        "contentUrl": f"{file.table}.csv",
        "encodingFormat": "text/csv",
    }


def _source(table: ExportTable, manifest: Manifest) -> dict[str, Any] | None:
    """Where a reader takes the table from: the Parquet file, or where it is many or none, the JSON lines or the CSV."""
    for format_ in ("parquet", "jsonl"):
        files = manifest.files_of(table.name, format_)
        if len(files) == 1:
            return {"fileObject": {"@id": files[0].path}}
    packed = manifest.files_of(table.name, "csv")
    return {"fileObject": {"@id": f"{packed[0].path}#csv"}} if packed else None


def _record_set(table: ExportTable, manifest: Manifest) -> dict[str, Any]:
    source = _source(table, manifest) or {}
    required = {column.name for column in table.columns if column.required}
    key = {"key": [{"@id": f"{table.name}/{name}"} for name in table.key]} if required.issuperset(table.key) else {}
    return {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": describe_table(table),
        **key,
        "field": [_field(table, column, source) for column in table.columns],
    }


def _field(table: ExportTable, column: Column, source: dict[str, Any]) -> dict[str, Any]:
    target = FOREIGN.get(column.name) if column.required else None
    references = {"references": {"field": {"@id": f"{target}/id"}}} if target else {}
    return {
        "@type": "cr:Field",
        "@id": f"{table.name}/{column.name}",
        "name": column.name,
        "description": describe_column(table, column),
        "dataType": TYPES.get(column.kind, "sc:Text"),
        "source": {**source, "extract": {"column": column.name}},
        **references,
    }
