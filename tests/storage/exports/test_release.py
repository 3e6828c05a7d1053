"""A release: what is in it, in every format alike, described so that others' tools accept it."""

import asyncio
import csv
import gc
import gzip
import io
import json
import re
import subprocess
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import col

from storage.database import Database
from storage.exports.catalogue import BY_NAME, TABLES
from storage.exports.manifest import ReleaseError, check_files, list_releases, read_manifest
from storage.exports.parquet import read_parquet
from storage.exports.readers import read_table
from storage.exports.release import make_release
from storage.exports.rows import from_object
from storage.tables import Article, MatchOutcome, Verdict
from tests.storage.exports.instance import NOW, fill, release, request

COFACTS_COLUMNS = {
    "articles": "id articleType status text normalArticleReplyCount createdAt updatedAt lastRequestedAt userIdsha256 "
    "appId references",
    "article_replies": "articleId replyId userIdsha256 negativeFeedbackCount positiveFeedbackCount replyType appId "
    "status createdAt updatedAt",
    "article_hyperlinks": "articleId url normalizedUrl title",
    "article_categories": "articleId categoryId aiConfidence aiModel userIdsha appId negativeFeedbackCount "
    "positiveFeedbackCount status createdAt updatedAt",
    "replies": "id type reference userIdsha256 appId text createdAt",
    "reply_hyperlinks": "replyId url normalizedUrl title",
    "reply_requests": "articleId reason status positiveFeedbackCount negativeFeedbackCount userIdsha256 appId "
    "createdAt",
    "categories": "id title description createdAt updatedAt",
    "article_reply_feedbacks": "articleId replyId score comment status userIdsha256 appId createdAt",
    "analytics": "type docId date lineUser lineVisit webUser webVisit liffUser liffVisit",
    "anonymized_users": "userIdsha256 appId createdAt lastActiveAt blockedReason",
}
"""As Cofacts publishes them."""


def read_csv(path: Path) -> list[dict[str, str]]:
    with zipfile.ZipFile(path) as archive:
        (name,) = [one for one in archive.namelist() if one.endswith(".csv")]
        return list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8"))))


def check_sums(folder: Path) -> int:
    return subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder).returncode


async def test_every_table_is_the_same_in_every_format(database: Database, tmp_path: Path) -> None:
    await fill(database)
    made = await release(database, tmp_path)
    folder = tmp_path / made.release
    for table in TABLES:
        lines = gzip.decompress((folder / f"jsonl/{table.name}.jsonl.gz").read_bytes()).splitlines()
        jsonl = [json.loads(line) for line in lines]
        rows = [from_object(table, one) for one in jsonl]
        assert rows == [from_object(table, one) for one in read_csv(folder / f"csv/{table.name}.csv.zip")]
        parquet = read_parquet([folder / f"parquet/{table.name}.parquet"])
        assert rows == [from_object(table, one) for one in parquet]
        assert [row[0].encode() for row in rows] == sorted(row[0].encode() for row in rows)
        (entry,) = [one for one in made.tables if one.name == table.name and one.family == "chaming"]
        assert entry.rows == len(rows)
        assert rows or table.name == "tombstones", f"the test fills no {table.name}"


async def test_both_databases_give_the_same_bytes(
    sqlite_database: Database, postgres_database: Database, tmp_path: Path
) -> None:
    sums = []
    for name, database in (("sqlite", sqlite_database), ("postgres", postgres_database)):
        await fill(database)
        made = await release(database, tmp_path / name)
        sums.append({file.path: file.sha256 for file in made.files})
    assert sums[0] == sums[1]


async def test_its_sums_hold(sqlite_database: Database, tmp_path: Path) -> None:
    await fill(sqlite_database)
    made = await release(sqlite_database, tmp_path)
    folder = tmp_path / made.release
    assert await asyncio.to_thread(check_sums, folder) == 0
    on_disk = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert on_disk == {file.path for file in made.files} | {"manifest.json", "SHA256SUMS"}
    assert read_manifest(folder) == made
    check_files(folder, made)
    (folder / "README.md").write_text("changed")
    with pytest.raises(ReleaseError, match=r"README\.md"):
        check_files(folder, made)


