"""Nobody is found in a release: not in a text, not by a pseudonym, not in any byte of any file."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import col

from moderation.feedback import give_feedback
from moderation.intake import APP_ID
from storage.database import Database
from storage.exports.catalogue import BY_NAME, TABLES
from storage.exports.columns import Kind
from storage.exports.day_counts import K_ANONYMITY
from storage.exports.manifest import Manifest
from storage.exports.masking import Masker
from storage.exports.pseudonyms import EpochPseudonyms, epoch_of
from storage.exports.readers import read_table
from storage.tables import ArticleReplyFeedback, ArticleVariant, MatchDecision, Rating, ReplyRequest, ReplyVersion
from tests.storage.exports.instance import (
    NOBODYS,
    NOW,
    SECRET_KEY,
    SECRETS,
    THEN,
    every_content,
    fill,
    release,
    with_secrets,
)


def column(folder: Path, manifest: Manifest, table: str, name: str) -> list[object]:
    place = BY_NAME[table].names.index(name)
    return [row[place] for row in read_table(folder / manifest.release, manifest, BY_NAME[table])]


def table(folder: Path, manifest: Manifest, name: str) -> list[dict[str, object]]:
    rows = read_table(folder / manifest.release, manifest, BY_NAME[name])
    return [dict(zip(BY_NAME[name].names, row, strict=True)) for row in rows]


async def test_it_lets_no_planted_secret_into_any_byte(database: Database, tmp_path: Path) -> None:
    await fill(database)
    await release(database, tmp_path / "out")
    await release(database, tmp_path / "out", NOW + timedelta(days=1))  # with a delta
    contents = list(every_content(tmp_path / "out"))
    assert any("治高血壓".encode() in content for _, content in contents)
    for name, content in contents:
        for secret in (*SECRETS.values(), *NOBODYS):
            for form in (secret.encode(), secret.encode("unicode_escape"), re.sub(r"\D", "", secret).encode()):
                if len(form) > 6:
                    assert form not in content, f"{secret!r} is in {name}"


@pytest.mark.parametrize("kind", SECRETS)
def test_it_masks_every_kind_of_personal_data(kind: str) -> None:
    assert SECRETS[kind].split("：")[-1] not in Masker().mask(f"請看 {SECRETS[kind]} 完")


def test_masking_again_changes_nothing() -> None:
    once = Masker().mask(with_secrets("請轉傳 "))
    again = Masker()
    assert again.mask(once) == once
    assert not again.counts


def test_it_leaves_figures_dates_and_names_of_public_figures() -> None:
    text = "2021/1/11 陳時中說 15,000 人打了第 2 劑，有效率 94.1%，見 https://www.cdc.gov.tw/Bulletin/20210111123456"
    assert Masker().mask(text) == text


def test_it_keeps_the_pages_a_reply_cites_but_no_door_to_a_person() -> None:
    cited = "https://www.facebook.com/tfc.taiwan"
    assert Masker().mask(cited) != cited
    assert Masker().mask(cited, keep_pages=True) == cited
    assert "AbCdEf" not in Masker().mask("https://line.me/ti/p/AbCdEf123456", keep_pages=True)


def test_a_person_cannot_be_followed_from_quarter_to_quarter() -> None:
    pseudonyms = EpochPseudonyms(SECRET_KEY)
    same = pseudonyms.of("asker-one", NOW)
    assert same == pseudonyms.of("asker-one", NOW - timedelta(days=30))
    assert same.split(".")[1] != pseudonyms.of("asker-one", NOW - timedelta(days=100)).split(".")[1]
    assert same != pseudonyms.of("asker-two", NOW)
    assert same != EpochPseudonyms("another key" * 4).of("asker-one", NOW)
    assert epoch_of(NOW) == "2026Q4"
    assert epoch_of(NOW.replace(month=1)) == "2026Q1"


def test_a_pseudonym_that_is_public_already_is_passed_on_as_it_is() -> None:
    public = EpochPseudonyms("another instance's" * 2).of("asker-one", NOW)
    assert EpochPseudonyms(SECRET_KEY).of(public, NOW + timedelta(days=200)) == public


async def test_two_releases_of_different_quarters_name_a_row_alike(sqlite_database: Database, tmp_path: Path) -> None:
    """If they did not, the unchanged ids would tell which pseudonym of the one is which of the other."""
    await fill(sqlite_database)
    first = await release(sqlite_database, tmp_path / "out")
    second = await release(sqlite_database, tmp_path / "out", NOW + timedelta(days=60))
    assert (first.epoch, second.epoch) == ("2026Q4", "2027Q1")
    assert second.delta is None
    before = column(tmp_path / "out", first, "articles", "contributor")
    assert column(tmp_path / "out", second, "articles", "contributor") == before
    assert {str(one).split(".")[0] for one in before if one} == {"2026Q3", "2026Q4", "undated"}


async def test_who_corrects_themselves_in_a_later_quarter_has_one_pseudonym(database: Database, tmp_path: Path) -> None:
    """With another for the earlier version, two releases would tell which is whose of two quarters."""
    await fill(database)
    async with database.transaction() as session:
        await session.execute(
            update(ReplyVersion).values(contributor="volunteer-one", replaced_at=NOW + timedelta(days=60))
        )
    made = await release(database, tmp_path / "out", NOW + timedelta(days=61), formats=("jsonl",))
    (version,) = column(tmp_path / "out", made, "reply_versions", "contributor")
    assert version in column(tmp_path / "out", made, "replies", "contributor")
    assert str(version).startswith("2026Q4.")


async def test_who_changes_a_vote_in_a_later_quarter_has_one_pseudonym(database: Database, tmp_path: Path) -> None:
    """Were it another from then on, whoever holds both releases would know whose it was before."""
    await fill(database)
    async with database.transaction() as session:
        await session.execute(update(ArticleReplyFeedback).values(app_id=APP_ID))
    first = await release(database, tmp_path / "out", formats=("jsonl",))
    before = table(tmp_path / "out", first, "article_reply_feedbacks")
    async with database.transaction() as session:
        await give_feedback(session, article_id="a1", reply_id="r1", contributor="asker-two", score=1)
        await session.execute(update(ArticleReplyFeedback).values(updated_at=NOW + timedelta(days=60)))
    second = await release(database, tmp_path / "out", NOW + timedelta(days=61), formats=("jsonl",))
    assert (first.epoch, second.epoch) == ("2026Q4", "2027Q1")
    (was,), (now,) = before, table(tmp_path / "out", second, "article_reply_feedbacks")
    assert (was["score"], now["score"]) == (-1, 1)
    assert now["contributor"] == was["contributor"]
    assert str(now["contributor"]).startswith("2026Q4.")
    assert now["created_at"] == was["created_at"]
    assert table(tmp_path / "out", second, "tombstones") == []
    assert b"2027-01-20" not in b"".join(
        content for name, content in every_content(tmp_path / "out" / second.release) if "jsonl/article_r" in name
    )


async def test_who_asks_again_with_another_wording_is_not_found_in_a_later_quarter(
    database: Database, tmp_path: Path
) -> None:
    await fill(database)
    async with database.transaction() as session:
        of_asker_one = (col(ReplyRequest.article_id) == "a1") & (col(ReplyRequest.contributor) == "asker-one")
        await session.execute(update(ReplyRequest).where(of_asker_one).values(variant_id="v1"))
    for made_at, expected in ((THEN, "v1"), (THEN + timedelta(days=60), None)):
        async with database.transaction() as session:
            await session.execute(update(ArticleVariant).values(created_at=made_at))
        made = await release(database, tmp_path / "out", NOW + timedelta(days=61), formats=("jsonl",))
        rows = table(tmp_path / "out", made, "reply_requests")
        assert {row["variant_id"] for row in rows if row["reason"]} == {expected}


@pytest.mark.parametrize(("people", "told"), [(K_ANONYMITY - 1, None), (K_ANONYMITY, "a2")])
async def test_a_decision_leads_to_no_question_that_fewer_than_twenty_asked_that_day(
    people: int, told: str | None, database: Database, tmp_path: Path
) -> None:
    late = datetime(2026, 11, 18, 23, 59, 59, 900_000, tzinfo=UTC)  # the next day in Taipei
    await fill(database)
    async with database.transaction() as session:
        asked = [ReplyRequest(article_id="a2", contributor=f"one-{n}", created_at=late) for n in range(people)]
        later = ReplyRequest(article_id="a2", contributor="late", created_at=late + timedelta(seconds=1))
        nobodys = ReplyRequest(article_id="a2", contributor=None, created_at=late)
        session.add_all([*asked, later, nobodys])
        await session.execute(update(MatchDecision).values(asked_article_id="a2", created_at=late.replace(hour=1)))
    made = await release(database, tmp_path / "out", formats=("jsonl",))
    decisions = table(tmp_path / "out", made, "match_decisions")
    assert {row["asked_article_id"] for row in decisions} == {told}
    assert {str(row["created_at"]) for row in decisions} == {"2026-11-18 00:00:00+00:00"}
    assert {str(row["chosen_at"]) for row in decisions} == {"2026-11-18 00:00:00+00:00", "None"}


def test_where_nobody_is_named_no_hour_leads_to_a_table_where_somebody_is() -> None:
    nameless = [one for one in TABLES if all(column.kind != Kind.PSEUDONYM for column in one.columns)]
    with_hours = {one.name for one in nameless if any(column.kind == Kind.HOUR for column in one.columns)}
    assert with_hours == {"categories", "media_hashes", "tombstones"}, "none says what one person did"


def test_what_was_changed_later_tells_no_hour_beside_a_name_of_an_earlier_quarter() -> None:
    """Few are at work in one hour: it would lead to what else they did then, under the name of that quarter."""
    named = [one for one in TABLES if any(column.kind == Kind.PSEUDONYM for column in one.columns)]
    hours = {(one.name, column.name) for one in named for column in one.columns if column.kind == Kind.HOUR}
    assert {(table, name) for table, name in hours if name != "created_at"} == {
        ("articles", "updated_at"),  # by moderators, or when nobody is named any more
        ("articles", "last_requested_at"),
        ("article_replies", "published_at"),  # by a rating, which is somebody else's
        ("article_reply_history", "decided_at"),  # what the row is dated by
        ("article_reply_history", "public_at"),
    }


async def test_half_a_character_stops_no_release(database: Database, tmp_path: Path) -> None:
    """JSON columns can store it, as an escape; UTF-8 cannot hold it."""
    await fill(database)
    async with database.transaction() as session:
        await session.execute(update(Rating).values(reasons=["清楚\ud83d", "😀"]))
        offered = [{"article_id": "a1", "band": "\ud83d", "signals": {}, "kind": "\ude00"}]
        await session.execute(update(MatchDecision).where(col(MatchDecision.id) == "m1").values(offered=offered))
    made = await release(database, tmp_path / "out")
    assert table(tmp_path / "out", made, "ratings")[0]["reasons"] == '["清楚?","😀"]'
    (candidate,) = table(tmp_path / "out", made, "match_candidates")
    assert (candidate["band"], candidate["other"]) == ("?", '{"kind":"?"}')


async def test_what_else_is_recorded_of_a_candidate_stays_here_until_it_is_listed(
    sqlite_database: Database, tmp_path: Path
) -> None:
    """It may be made from a message that nobody agreed to publish: say, the words that make it another claim."""
    await fill(sqlite_database)
    words = [["三萬元", "三千元"]]
    one = {
        "article_id": "a1",
        "signals": {},
        "contradicted": words,
        "differs": words,
        "kind": "variant",
        "short": False,
    }
    async with sqlite_database.transaction() as session:
        await session.execute(update(MatchDecision).where(col(MatchDecision.id) == "m1").values(offered=[one]))
    made = await release(sqlite_database, tmp_path / "out")
    (candidate,) = table(tmp_path / "out", made, "match_candidates")
    assert (candidate["contradicted"], candidate["other"]) == ("true", '{"kind":"variant","short":false}')
    assert all("三萬元".encode() not in content for _, content in every_content(tmp_path / "out"))


async def test_it_tells_the_hour_and_no_more(sqlite_database: Database, tmp_path: Path) -> None:
    await fill(sqlite_database)
    made = await release(sqlite_database, tmp_path / "out")
    for kind in ("parquet", "csv", "jsonl", "cofacts"):
        for _, content in every_content(tmp_path / "out" / made.release / kind):
            assert b"30:15" not in content
    assert str(column(tmp_path / "out", made, "articles", "created_at")[1]) == "2026-11-18 09:00:00+00:00"
