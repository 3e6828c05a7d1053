"""What was taken back is in no byte of any release afterwards; whoever asks for the old one is told why it is gone."""

import gzip
import json
import shutil
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.merging import merge_articles, unmerge_article
from moderation.publish import correct, set_article_status, take_back, withdraw
from moderation.review import reopen, review
from moderation.taking_back import forget_asker
from moderation.taking_in import correct_imported
from moderation.variants import Because, detach_variant
from storage.bulk import insert_rows
from storage.database import Database
from storage.exports import cleaning, withdrawal
from storage.exports.catalogue import BY_NAME
from storage.exports.columns import Kind
from storage.exports.delta import rebuild, rebuild_table
from storage.exports.manifest import Manifest, ReleaseError, list_releases
from storage.exports.readers import read_table
from storage.exports.release import make_release
from storage.exports.withdrawal import list_withdrawn
from storage.tables import (
    Article,
    ArticleReply,
    Reply,
    ReplyRequest,
    ReplyState,
    Role,
    Status,
    Verdict,
    VerificationDecision,
    VerificationOutcome,
    VerificationRule,
)
from tests.storage.exports.instance import NOW, every_content, fill, release, request

DAY = timedelta(days=1)
LINES = ("jsonl",)
EDITOR = Because("volunteer-one", "says something else")

Deed = Callable[[AsyncSession], Awaitable[object]]


async def hide_answer(session: AsyncSession) -> None:
    await session.execute(update(ArticleReply).where(col(ArticleReply.reply_id) == "r1").values(status=Status.BLOCKED))


TAKEN_BACK: dict[str, tuple[Deed, tuple[str, ...]]] = {
    "a person, with their question and reason": (lambda session: forget_asker(session, "asker-one"), ("想知道",)),
    "a person, with their wording": (lambda session: forget_asker(session, "asker-two"), ("聽說喝醋",)),
    "a message": (lambda session: set_article_status(session, "a2", Status.DELETED), ("吃香蕉會變聰明",)),
    "a message, hidden by moderators": (
        lambda session: set_article_status(session, "a1", Status.BLOCKED),
        ("治高血壓", "聽說喝醋", "沒有根據", "再看看", "想知道", "看不懂"),
    ),
    "a picture": (lambda session: set_article_status(session, "picture", Status.DELETED), (bytes(range(32)).hex(),)),
    "a wording": (lambda session: detach_variant(session, "v1", EDITOR), ("聽說喝醋",)),
    "an answer, hidden by moderators": (hide_answer, ("沒有根據", "再看看", "看不懂")),
}
"""What is done, and the words that were released and must be nowhere any more."""


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    return tmp_path / "releases"


def everything(root: Path) -> str:
    return "\n".join(content.decode(errors="replace") for _, content in every_content(root))


def lines_of(folder: Path, table: str) -> str:
    return gzip.decompress((folder / f"jsonl/{table}.jsonl.gz").read_bytes()).decode()


async def recall(database: Database, root: Path, days: int) -> Manifest | None:
    return await make_release(database, request(root, only_if_taken_back=True, formats=LINES), NOW + days * DAY)


@pytest.mark.parametrize("what", TAKEN_BACK)
async def test_what_was_taken_back_is_in_no_byte(sqlite_database: Database, releases: Path, what: str) -> None:
    deed, words = TAKEN_BACK[what]
    await fill(sqlite_database)
    old = await release(sqlite_database, releases, formats=LINES)
    before = everything(releases)
    assert all(word in before for word in words)
    async with sqlite_database.transaction() as session:
        await deed(session)
    made = await recall(sqlite_database, releases, 2)
    assert made is not None
    assert made.replaces == [old.release]
    after = everything(releases)
    assert [word for word in words if word in after] == []
    assert [one.release for one in list_releases(releases)] == [made.release]


async def test_it_reaches_the_files_of_every_format_on_both_databases(database: Database, releases: Path) -> None:
    await fill(database)
    await release(database, releases)
    async with database.transaction() as session:
        await forget_asker(session, "asker-one")
    made = await release(database, releases, NOW + 7 * DAY)  # the weekly job, before the daily one
    assert made.replaces == ["1.0.0_2026-11-21"]
    assert "想知道" not in everything(releases)


async def test_a_record_stays_where_a_release_was(sqlite_database: Database, releases: Path) -> None:
    await fill(sqlite_database)
    old = await release(sqlite_database, releases, formats=LINES)
    sums = json.loads((releases / "releases.json").read_text())["releases"][0]["manifest_sha256"]
    async with sqlite_database.transaction() as session:
        await set_article_status(session, "a2", Status.DELETED)
    made = await release(sqlite_database, releases, NOW + DAY, formats=LINES)
    assert [path.name for path in (releases / old.release).iterdir()] == ["withdrawn.json"]
    (record,) = list_withdrawn(releases)
    assert (record.release, record.replaced_by, record.manifest_sha256) == (old.release, made.release, sums)
    assert (record.rows, record.withdrawn_at, record.reason) == (old.rows, "2026-11-22T09:30:15Z", "taken_back")
    index = json.loads((releases / "releases.json").read_text())
    assert [(one["release"], one["replaces"]) for one in index["releases"]] == [(made.release, [old.release])]
    assert [one["release"] for one in index["withdrawn"]] == [old.release]