async def test_cofacts_files_have_cofacts_columns(sqlite_database: Database, tmp_path: Path) -> None:
    import pandas

    await fill(sqlite_database)
    made = await release(sqlite_database, tmp_path)
    folder = tmp_path / made.release / "cofacts"
    for name, columns in COFACTS_COLUMNS.items():
        with zipfile.ZipFile(folder / f"{name}.csv.zip") as archive:
            header = archive.read(f"{name}.csv").decode().splitlines()[0]
            assert header == columns.replace(" ", ",")
            assert "CC-BY-SA-4.0" in archive.comment.decode()
        assert list(pandas.read_csv(folder / f"{name}.csv.zip").columns) == columns.split()
    assert {path.name for path in folder.iterdir()} == {f"{name}.csv.zip" for name in COFACTS_COLUMNS}
    (link,) = [row for row in read_csv(folder / "article_replies.csv.zip") if row["articleId"] == "a1"]
    assert (link["replyType"], link["createdAt"]) == ("RUMOR", "2026-11-18T09:00:00.000Z")
    assert {row["normalArticleReplyCount"] for row in read_csv(folder / "articles.csv.zip")} == {"0", "1"}
    people = read_csv(folder / "anonymized_users.csv.zip")
    named = {row["userIdsha256"] for row in read_csv(folder / "reply_requests.csv.zip")} - {""}
    assert named <= {row["userIdsha256"] for row in people}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # it leaves gzip files open
async def test_frictionless_accepts_the_data_package(sqlite_database: Database, tmp_path: Path) -> None:
    from frictionless import Package

    await fill(sqlite_database)
    for formats in (("parquet", "csv", "jsonl"), ("jsonl",)):
        made = await release(sqlite_database, tmp_path / formats[0], formats=formats)
        path = tmp_path / formats[0] / made.release / "datapackage.json"
        report = Package(str(path)).validate()
        assert report.valid, report.flatten(["name", "fieldName", "note"])
        assert len(report.tasks) == sum(bool(one.rows) or "csv" in formats for one in made.tables[: len(TABLES)])
    del report
    gc.collect()


