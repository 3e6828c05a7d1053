"""A release taken in again: the same instance, byte for byte, or another one that learns its answers."""

import gzip
import hashlib
import json
import re
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, func, select, update
from sqlmodel import col

from moderation.publish import set_article_status, withdraw
from moderation.taking_back import forget_asker
from scripts.cli import main
from scripts.exports.parsing import MODELS
from scripts.exports.take_in import choose_folder, take_in
from scripts.import_cofacts import RejectsFile, import_cofacts
from storage.database import Database, open_database
from storage.exports.manifest import Manifest, ReleaseError
from storage.index_changes import latest_seq, load_changes
from storage.migrations import migrate
from storage.tables import (
    Article,
    ArticleCategory,
    ArticleReply,
    ArticleReplyFeedback,
    ArticleVariant,
    Asker,
    ChangeKind,
    Choice,
    Hyperlink,
    ImportedRelease,
    IndexChange,
    MatchDecision,
    MediaHash,
    Rating,
    Reply,
    ReplyRequest,
    ReplyState,
    ReplyVersion,
    Status,
)
from tests.storage.exports.instance import NOW, THEN, fill, release

SAMPLE = Path(__file__).resolve().parents[3] / "scripts" / "sample"


def lines(folder: Path, manifest: Manifest) -> dict[str, list[bytes]]:
    """Every table's lines, sorted; but for the theme map, which each instance draws itself."""
    files = [one for one in sorted((folder / manifest.release / "jsonl").iterdir()) if "themes" not in one.name]
    return {file.name: sorted(gzip.decompress(file.read_bytes()).splitlines()) for file in files}


@pytest.mark.parametrize("format_", ["jsonl", "csv", "parquet"])
async def test_export_import_export_is_the_same_byte_for_byte(
    format_: str, sqlite_database: Database, tmp_path: Path
) -> None:
    await fill(sqlite_database)
    first = await release(sqlite_database, tmp_path / "a")
    alone = await release(sqlite_database, tmp_path / format_, formats=(format_,))
    other = open_database(f"sqlite+aiosqlite:///{tmp_path}/other.db")
    await migrate(other)
    await take_in(other, tmp_path / format_ / alone.release, "b.example")
    again = await release(other, tmp_path / "b", instance="b.example", secret_key="another key" * 4)
    assert lines(tmp_path / "a", first) == lines(tmp_path / "b", again)
    assert [one.source for one in again.licences] == ["a.example", "cofacts"]
    await other.close()


async def test_the_sample_survives_the_way_on_both_databases(
    sqlite_database: Database, postgres_database: Database, tmp_path: Path
) -> None:
    with RejectsFile(tmp_path / "rejects.csv") as rejects:
        await import_cofacts(sqlite_database, SAMPLE, rejects)
    first = await release(sqlite_database, tmp_path / "a", formats=("jsonl",))
    await take_in(postgres_database, choose_folder(tmp_path / "a"), "b.example")
    again = await release(postgres_database, tmp_path / "b", instance="b.example", formats=("jsonl",))
    assert lines(tmp_path / "a", first) == lines(tmp_path / "b", again)
    assert first.rows > 3_000
    assert await _count(postgres_database, Article) == 600


async def test_taking_in_twice_changes_nothing(database: Database, tmp_path: Path) -> None:
    await fill(database)
    made = await release(database, tmp_path / "a", formats=("jsonl",))
    other = open_database(f"sqlite+aiosqlite:///{tmp_path}/other.db")
    await migrate(other)
    first = await take_in(other, tmp_path / "a" / made.release, "b.example")
    async with other.reading() as session:
        seq = await latest_seq(session)
    second = await take_in(other, tmp_path / "a" / made.release, "b.example")
    assert sum(stored.added for stored in first.values()) == made.rows - 4  # candidates, themes
    assert [
        (name, stored.added, stored.changed) for name, stored in second.items() if stored.added + stored.changed
    ] == []
    async with other.reading() as session:
        assert await latest_seq(session) == seq > 0
    await other.close()