async def test_whoever_has_a_copy_of_the_old_release_can_follow_the_new_one(
    sqlite_database: Database, releases: Path
) -> None:
    await fill(sqlite_database)
    old = await release(sqlite_database, releases, formats=LINES)
    shutil.copytree(releases / old.release, copy := releases.parent / "copy")
    async with sqlite_database.transaction() as session:
        await forget_asker(session, "asker-one")
    made = await release(sqlite_database, releases, NOW + DAY, formats=LINES)
    assert made.previous == old.release
    for table, rows in rebuild(copy, old, releases / made.release, made):
        assert sorted(rows, key=repr) == sorted(read_table(releases / made.release, made, table), key=repr)


async def test_what_is_added_corrected_or_merged_withdraws_nothing(sqlite_database: Database, releases: Path) -> None:
    await fill(sqlite_database)
    async with sqlite_database.transaction() as session:
        texts = {"m1": "聽說吃大蒜可以預防感冒", "m2": "聽說吃大蒜可以預防感冒，請轉傳"}
        session.add_all([Article(id=id_, text=text, created_at=NOW) for id_, text in texts.items()])
        await session.flush()
        session.add(ReplyRequest(article_id="m1", contributor="asker-one", reason="第一個人問", created_at=NOW))
        session.add(ReplyRequest(article_id="m2", contributor="asker-two", reason="第二個人問", created_at=NOW))
    await release(sqlite_database, releases, formats=LINES)
    async with sqlite_database.transaction() as session:
        session.add(Article(id="a3", text="新的訊息", created_at=NOW))
        await correct(session, "r1", verdict=Verdict.RUMOR, text="更正", reference=None, editor="volunteer-one")
        await withdraw(session, "a1", "r1")
        await merge_articles(session, "m2", "m1", EDITOR)
    assert await recall(sqlite_database, releases, 1) is None
    await release(sqlite_database, releases, NOW + DAY, formats=LINES)
    async with sqlite_database.transaction() as session:
        await unmerge_article(session, "m2", EDITOR)
    assert await recall(sqlite_database, releases, 2) is None
    assert [one.version for one in list_releases(releases)] == ["1.0.0", "1.0.1"]


async def nothing(session: AsyncSession) -> None:
    pass


async def rate_once_more(session: AsyncSession) -> None:
    assert (await review(session, "a1", "r1", now=NOW)).state == ReplyState.PROPOSED


async def reject_first_proposal(session: AsyncSession) -> None:
    await take_back(session, "a1", "r3", ReplyState.REJECTED)
    decision = VerificationDecision(
        article_id="a1",
        reply_id="r3",
        rule=VerificationRule.TWO_SIDED,
        outcome=VerificationOutcome.REJECTED,
        decided_at=NOW,
    )
    session.add(decision)


async def grant_appeal(session: AsyncSession, reply_id: str) -> None:
    await reopen(session, "a1", reply_id, moderator="moderator", role=Role.MODERATOR, now=NOW)
    link = await session.get_one(ArticleReply, ("a1", reply_id))
    assert link.state == ReplyState.PROPOSED


async def date_to_an_earlier_quarter(session: AsyncSession) -> None:
    (await session.get_one(Reply, "r1")).created_at = NOW - 100 * DAY


async def correct_as_another(session: AsyncSession) -> None:
    await correct(session, "r1", verdict=Verdict.RUMOR, text="更正", reference=None, editor="volunteer-two")


async def take_in_an_answer(session: AsyncSession) -> None:
    session.add(Reply(id="theirs", verdict=Verdict.RUMOR, text="原來的說法", source="cofacts", contributor="a.cofacts"))
    await session.flush()
    link = ArticleReply(article_id="a1", reply_id="theirs", state=ReplyState.IMPORTED, created_at=NOW)
    await insert_rows(session, [link])


async def take_in_its_correction(session: AsyncSession) -> None:
    stored = await session.get_one(Reply, "theirs")
    incoming = Reply(id="theirs", verdict=Verdict.RUMOR, text="改過的說法", source="cofacts", contributor="b.cofacts")
    await correct_imported(session, [(stored, incoming)], ("text", "text_hash", "contributor"))


NOT_TAKEN_BACK: dict[str, tuple[Deed, Deed]] = {
    "an answer that one more rating holds": (nothing, rate_once_more),
    "a withdrawn answer, after an appeal": (
        lambda session: withdraw(session, "a1", "r1"),
        lambda session: grant_appeal(session, "r1"),
    ),
    "a rejected answer that was never shown, after an appeal": (
        reject_first_proposal,
        lambda session: grant_appeal(session, "r3"),
    ),
    "an answer that another editor corrected in a later quarter": (date_to_an_earlier_quarter, correct_as_another),
    "an answer that the source of an import corrected": (take_in_an_answer, take_in_its_correction),
}
"""What is done before the release, and after it."""


