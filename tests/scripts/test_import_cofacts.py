"""Importing Cofacts' open data: whole, damaged, hostile, twice, and killed half way."""

import csv
import io
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlmodel import SQLModel, col

from moderation.publish import correct, set_article_status, withdraw
from moderation.writing.similar import set_categories
from scripts import import_cofacts as importer
from scripts.cofacts.files import UnreadableFileError
from scripts.import_cofacts import ImportSummary, NothingToImportError, RejectsFile, import_cofacts
from storage.articles import load_article_summaries
from storage.database import Database
from storage.index_changes import latest_seq, load_changes
from storage.index_entries import load_entries
from storage.tables import (
    Article,
    ArticleCategory,
    ArticleReply,
    ArticleReplyFeedback,
    ArticleType,
    ChangeKind,
    Editor,
    Hyperlink,
    Reply,
    ReplyRequest,
    ReplyState,
    Status,
    Verdict,
)

DAY = "2020-05-19T12:19:28.609Z"
TEXT = '喝熱水可以殺死病毒，"請轉發"\n給親友'
Rows = Sequence[Sequence[object]]


def columns(names: str) -> list[str]:
    return names.split()


TODAY: dict[str, Rows] = {
    "categories": [["id", "title", "description", "createdAt", "updatedAt"], ["c1", "疾病、醫藥", "", DAY, DAY]],
    "articles": [
        columns(
            "id articleType status text normalArticleReplyCount createdAt updatedAt"
            " lastRequestedAt userIdsha256 appId references"
        ),
        ["a1", "TEXT", "NORMAL", TEXT, 1, DAY, DAY, DAY, "u1", "RUMORS_LINE_BOT", "LINE"],
        ["a2", "IMAGE", "BLOCKED", "圖片裡的字", 0, DAY, DAY, DAY, "", "WEBSITE", "URL"],
    ],
    "article_hyperlinks": [
        ["articleId", "url", "normalizedUrl", "title"],
        ["a1", "http://bit.ly/x", "https://example.org/", "醫生驚奇！"],
    ],
    "article_categories": [
        columns(
            "articleId categoryId aiConfidence aiModel userIdsha appId negativeFeedbackCount"
            " positiveFeedbackCount status createdAt updatedAt"
        ),
        ["a1", "c1", "0.9", "bert", "", "DEVELOPMENT_BACKEND", 0, 2, "NORMAL", DAY, DAY],
    ],
    "replies": [
        ["id", "type", "reference", "userIdsha256", "appId", "text", "createdAt"],
        ["-r 1", "RUMOR", "https://example.org/check", "u2", "WEBSITE", "熱水不能殺死體內的病毒。", ""],
    ],
    "article_replies": [
        columns(
            "articleId replyId userIdsha256 negativeFeedbackCount positiveFeedbackCount replyType"
            " appId status createdAt updatedAt"
        ),
        ["a1", "-r 1", "u2", 1, 7, "RUMOR", "WEBSITE", "NORMAL", DAY, DAY],
    ],
    "reply_requests": [
        columns("articleId reason status positiveFeedbackCount negativeFeedbackCount userIdsha256 appId createdAt"),
        ["a1", "家人轉傳", "NORMAL", 0, 0, "u1", "RUMORS_LINE_BOT", DAY],
        ["a1", "", "NORMAL", 0, 0, "", "RUMORS_LINE_BOT", DAY],
    ],
    "article_reply_feedbacks": [
        ["articleId", "replyId", "score", "comment", "status", "userIdsha256", "appId", "createdAt"],
        ["a1", "-r 1", 1, "謝謝", "NORMAL", "u3", "RUMORS_LINE_BOT", DAY],
        ["a1", "-r 1", -1, "", "NORMAL", "", "", DAY],
    ],
}
TABLES: tuple[type[SQLModel], ...] = (
    Article,
    Hyperlink,
    ArticleCategory,
    Reply,
    ArticleReply,
    ReplyRequest,
    ArticleReplyFeedback,
)


def to_csv(rows: Rows) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def write(folder: Path, files: dict[str, Rows], zipped: bool = True) -> Path:
    folder.mkdir(exist_ok=True)
    for stem, rows in files.items():
        write_bytes(folder, stem, to_csv(rows), zipped)
    return folder