async def test_mlcroissant_accepts_the_description_and_reads_the_records(
    sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlcroissant as mlc
    from etils import epath

    # It keeps what it unpacks for ever, by the relative address, which is the same in every release.
    monkeypatch.setattr("mlcroissant._src.operation_graph.operations.extract.EXTRACT_PATH", epath.Path(tmp_path))

    await fill(sqlite_database)
    for formats in (("parquet", "csv", "jsonl"), ("csv",), ("jsonl",)):
        made = await release(sqlite_database, tmp_path / "-".join(formats), formats=formats)
        dataset = mlc.Dataset(jsonld=tmp_path / "-".join(formats) / made.release / "croissant.json")
        assert not dataset.metadata.ctx.issues.errors
        assert not dataset.metadata.ctx.issues.warnings
        records = list(dataset.records("articles"))
        assert {record["articles/id"] for record in records} == {b"a1", b"a2", b"B-first", b"picture"}


async def test_its_card_has_the_real_counts_in_two_languages(sqlite_database: Database, tmp_path: Path) -> None:
    await fill(sqlite_database)
    made = await release(sqlite_database, tmp_path)
    for name in ("README.md", "README.zh-Hant.md"):
        card = (tmp_path / made.release / name).read_text(encoding="utf-8")
        for table in made.tables:
            if table.family == "chaming":
                assert f"| `{table.name}` | {table.rows:,} |" in card
        assert "CC0-1.0 until 2021-02-16" in card  # the terms of what came from Cofacts
        assert "Creative Commons Attribution-ShareAlike 4.0" in card


@pytest.mark.parametrize("rows_in_a_file", [2, 500_000], ids=["by month", "one file"])
async def test_its_card_can_be_followed_to_the_letter(
    sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows_in_a_file: int
) -> None:
    import duckdb
    import pandas
    import polars

    monkeypatch.setattr("storage.exports.parquet.PARTITION_ROWS", rows_in_a_file)
    await fill(sqlite_database)
    made = await release(sqlite_database, tmp_path, formats=("parquet",))
    monkeypatch.chdir(tmp_path / made.release)
    for name in ("README.md", "README.zh-Hant.md"):
        blocks = re.findall(
            r"```python\n(.*?)```", (tmp_path / made.release / name).read_text(encoding="utf-8"), re.DOTALL
        )
        lines = [line for line in blocks[0].splitlines() if not line.startswith("datasets.")]  # the notebook does it
        tables = [eval(line, {"pandas": pandas, "polars": polars, "duckdb": duckdb}) for line in lines]
        assert [len(table) for table in tables] == [4, 4, 4]
        (joined,) = [eval(block, {"duckdb": duckdb}) for block in blocks[1:]]
        assert {row[:5] for row in joined.fetchall()} == {
            ("candidates", "none", 1, 0.875, "0.93"),
            ("candidates", "none", 2, 0.1, None),
        }


async def test_the_data_package_lists_the_values_of_codes(sqlite_database: Database, tmp_path: Path) -> None:
    await fill(sqlite_database)
    made = await release(sqlite_database, tmp_path, formats=("csv",))
    package = json.loads((tmp_path / made.release / "datapackage.json").read_text())
    listed = {
        f"{resource['name']}.{field['name']}": field["constraints"]["enum"]
        for resource in package["resources"]
        for field in resource["schema"]["fields"]
        if "enum" in field.get("constraints", {})
    }
    assert listed["replies.verdict"] == listed["article_replies.verdict"] == [one.value for one in Verdict]
    assert listed["match_decisions.outcome"] == [one.value for one in MatchOutcome]
    assert {"articles.type", "article_replies.state", "article_reply_history.rule", "media_hashes.kind"} <= set(listed)


async def test_versions_rise_and_the_index_lists_them(sqlite_database: Database, tmp_path: Path) -> None:
    await fill(sqlite_database)
    for later in (timedelta(0), timedelta(days=1), timedelta(days=60)):
        await release(sqlite_database, tmp_path, NOW + later)
    index = json.loads((tmp_path / "releases.json").read_text())
    named = [(one["release"], one["previous"], one["epoch"]) for one in index["releases"]]
    assert named == [
        ("1.1.0_2027-01-20", None, "2027Q1"),
        ("1.0.1_2026-11-22", "1.0.0_2026-11-21", "2026Q4"),
        ("1.0.0_2026-11-21", None, "2026Q4"),
    ]
    assert [one.version for one in list_releases(tmp_path)] == ["1.0.0", "1.0.1", "1.1.0"]


async def test_nothing_is_published_when_nothing_changed(sqlite_database: Database, tmp_path: Path) -> None:
    await fill(sqlite_database)
    await release(sqlite_database, tmp_path)
    later = NOW + timedelta(days=7)
    assert await make_release(sqlite_database, request(tmp_path, only_if_changed=True), later) is None
    async with sqlite_database.transaction() as session:
        await session.execute(update(Article).where(col(Article.id) == "a2").values(text="吃兩根香蕉會變聰明"))
    assert await make_release(sqlite_database, request(tmp_path, only_if_changed=True), later) is not None
    assert not (tmp_path / ".staging").exists()


async def test_a_large_table_is_a_file_for_each_month(
    sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.exports.parquet.PARTITION_ROWS", 2)
    await fill(sqlite_database)
    made = await release(sqlite_database, tmp_path, formats=("parquet",))
    months = {file.month: file.rows for file in made.files_of("articles", "parquet")}
    assert months == {"2026-08": 1, "2026-11": 2, "undated": 1}
    rows = list(read_table(tmp_path / made.release, made, BY_NAME["articles"]))
    assert [row[0] for row in rows] == ["B-first", "a1", "a2", "picture"]


def test_a_column_of_every_person_is_a_pseudonym() -> None:
    named = {column.name for table in TABLES for column in table.columns if column.kind == "pseudonym"}
    assert named == {"contributor", "rater", "actor"}