async def test_another_instance_learns_the_answers_and_whose_they_are(
    sqlite_database: Database, postgres_database: Database, tmp_path: Path
) -> None:
    await fill(sqlite_database)
    made = await release(sqlite_database, tmp_path, formats=("csv",))
    await take_in(postgres_database, tmp_path / made.release, "b.example", answered_only=True)
    async with postgres_database.reading() as session:
        articles = {row.id: row.source for row in await session.scalars(select(Article))}
        links = {row.reply_id: row.state for row in await session.scalars(select(ArticleReply))}
        replies = {row.id: row.source for row in await session.scalars(select(Reply))}
        terms = (await session.scalars(select(ImportedRelease))).one()
        assert await session.scalar(select(func.count(col(ReplyRequest.id)))) == 0
    assert articles == {"a1": "a.example", "a2": "a.example"}
    assert links == {"r1": ReplyState.IMPORTED, "r2": ReplyState.IMPORTED}
    assert replies == {"r1": "a.example", "r2": "cofacts"}
    assert (terms.instance, terms.licence) == ("a.example", "CC-BY-SA-4.0")


async def test_another_instance_shows_no_answer_that_its_source_has_withdrawn(
    sqlite_database: Database, postgres_database: Database, tmp_path: Path
) -> None:
    await fill(sqlite_database)
    made = await release(sqlite_database, tmp_path, formats=("csv",))
    await take_in(postgres_database, tmp_path / made.release, "b.example", answered_only=True)
    async with sqlite_database.transaction() as session:
        await withdraw(session, "a1", "r1")
    made = await release(sqlite_database, tmp_path, formats=("csv",))
    await take_in(postgres_database, tmp_path / made.release, "b.example", answered_only=True)
    async with postgres_database.reading() as session:
        links = {row.reply_id: row.state for row in await session.scalars(select(ArticleReply))}
        changes = await load_changes(session, 0)
    assert links == {"r1": ReplyState.WITHDRAWN, "r2": ReplyState.IMPORTED}
    assert (changes[-1].article_id, changes[-1].kind) == ("a1", ChangeKind.WITHDRAWN)


async def test_what_its_own_instance_took_back_is_taken_back_here(sqlite_database: Database, tmp_path: Path) -> None:
    await fill(sqlite_database)
    made = await release(sqlite_database, tmp_path, formats=("jsonl",))
    other = open_database(f"sqlite+aiosqlite:///{tmp_path}/other.db")
    await migrate(other)
    await take_in(other, tmp_path / made.release, "b.example")
    copy = shutil.copytree(tmp_path / made.release, tmp_path / "copies" / made.release)  # the next withdraws it
    async with sqlite_database.transaction() as session:
        await set_article_status(session, "a2", Status.DELETED)
    made = await release(sqlite_database, tmp_path, NOW + timedelta(days=1), formats=("jsonl",))
    await take_in(other, tmp_path / made.release, "b.example")
    async with other.reading() as session:
        gone = await session.get_one(Article, "a2")
        assert (gone.status, gone.text) == (Status.DELETED, None)
    with pytest.raises(ReleaseError, match="newer than"):
        await take_in(other, copy, "b.example")  # an older copy does not bring it back
    async with sqlite_database.transaction() as session:
        await set_article_status(session, "a2", Status.NORMAL)
    made = await release(sqlite_database, tmp_path, NOW + timedelta(days=2), formats=("jsonl",))
    await take_in(other, tmp_path / made.release, "b.example")
    async with other.reading() as session:
        back = await session.get_one(Article, "a2")
        assert (back.status, back.text) == (Status.NORMAL, "吃香蕉會變聰明")
    await other.close()