@pytest.mark.parametrize("what", NOT_TAKEN_BACK)
async def test_what_nobody_took_back_withdraws_nothing(sqlite_database: Database, releases: Path, what: str) -> None:
    before, after = NOT_TAKEN_BACK[what]
    await fill(sqlite_database)
    async with sqlite_database.transaction() as session:
        await before(session)
    old = await release(sqlite_database, releases, formats=LINES)
    async with sqlite_database.transaction() as session:
        await after(session)
    assert await recall(sqlite_database, releases, 1) is None
    made = await release(sqlite_database, releases, NOW + 60 * DAY, formats=LINES)
    assert made.replaces == []
    assert [one.release for one in list_releases(releases)] == [old.release, made.release]
    assert list(read_table(releases / made.release, made, BY_NAME["tombstones"])) == []


async def test_an_answer_that_is_held_again_and_then_hidden_is_withdrawn(database: Database, releases: Path) -> None:
    await fill(database)
    await release(database, releases, formats=LINES)
    async with database.transaction() as session:
        await rate_once_more(session)
    held = await release(database, releases, NOW + DAY, formats=LINES)
    states = {row[1]: row[3] for row in read_table(releases / held.release, held, BY_NAME["article_replies"])}
    assert states == {"r1": "proposed", "r2": "imported"}
    async with database.transaction() as session:
        await hide_answer(session)
    made = await recall(database, releases, 2)
    assert made is not None
    assert len(made.replaces) == 2
    assert "沒有根據" not in everything(releases)


async def test_only_the_releases_that_hold_it_are_withdrawn(sqlite_database: Database, releases: Path) -> None:
    await fill(sqlite_database)
    first = await release(sqlite_database, releases, formats=LINES)
    async with sqlite_database.transaction() as session:
        session.add(Article(id="a3", text="後來才有的訊息", created_at=NOW))
    second = await release(sqlite_database, releases, NOW + DAY, formats=LINES)
    async with sqlite_database.transaction() as session:
        await set_article_status(session, "a3", Status.DELETED)
    third = await release(sqlite_database, releases, NOW + 60 * DAY, formats=LINES)  # of another quarter
    assert third.replaces == [second.release]
    assert [one.release for one in list_releases(releases)] == [first.release, third.release]


def write_as_before(folder: Path, path: str) -> None:
    """Put whole rows into a delta where it has digests, as earlier versions did."""
    changes = [json.loads(line) for line in gzip.decompress((folder / path).read_bytes()).splitlines()]
    for change in changes:
        if change["op"] == "-":
            change["row"] = {"id": change.pop("id"), "sha256": change.pop("sha256")}
    (folder / path).write_bytes(gzip.compress(b"\n".join(json.dumps(change).encode() for change in changes)))


async def test_a_delta_that_still_holds_what_went_is_withdrawn_and_rebuilds_nothing(
    sqlite_database: Database, releases: Path
) -> None:
    await fill(sqlite_database)
    first = await release(sqlite_database, releases, formats=LINES)
    async with sqlite_database.transaction() as session:
        await correct_as_another(session)
    second = await release(sqlite_database, releases, NOW + DAY, formats=LINES)
    write_as_before(releases / second.release, "delta/replies.jsonl.gz")
    rebuilt = rebuild_table(releases / first.release, first, releases / second.release, second, BY_NAME["replies"])
    with pytest.raises(ReleaseError, match="earlier version"):
        list(rebuilt)
    third = await recall(sqlite_database, releases, 2)
    assert third is not None
    assert third.replaces == [second.release]
    assert await recall(sqlite_database, releases, 3) is None


async def test_a_release_that_tells_the_hours_of_decisions_is_withdrawn(
    sqlite_database: Database, releases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(sqlite_database)
    with monkeypatch.context() as patched:  # as earlier versions wrote it
        patched.setitem(cleaning._PLAIN, Kind.DAY, cleaning._PLAIN[Kind.HOUR])
        first = await release(sqlite_database, releases)
    assert "2026-11-18T09:00:00Z" in lines_of(releases / first.release, "match_decisions")
    second = await recall(sqlite_database, releases, 1)
    assert second is not None
    assert second.replaces == [first.release]
    assert "09:00:00" not in lines_of(releases / second.release, "match_decisions")
    assert await recall(sqlite_database, releases, 2) is None


async def test_a_withdrawal_that_was_cut_off_is_ended_by_the_next_export(
    sqlite_database: Database, releases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(sqlite_database)
    old = [await release(sqlite_database, releases, NOW + days * DAY, formats=LINES) for days in (0, 1)]
    async with sqlite_database.transaction() as session:
        await forget_asker(session, "asker-one")
    with monkeypatch.context() as patched:
        patched.setattr(withdrawal, "_empty", lambda folder: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await release(sqlite_database, releases, NOW + 2 * DAY, formats=LINES)
    assert len(list_releases(releases)) == 3
    assert await recall(sqlite_database, releases, 3) is None
    assert "想知道" not in everything(releases)
    assert [one.release for one in list_withdrawn(releases)] == [one.release for one in old]
