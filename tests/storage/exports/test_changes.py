"""From release to release: deltas that rebuild the next one, tombstones, and counts of enough people."""

import hashlib
import json
import shutil
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, update
from sqlmodel import col

from moderation.publish import correct, set_article_status, withdraw
from storage.bulk import insert_rows
from storage.database import Database
from storage.exports.catalogue import BY_NAME, TABLES
from storage.exports.day_counts import K_ANONYMITY, count_days
from storage.exports.delta import Gone, apply_changes, compare, digest_of, rebuild
from storage.exports.manifest import Manifest, ReleaseError
from storage.exports.naming import NAMINGS
from storage.exports.readers import read_lines, read_table
from storage.tables import (
    Article,
    ArticleReply,
    ArticleVariant,
    MatchDecision,
    MatchOutcome,
    ReplyRequest,
    Status,
    Verdict,
)
from tests.storage.exports.instance import NOW, THEN, fill, release

ROWS = st.lists(st.tuples(st.sampled_from(["A", "a", "b", "é", "甲", "\U0001f600"]), st.integers(0, 3)), max_size=12)


@given(ROWS, ROWS)
def test_a_delta_turns_any_rows_into_any_others(old: list[tuple[str, int]], new: list[tuple[str, int]]) -> None:
    before, after = (sorted(rows, key=lambda row: row[0].encode()) for rows in (old, new))
    rebuilt = list(apply_changes(before, list(compare(before, after))))
    assert sorted(rebuilt) == sorted(after)
    assert [row[0].encode() for row in rebuilt] == sorted(row[0].encode() for row in rebuilt)


def test_a_delta_of_another_release_is_refused() -> None:
    with pytest.raises(ReleaseError, match="another release"):
        list(apply_changes([("a", 1)], [Gone("a", digest_of(("a", 2)))]))