async def test_it_follows_its_source_in_every_table(database: Database, tmp_path: Path) -> None:
    """Something of every kind is taken back and said anew, two articles are merged: the copy is the same again."""
    await fill(database)
    async with database.transaction() as session:
        session.add(Article(id="a3", text="吃香蕉", contributor="asker-two", created_at=THEN))
        session.add(ReplyRequest(article_id="a3", contributor="asker-two", reason="真的嗎", created_at=THEN))
        session.add(ArticleVariant(id="v3", article_id="a3", text="吃香蕉會", contributor="asker-one", created_at=THEN))
    made = await release(database, tmp_path / "a", formats=("jsonl",))
    other = open_database(f"sqlite+aiosqlite:///{tmp_path}/other.db")
    await migrate(other)
    await take_in(other, tmp_path / "a" / made.release, "b.example")
    erased = {
        ArticleVariant: col(ArticleVariant.id) == "v1",
        Hyperlink: col(Hyperlink.article_id) == "a1",
        MediaHash: col(MediaHash.article_id) == "picture",
        ArticleCategory: col(ArticleCategory.article_id) == "a1",
        ReplyVersion: col(ReplyVersion.reply_id) == "r1",
        ArticleReplyFeedback: col(ArticleReplyFeedback.contributor) == "asker-two",
    }
    async with database.transaction() as session:
        for model, which in erased.items():
            await session.execute(delete(model).where(which))
        await session.execute(update(Rating).values(score=0.0, updated_at=NOW))
        await session.execute(
            update(ReplyRequest).where(col(ReplyRequest.contributor) == "asker-one").values(reason=None)
        )
        await session.execute(
            update(MatchDecision).where(col(MatchDecision.id) == "m2").values(choice=Choice.NONE, chosen_at=NOW)
        )
        session.add(ArticleVariant(id="a3", article_id="a1", text="吃香蕉", contributor="asker-two", created_at=THEN))
        await session.execute(update(ArticleVariant).where(col(ArticleVariant.id) == "v3").values(article_id="a1"))
        await session.execute(
            update(ReplyRequest).where(col(ReplyRequest.article_id) == "a3").values(article_id="a1", variant_id="a3")
        )
        await session.execute(
            update(Article).where(col(Article.id) == "a3").values(status=Status.MERGED, merged_into="a1")
        )
    made = await release(database, tmp_path / "a", NOW + timedelta(days=1), formats=("jsonl",))
    taken = await take_in(other, tmp_path / "a" / made.release, "b.example")
    again = await release(other, tmp_path / "b", NOW + timedelta(days=1), instance="b.example", formats=("jsonl",))
    assert {name: stored.refused for name, stored in taken.items() if stored.refused} == {}
    assert lines(tmp_path / "a", made) == lines(tmp_path / "b", again)
    await other.close()


@pytest.mark.parametrize("answered_only", [False, True])
@pytest.mark.parametrize("own_name", ["a.example", "renamed.example"])
async def test_an_instance_that_people_use_takes_in_nothing_of_its_own(
    own_name: str, answered_only: bool, database: Database, tmp_path: Path
) -> None:
    """People are here under their own names: each question, rating and vote would be there twice."""
    await fill(database)
    made = await release(database, tmp_path / "a", formats=("jsonl",))
    async with database.transaction() as session:
        (await session.get_one(Article, "a2")).text = "改寫過的訊息"
        await set_article_status(session, "a1", Status.BLOCKED)
        await forget_asker(session, "asker-one")
    before = await _dump(database)
    with pytest.raises(ReleaseError, match="this instance's own"):
        await take_in(database, tmp_path / "a" / made.release, own_name, answered_only=answered_only)
    assert await _dump(database) == before