def write_bytes(folder: Path, stem: str, content: bytes, zipped: bool = False) -> None:
    folder.mkdir(exist_ok=True)
    if not zipped:
        (folder / f"{stem}.csv").write_bytes(content)
        return
    with zipfile.ZipFile(folder / f"{stem}.csv.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{stem}.csv", content)


async def run(database: Database, folder: Path, **options: Any) -> ImportSummary:
    with RejectsFile(folder / "rejects.csv") as rejects:
        return await import_cofacts(database, folder, rejects, **options)


def read_rejects(folder: Path) -> list[list[str]]:
    with (folder / "rejects.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


async def count_rows(database: Database) -> list[int]:
    async with database.reading() as session:
        return [await session.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES]


@pytest.mark.parametrize("zipped", [True, False])
async def test_it_imports_every_file_with_its_ids(database: Database, tmp_path: Path, zipped: bool) -> None:
    summary = await run(database, write(tmp_path / "data", TODAY, zipped))
    assert summary.rejected == 0
    assert not (tmp_path / "data" / "rejects.csv").exists()
    assert await count_rows(database) == [2, 1, 1, 1, 1, 2, 2]
    async with database.reading() as session:
        article = await session.get_one(Article, "a1")
        assert (article.text, article.source, article.references, article.contributor) == (
            TEXT,
            "cofacts",
            "LINE",
            "u1",
        )
        assert article.created_at is not None
        assert article.created_at.isoformat() == "2020-05-19T12:19:28.609000+00:00"
        found = (await load_article_summaries(session, ["a1"]))["a1"]
        (reply,) = found.replies
        assert (reply.reply_id, reply.verdict, reply.state) == ("-r 1", Verdict.RUMOR, ReplyState.IMPORTED)
        assert (reply.positive_feedback_count, reply.created_at, found.request_count) == (7, None, 2)
        assert {e.kind for e in (await load_entries(session, ["a1"]))["a1"]} == {"article", "title", "reply"}


async def test_it_keeps_blocked_rows_with_their_status_and_never_matches_them(
    database: Database, tmp_path: Path
) -> None:
    await run(database, write(tmp_path / "data", TODAY))
    async with database.reading() as session:
        blocked = await session.get_one(Article, "a2")
        assert (blocked.status, blocked.type, blocked.text) == (Status.BLOCKED, ArticleType.IMAGE, "圖片裡的字")
        assert await load_entries(session, ["a2"]) == {"a2": []}


async def test_it_changes_nothing_the_second_time(database: Database, tmp_path: Path) -> None:
    folder = write(tmp_path / "data", TODAY)
    await run(database, folder)
    counts = await count_rows(database)
    async with database.reading() as session:
        seq = await latest_seq(session)
    summary = await run(database, folder)
    assert [(f.added, f.changed, f.rejected) for f in summary.files] == [(0, 0, 0)] * 8
    assert await count_rows(database) == counts
    async with database.reading() as session:
        assert await latest_seq(session) == seq


async def test_it_reads_the_older_columns_and_does_without_missing_files(
    sqlite_database: Database, tmp_path: Path
) -> None:
    older: dict[str, Rows] = {
        "articles": [["id", "text"], ["a1", TEXT]],
        "replies": [["id", "type", "text"], ["r1", "NOT_RUMOR", "這是真的。"]],
        "article_replies": [["articleId", "replyId"], ["a1", "r1"]],
        "reply_requests": [["articleId", "reason", "userIdsha256", "appId", "createdAt"], ["a1", "", "u", "x", DAY]],
    }
    summary = await run(sqlite_database, write(tmp_path / "data", older))
    assert [file.stem for file in summary.files if not file.found] == [
        "categories",
        "article_hyperlinks",
        "article_categories",
        "article_reply_feedbacks",
    ]
    async with sqlite_database.reading() as session:
        found = (await load_article_summaries(session, ["a1"]))["a1"]
        assert (found.created_at, found.status, found.request_count, len(found.replies)) == (None, Status.NORMAL, 1, 1)


async def test_it_says_which_row_it_left_out_and_why(sqlite_database: Database, tmp_path: Path) -> None:
    folder = write(tmp_path / "data", TODAY)
    head = ["id", "articleType", "status", "text", "createdAt"]
    rows = [
        ["ok1", "TEXT", "NORMAL", "兩行\n的訊息", DAY],
        ["", "TEXT", "NORMAL", "no id", DAY],
        ["x", "HOLOGRAM", "NORMAL", "bad type", DAY],
        ["x", "TEXT", "GONE", "bad status", DAY],
        ["x", "TEXT", "NORMAL", "bad date", "yesterday"],
        ["x", "TEXT", "NORMAL", "too few"],
        ["x", "TEXT", "NORMAL", "nul \0 inside", DAY],
        ["x", "TEXT", "NORMAL", "BROKEN", DAY],
        ["ok2", "TEXT", "", "最後", ""],
    ]
    write_bytes(folder, "articles", to_csv([head, *rows]).replace(b"BROKEN", b"\xff\xfe\xb0"))
    (folder / "articles.csv.zip").unlink()
    await run(sqlite_database, folder)
    rejects = [row for row in read_rejects(folder) if row[0] == "articles.csv"]
    assert [(line, reason.split(" is none")[0]) for _, line, reason in rejects] == [
        ("4", "id is empty"),
        ("5", "articleType 'HOLOGRAM'"),
        ("6", "status 'GONE'"),
        ("7", "createdAt 'yesterday' is not a time"),
        ("8", "4 fields where the header has 5"),
        ("9", "text holds a NUL character"),
        ("10", "text is not UTF-8"),
    ]
    async with sqlite_database.reading() as session:
        assert set(await session.scalars(select(col(Article.id)))) == {"ok1", "ok2"}


async def test_it_leaves_out_rows_about_what_is_not_there(database: Database, tmp_path: Path) -> None:
    files = dict(TODAY)
    files["article_replies"] = [
        *TODAY["article_replies"],
        ["gone", "-r 1", "u", 0, 0, "RUMOR", "", "NORMAL", DAY, DAY],
        ["a1", "gone", "u", 0, 0, "RUMOR", "", "NORMAL", DAY, DAY],
    ]
    folder = write(tmp_path / "data", files)
    summary = await run(database, folder)
    assert read_rejects(folder) == [
        ["article_replies.csv.zip", "3", "there is no article 'gone'"],
        ["article_replies.csv.zip", "4", "there is no reply 'gone'"],
    ]
    assert summary.files[5].added == 1


async def test_it_takes_a_row_that_comes_twice_once_and_its_last_form(database: Database, tmp_path: Path) -> None:
    head = ["id", "status", "text"]
    twice = [head, ["a1", "NORMAL", "一"], ["a1", "NORMAL", "二"], ["a1", "NORMAL", "二"]]
    replies = [["id", "type", "text"], ["r1", "RUMOR", "一"], ["r1", "NOT_RUMOR", "二"]]
    links = [["articleId", "replyId"], ["a1", "r1"], ["a1", "r1"]]
    await run(database, write(tmp_path / "data", {"articles": twice, "replies": replies, "article_replies": links}))
    async with database.reading() as session:
        assert (await session.get_one(Article, "a1")).text == "二"
        assert (await session.get_one(Reply, "r1")).verdict == Verdict.NOT_RUMOR
        assert [c.kind for c in await load_changes(session, 0)] == [ChangeKind.ADDED, ChangeKind.PUBLISHED]


@pytest.mark.parametrize("chunks", [1, 3])
async def test_it_completes_an_import_that_was_killed_half_way(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunks: int
) -> None:
    monkeypatch.setattr(importer, "BATCH", 2)
    folder = write(tmp_path / "data", TODAY)
    articles = [["id", "text"], *([f"a{number}", f"訊息 {number}"] for number in range(1, 12))]
    write(folder, {"articles": articles})
    seen = 0

    def kill(name: str, done: int, total: int) -> None:
        nonlocal seen
        seen += name.startswith("articles")
        if seen == chunks:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await run(database, folder, progress=kill)
    assert (await count_rows(database))[0] == 2 * chunks
    summary = await run(database, folder)
    assert (summary.files[1].added, summary.files[1].unchanged) == (11 - 2 * chunks, 2 * chunks)
    assert await count_rows(database) == [11, 1, 1, 1, 1, 2, 2]


@pytest.mark.slow
def test_it_survives_a_kill_at_any_moment(tmp_path: Path) -> None:
    articles = [["id", "text"], *([f"a{number}", f"訊息 {number} " + "字" * 200] for number in range(12_000))]
    folder = write(tmp_path / "data", {**TODAY, "articles": articles})
    environment = {**os.environ, "DATA_DIR": str(tmp_path / "home"), "DATABASE_URL": "", "SECRET_KEY": "s" * 64}
    command = [sys.executable, "-m", "scripts", "import", "cofacts", str(folder)]
    database = tmp_path / "home" / "chaming.db"
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    while process.poll() is None and not (database.exists() and database.with_name("chaming.db-wal").exists()):
        time.sleep(0.01)
    time.sleep(0.5)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    again = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    line = next(line for line in again.stdout.splitlines() if line.startswith("articles "))
    added, _, unchanged, rejected = (int(number.replace(",", "")) for number in line.split()[1:])
    assert (added + unchanged, rejected) == (12_000, 0)


async def test_it_takes_over_what_a_newer_snapshot_changed(database: Database, tmp_path: Path) -> None:
    folder = write(tmp_path / "data", TODAY)
    await run(database, folder)
    async with database.reading() as session:
        seq = await latest_seq(session)
    newer = {stem: [list(row) for row in rows] for stem, rows in TODAY.items()}
    newer["articles"][1][2] = "DELETED"
    newer["replies"][1][5] = "更正：熱水不能殺死病毒，也不能預防。"
    newer["article_replies"][1][4] = 9
    summary = await run(database, write(folder, newer))
    assert [f.stem for f in summary.files if f.changed] == ["articles", "replies", "article_replies"]
    async with database.reading() as session:
        kinds = {(c.article_id, c.kind) for c in await load_changes(session, seq)}
        found = (await load_article_summaries(session, ["a1"]))["a1"]
    assert kinds == {("a1", ChangeKind.REMOVED), ("a1", ChangeKind.CORRECTED), ("a1", ChangeKind.PUBLISHED)}
    assert (found.status, found.replies[0].positive_feedback_count) == (Status.DELETED, 9)
    assert found.replies[0].text.startswith("更正")


async def test_it_respects_what_was_decided_here(database: Database, tmp_path: Path) -> None:
    folder = write(tmp_path / "data", TODAY)
    await run(database, folder)
    async with database.transaction() as session:
        await correct(session, "-r 1", verdict=Verdict.OPINIONATED, text="本站更正", reference=None, editor="volunteer")
        await withdraw(session, "a1", "-r 1")
        await set_article_status(session, "a1", Status.BLOCKED)
    await run(database, folder)
    async with database.reading() as session:
        assert (await session.get_one(Reply, "-r 1")).text == "本站更正"
        assert (await session.get_one(ArticleReply, ("a1", "-r 1"))).state == ReplyState.WITHDRAWN
        assert (await session.get_one(Article, "a1")).status == Status.BLOCKED


async def test_it_brings_nothing_back_that_was_hidden_or_taken_off_here(database: Database, tmp_path: Path) -> None:
    folder = write(tmp_path / "data", TODAY)
    await run(database, folder)
    async with database.transaction() as session:
        await session.execute(update(ArticleReplyFeedback).values(status=Status.BLOCKED))
        await session.execute(update(ReplyRequest).values(status=Status.BLOCKED))
        await set_categories(session, "a1", [], "volunteer")
    await run(database, folder)
    async with database.reading() as session:
        votes = set(await session.scalars(select(col(ArticleReplyFeedback.status))))
        requests = set(await session.scalars(select(col(ReplyRequest.status))))
        labels = set(await session.scalars(select(col(ArticleCategory.status))))
    assert (votes, requests, labels) == ({Status.BLOCKED}, {Status.BLOCKED}, {Status.DELETED})


async def test_it_leaves_a_category_that_its_source_deleted_and_an_editor_put_back(
    database: Database, tmp_path: Path
) -> None:
    folder = write(tmp_path / "data", TODAY)
    await run(database, folder)
    newer = {stem: [list(row) for row in rows] for stem, rows in TODAY.items()}
    newer["article_categories"][1][8] = "DELETED"
    await run(database, write(folder, newer))
    async with database.transaction() as session:
        session.add(Editor(id="volunteer", name="志工", email="v@example.org"))
        assert (await session.get_one(ArticleCategory, ("a1", "c1"))).status == Status.DELETED
        await set_categories(session, "a1", ["c1"], "volunteer")
    await run(database, folder)
    async with database.reading() as session:
        label = await session.get_one(ArticleCategory, ("a1", "c1"))
    assert (label.status, label.contributor) == (Status.NORMAL, "volunteer")


async def test_it_never_overwrites_what_was_written_here(database: Database, tmp_path: Path) -> None:
    async with database.transaction() as session:
        session.add(Article(id="a1", text="我們的文章"))
        session.add(Reply(id="-r 1", verdict=Verdict.NOT_RUMOR, text="我們的回應"))
    folder = write(tmp_path / "data", TODAY)
    summary = await run(database, folder)
    assert [file.rejected for file in summary.files[:5]] == [0, 1, 0, 0, 1]
    assert "belongs to a row from chaming" in read_rejects(folder)[0][2]
    async with database.reading() as session:
        assert (await session.get_one(Article, "a1")).text == "我們的文章"
        assert (await session.get_one(Reply, "-r 1")).text == "我們的回應"


async def test_it_imports_nothing_from_empty_files(sqlite_database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    write_bytes(folder, "articles", b"")
    write_bytes(folder, "replies", b"\xef\xbb\xbfid,type,text\r\n\r\n")
    summary = await run(sqlite_database, folder)
    assert [(file.added, file.rejected) for file in summary.files] == [(0, 0)] * 8


async def test_it_says_that_a_folder_holds_nothing(sqlite_database: Database, tmp_path: Path) -> None:
    with pytest.raises(NothingToImportError):
        await run(sqlite_database, tmp_path)


def _truncated_zip(folder: Path) -> None:
    write(folder, {"articles": [["id", "text"], *([f"a{n}", os.urandom(40).hex()] for n in range(3_000))]})
    path = folder / "articles.csv.zip"
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 200] = b"\0" * 200
    path.write_bytes(content)


def _no_zip(folder: Path) -> None:
    folder.mkdir()
    (folder / "articles.csv.zip").write_bytes(b"PK no")


def _two_members(folder: Path) -> None:
    folder.mkdir()
    with zipfile.ZipFile(folder / "articles.csv.zip", "w") as archive:
        archive.writestr("a.csv", "id,text\n")
        archive.writestr("b.csv", "id,text\n")


DAMAGED = {
    "no zip": _no_zip,
    "damaged zip": _truncated_zip,
    "two members": _two_members,
    "no id column": lambda f: write(f, {"articles": [["identity", "text"], ["a", "b"]]}),
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
async def test_it_names_the_file_that_cannot_be_read(sqlite_database: Database, tmp_path: Path, damage: Any) -> None:
    folder = tmp_path / "data"
    damage(folder)
    with pytest.raises(UnreadableFileError, match=r"^articles\.csv\.zip"):
        await run(sqlite_database, folder)


async def test_it_rejects_a_row_cut_off_within_a_quote_instead_of_importing_half_of_it(
    sqlite_database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    write_bytes(folder, "articles", to_csv([["id", "text"], ["a1", "好"], ["a2", TEXT]])[:-8])
    await run(sqlite_database, folder)
    assert [row[1] for row in read_rejects(folder)] == ["3"]
    assert (await count_rows(sqlite_database))[0] == 1


async def test_it_imports_a_message_of_a_million_characters_whole(database: Database, tmp_path: Path) -> None:
    text = "長" * 1_000_000
    await run(database, write(tmp_path / "data", {"articles": [["id", "text"], ["a1", text]]}))
    async with database.reading() as session:
        assert (await session.get_one(Article, "a1")).text == text


@pytest.mark.slow
def test_it_never_holds_a_file_in_memory(tmp_path: Path) -> None:
    """A file of 120 MB is imported within 60 MB above what an import of nothing takes."""
    folder = tmp_path / "data"
    folder.mkdir()
    path = folder / "replies.csv.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("replies.csv", "w") as file:
        file.write(b"id,type,text\n")
        for number in range(6_000):
            file.write(b"r%d,RUMOR,%s\n" % (number, b"answer %d " % number * 1_600))
    small = write(tmp_path / "small", {"articles": [["id", "text"], ["a1", "x"]]})
    assert _peak_memory(tmp_path, folder) - _peak_memory(tmp_path, small) < 60 * 2**20


def _peak_memory(home: Path, folder: Path) -> int:
    """Bytes of memory at most resident in a process that imports the folder."""
    environment = {**os.environ, "DATA_DIR": str(home / "home"), "DATABASE_URL": "", "SECRET_KEY": "s" * 64}
    code = (
        "import resource, sys; from scripts.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert end.code in (0, None), end.code\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    command = [sys.executable, "-c", code, "import", "cofacts", str(folder)]
    output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    return int(output.splitlines()[-1]) * (1 if sys.platform == "darwin" else 1024)