@pytest.mark.parametrize("card", ["README.md", "README.zh-Hant.md"])
async def test_what_the_data_card_says_rebuilds_a_release_without_chaming(
    card: str, sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(sqlite_database)
    await release(sqlite_database, tmp_path / "out")
    shutil.copytree(tmp_path / "out", tmp_path / "copies")
    tiny = [{"article_id": "a1", "probability": 1e-05, "signals": {}}]
    async with sqlite_database.transaction() as session:
        session.add(Article(id="a9", text="又一則 “新” 訊息", created_at=NOW))
        session.add(MatchDecision(id="m9", outcome=MatchOutcome.CANDIDATES, model_id="e5@1", offered=tiny))
        await session.execute(update(Article).where(col(Article.id) == "a2").values(status=Status.BLOCKED))
    made = await release(sqlite_database, tmp_path / "out", NOW + timedelta(days=1))
    shutil.copytree(tmp_path / "out" / made.release, tmp_path / "copies" / made.release)
    monkeypatch.chdir(tmp_path / "copies")
    described = (tmp_path / "copies" / made.release / card).read_text("utf-8")
    code = next(part for part in described.split("```") if "/delta/" in part)
    for table in ("articles", "match_candidates", "reply_requests", "tombstones"):
        run: dict[str, Any] = {}
        exec(code.removeprefix("python").replace("articles.jsonl", f"{table}.jsonl"), run)
        expected = run["read"](f"{made.release}/jsonl/{table}.jsonl.gz")
        assert Counter(map(run["digest"], run["rows"])) == Counter(map(run["digest"], expected)), table


async def test_a_chain_of_deltas_rebuilds_each_next_release(database: Database, tmp_path: Path) -> None:
    async def download(later: timedelta = timedelta(0), **fields: object) -> Manifest:
        one = await release(database, tmp_path, NOW + later, **fields)
        shutil.copytree(tmp_path / one.release, tmp_path / "copies" / one.release)  # the third withdraws the others
        return one

    await fill(database)
    made = [await download()]
    async with database.transaction() as session:
        session.add(Article(id="a3", text="新的訊息", created_at=NOW))
        await correct(session, "r1", verdict=Verdict.RUMOR, text="更正", reference=None, editor="volunteer-one")
        await session.execute(delete(ReplyRequest).where(col(ReplyRequest.source) == "cofacts"))
    made.append(await download(timedelta(days=1)))
    async with database.transaction() as session:
        await set_article_status(session, "a2", Status.DELETED)
    made.append(await download(timedelta(days=2), formats=("parquet",)))
    assert [one.delta["from"] for one in made[1:] if one.delta] == [made[0].release, made[1].release]
    for old, new in pairwise(made):
        assert new.delta is not None
        assert min(new.delta["added"], new.delta["removed"]) > 0
        folders = tmp_path / "copies" / old.release, tmp_path / "copies" / new.release
        for table, rows in rebuild(folders[0], old, folders[1], new):
            expected = list(read_table(folders[1], new, table))
            assert sorted(rows, key=repr) == sorted(expected, key=repr), table.name


async def test_a_delta_can_start_from_an_older_release_of_the_quarter(
    sqlite_database: Database, tmp_path: Path
) -> None:
    await fill(sqlite_database)
    first = await release(sqlite_database, tmp_path)
    await release(sqlite_database, tmp_path, NOW + timedelta(days=1))
    third = await release(sqlite_database, tmp_path, NOW + timedelta(days=2), since="1.0.0")
    assert third.previous == first.release
    with pytest.raises(ReleaseError, match=r"no release 9\.9\.9"):
        await release(sqlite_database, tmp_path, NOW + timedelta(days=3), since="9.9.9")
    with pytest.raises(ReleaseError, match="2026Q4"):
        await release(sqlite_database, tmp_path, NOW + timedelta(days=60), since="1.0.0")


async def test_what_was_taken_back_is_a_tombstone_and_nothing_else(database: Database, tmp_path: Path) -> None:
    await fill(database)
    await release(database, tmp_path)
    async with database.transaction() as session:
        await set_article_status(session, "picture", Status.DELETED)
        await session.execute(update(Article).where(col(Article.id) == "a2").values(status="MERGED", merged_into="a1"))
        await withdraw(session, "a1", "r1")  # a withdrawn answer is public history
        await session.execute(update(ArticleReply).where(col(ArticleReply.reply_id) == "r1").values(status="BLOCKED"))
        await session.execute(delete(ArticleVariant).where(col(ArticleVariant.id) == "v1"))
    for later in (1, 2):  # said again in every later release
        made = await release(database, tmp_path, NOW + timedelta(days=later))
        rows = list(read_table(tmp_path / made.release, made, BY_NAME["tombstones"]))
        assert Counter(row[0] for row in rows) == {
            "articles": 2,
            "article_variants": 1,
            "media_hashes": 1,
            "replies": 2,
            "reply_versions": 1,
            "article_replies": 2,
            "ratings": 1,
            "reply_requests": 1,
            "article_reply_feedbacks": 1,
        }
        assert {(row[0], row[1], row[2], row[3]) for row in rows if ":" not in row[1]} == {
            ("articles", "a2", "a1", "a.example"),
            ("articles", "picture", None, "a.example"),
            ("article_variants", "v1", None, "a.example"),
            ("replies", "r1", None, "a.example"),
            ("replies", "r2", None, "a.example"),
        }
        for table in TABLES:
            if table.name in ("tombstones", "match_decisions", "match_candidates"):
                continue
            named = {value for row in read_table(tmp_path / made.release, made, table) for value in row}
            assert not named & {"picture", "a2", "r1", "v1"}, table.name
    async with database.transaction() as session:
        await set_article_status(session, "picture", Status.NORMAL)
    made = await release(database, tmp_path, NOW + timedelta(days=3))
    named = {(row[0], row[1]) for row in read_table(tmp_path / made.release, made, BY_NAME["tombstones"])}
    assert ("articles", "picture") not in named
    assert "media_hashes" not in {kind for kind, _ in named}
    assert ("articles", "a2") in named


async def test_every_row_that_went_can_be_found_in_a_copy_by_its_tombstone(database: Database, tmp_path: Path) -> None:
    """As its description tells it, without our code: by the id, or by the first column and a checksum."""
    await fill(database)
    first = await release(database, tmp_path, formats=("jsonl",))
    copy = shutil.copytree(tmp_path / first.release, tmp_path / "copies" / first.release)
    async with database.transaction() as session:
        for status_of in ("a1", "a2", "B-first", "picture"):
            await set_article_status(session, status_of, Status.BLOCKED)
    made = await release(database, tmp_path, NOW + timedelta(days=1), formats=("jsonl",))
    told = {(row[0], row[1]) for row in read_table(tmp_path / made.release, made, BY_NAME["tombstones"])}
    columns = {
        "hyperlinks": ["article_id", "url"],
        "media_hashes": ["article_id", "kind", "value"],
        "article_categories": ["article_id", "category_id"],
        "reply_versions": ["reply_id", "version"],
        "article_replies": ["article_id", "reply_id"],
        "ratings": ["article_id", "reply_id", "rater"],
        "reply_requests": ["article_id", "contributor", "app_id"],
        "article_reply_feedbacks": ["article_id", "reply_id", "contributor", "app_id"],
    }
    found = set()
    for kind in ("articles", "article_variants", "replies", *columns):
        for row in read_lines(copy / f"jsonl/{kind}.jsonl.gz"):
            values = [row[name] for name in columns.get(kind, ())]
            if row.get("contributor", "") is None and kind == "reply_requests":
                values += [row["created_at"], row["reason"]]
            text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
            digest = hashlib.sha256(text.encode()).hexdigest()
            found.add((kind, row["id"] if "id" in row else f"{values[0]}:{digest}"))
    assert told == found
    assert {kind for kind, _ in told} == {*NAMINGS}


async def test_a_question_that_names_nobody_is_told_from_its_neighbours(database: Database, tmp_path: Path) -> None:
    await fill(database)
    async with database.transaction() as session:
        session.add(ReplyRequest(article_id="a2", contributor=None, reason="甲", source="cofacts", created_at=THEN))
        session.add(ReplyRequest(article_id="a2", contributor=None, reason="乙", source="cofacts", created_at=THEN))
    await release(database, tmp_path, formats=("jsonl",))
    async with database.transaction() as session:
        await session.execute(delete(ReplyRequest).where(col(ReplyRequest.reason) == "乙"))
    made = await release(database, tmp_path, NOW + timedelta(days=1), formats=("jsonl",))
    told = [row[0] for row in read_table(tmp_path / made.release, made, BY_NAME["tombstones"])]
    assert told == ["reply_requests"]


async def test_it_counts_people_only_where_they_are_twenty(database: Database, tmp_path: Path) -> None:
    day = date(2026, 11, 19)
    moment = NOW.replace(day=19)
    offered = [{"article_id": "a1", "probability": 0.9, "band": "answer", "signals": {}}]
    few = [{**offered[0], "article_id": "a2"}]

    def decision(name: str, asker: str, shown: list[dict[str, object]]) -> MatchDecision:
        return MatchDecision(
            id=name, asker_id=asker, outcome=MatchOutcome.ANSWER, model_id="m", offered=shown, created_at=moment
        )

    await fill(database)
    async with database.transaction() as session:
        many = [decision(f"d{n}", f"person-{n % K_ANONYMITY}", offered) for n in range(K_ANONYMITY + 3)]
        await insert_rows(session, many)
        await insert_rows(session, [decision(f"e{n}", f"person-{n % 19}", few) for n in range(40)])
    assert await count_days(database, NOW) == 1
    assert await count_days(database, NOW) == 0
    made = await release(database, tmp_path)
    rows = list(read_table(tmp_path / made.release, made, BY_NAME["analytics"]))
    assert ("a1", day, "a.example", K_ANONYMITY, K_ANONYMITY + 3) in rows
    assert {row[0] for row in rows} == {"a1"}