async def test_an_instance_is_rebuilt_from_its_own_release_and_may_be_interrupted(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = open_database(f"sqlite+aiosqlite:///{tmp_path}/source.db")
    await migrate(source)
    await fill(source)
    made = await release(source, tmp_path / "a", formats=("jsonl",))
    await source.close()

    def stop(name: str, done: int, total: int) -> None:
        if name == "ratings":
            raise InterruptedError

    with pytest.raises(InterruptedError):
        await take_in(database, tmp_path / "a" / made.release, "a.example", report=stop)
    await take_in(database, tmp_path / "a" / made.release, "a.example")
    again = await release(database, tmp_path / "b", formats=("jsonl",))
    assert lines(tmp_path / "a", made) == lines(tmp_path / "b", again)
    rebuilt = await _dump(database)
    await take_in(database, tmp_path / "a" / made.release, "a.example")
    assert await _dump(database) == rebuilt
    async with database.transaction() as session:
        session.add(Asker(id="somebody new"))
    with pytest.raises(ReleaseError, match="empty database"):
        await take_in(database, tmp_path / "a" / made.release, "a.example")


@pytest.mark.parametrize("name", ["ratings", "match_candidates"])
async def test_half_a_character_in_a_release_is_one_clear_line(
    name: str, sqlite_database: Database, tmp_path: Path
) -> None:
    await fill(sqlite_database)
    made = await release(sqlite_database, tmp_path, formats=("jsonl",))
    path = f"jsonl/{name}.jsonl.gz"
    file = tmp_path / made.release / path
    content = gzip.decompress(file.read_bytes())
    for place in (b'"reasons":"', b'"signals":"'):
        content = re.sub(place + rb'[^\n]*?[\]}]"', lambda found, place=place: place + rb'[\"\\ud83d\"]"', content)
    assert b"ud83d" in content
    file.write_bytes(gzip.compress(content))
    manifest = json.loads((tmp_path / made.release / "manifest.json").read_bytes())
    for one in manifest["files"]:
        if one["path"] == path:
            one |= {"bytes": file.stat().st_size, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
    (tmp_path / made.release / "manifest.json").write_text(json.dumps(manifest))
    other = open_database(f"sqlite+aiosqlite:///{tmp_path}/other.db")
    await migrate(other)
    with pytest.raises(ReleaseError, match=f"{name} cannot be read"):
        await take_in(other, tmp_path / made.release, "b.example")
    await other.close()


async def test_a_release_that_was_changed_is_refused_whole(sqlite_database: Database, tmp_path: Path) -> None:
    await fill(sqlite_database)
    made = await release(sqlite_database, tmp_path, formats=("jsonl",))
    (tmp_path / made.release / "jsonl" / "replies.jsonl.gz").write_bytes(gzip.compress(b'{"id": "evil"}\n'))
    other = open_database(f"sqlite+aiosqlite:///{tmp_path}/other.db")
    await migrate(other)
    with pytest.raises(ReleaseError, match=r"replies\.jsonl\.gz"):
        await take_in(other, tmp_path / made.release, "b.example")
    assert await _count(other, Article) == 0
    await other.close()


@pytest.mark.slow
def test_the_commands_do_the_whole_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "a"))
    run = CliRunner().invoke
    imported = run(main, ["import", "cofacts", str(SAMPLE), "--queue", "20"])
    assert imported.exit_code == 0
    assert "20 messages without an answer are before the volunteers now" in imported.output
    made = run(main, ["export", str(tmp_path / "out"), "--format", "csv"])
    assert made.exit_code == 0
    assert "released 1.0.0_" in made.output
    assert "nothing changed" in run(main, ["export", str(tmp_path / "out"), "--format", "csv", "--if-changed"]).output
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "b"))
    taken = run(main, ["import", "chaming", str(tmp_path / "out")])
    assert taken.exit_code == 0
    assert "600" in taken.output
    for arguments, words in (
        (["export", str(tmp_path / "out"), "--format", "xlsx"], "choose from parquet, csv, jsonl"),
        (["export", str(tmp_path / "out"), "--since", "3.0.0"], "no release 3.0.0"),
        (["import", "chaming", str(tmp_path / "b")], "no release of chaming"),
    ):
        refused = run(main, arguments)
        assert refused.exit_code != 0
        assert words in refused.output
    shutil.rmtree(tmp_path / "out")


async def _dump(database: Database) -> dict[str, list[str]]:
    """Every row of every table that releases are taken into."""
    models: tuple[Any, ...] = (*MODELS.values(), IndexChange)
    async with database.reading() as session:
        return {
            model.__name__: sorted(repr(row.model_dump()) for row in await session.scalars(select(model)))
            for model in models
        }


async def _count(database: Database, model: type[Article]) -> int:
    async with database.reading() as session:
        return await session.scalar(select(func.count()).select_from(model)) or 0
