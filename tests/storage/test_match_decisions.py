"""What is remembered of a match: once, changeable, by its owner alone, and not for longer than stated."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from storage.database import Database
from storage.inbox import Inbox, IncomingEvent
from storage.match_decisions import (
    KEEP_DECISION,
    KEEP_LINK,
    find_decision,
    forget_decisions,
    load_decisions,
    load_model_ids,
    record_asked,
    record_asked_with,
    record_choice,
    record_decision,
    unlink_decision,
    unlink_decisions_of,
)
from storage.payloads import derive_payload_key
from storage.tables import Choice, MatchDecision, MatchOutcome, utc_now

OFFERED = [{"article_id": "a", "probability": 0.97, "band": "answer", "signals": {"dense": 0.93}}]


def make_decision(decision_id: str = "d", **fields: object) -> MatchDecision:
    defaults: dict[str, object] = {
        "asker_id": "asker",
        "key_hash": "keyed",
        "outcome": MatchOutcome.ANSWER,
        "model_id": "e5@1#onnx-int8",
        "top_probability": 0.97,
        "offered": OFFERED,
    }
    return MatchDecision(id=decision_id, **(defaults | fields))


async def run(database: Database, function: object, *args: object) -> object:
    async with database.engine.begin() as connection:
        return await connection.run_sync(function, *args)  # type: ignore[arg-type]


async def decision_of(database: Database, decision_id: str = "d") -> MatchDecision:
    async with database.reading() as session:
        found = await find_decision(session, decision_id)
    assert found is not None
    return found


async def test_it_stores_a_decision_once(database: Database) -> None:
    assert await run(database, record_decision, make_decision()) is True
    assert await run(database, record_decision, make_decision(outcome=MatchOutcome.NO_MATCH)) is False
    stored = await decision_of(database)
    assert stored.outcome == MatchOutcome.ANSWER
    assert stored.offered == OFFERED
    assert stored.text is None


async def test_the_last_word_counts_and_saying_it_twice_changes_nothing(database: Database) -> None:
    await run(database, record_decision, make_decision())
    assert await run(database, record_choice, "d", "asker", Choice.NONE) is True
    first = await decision_of(database)
    assert await run(database, record_choice, "d", "asker", Choice.NONE) is False
    assert (await decision_of(database)).chosen_at == first.chosen_at
    assert await run(database, record_choice, "d", "asker", Choice.THIS, "a") is True
    changed = await decision_of(database)
    assert (changed.choice, changed.chosen_article_id) == (Choice.THIS, "a")


async def test_nobody_speaks_for_another(database: Database) -> None:
    await run(database, record_decision, make_decision())
    assert await run(database, record_choice, "d", "outsider", Choice.NONE) is False
    assert await run(database, record_asked, "d", "outsider", "a", "文字") is False
    stored = await decision_of(database)
    assert (stored.choice, stored.asked_article_id, stored.text) == (None, None, None)


async def test_what_is_asked_with_parts_is_taken_back_by_each_whatever_was_asked_with_it_before(
    database: Database,
) -> None:
    for decision_id in ("free", "asked", "unlinked"):
        await run(database, record_decision, make_decision(decision_id))
    await run(database, record_decision, make_decision("another's", asker_id="outsider"))
    await run(database, record_asked, "asked", "asker", "before")
    async with database.transaction() as session:
        await unlink_decision(session, "unlinked")
    ids = ("free", "asked", "unlinked", "another's")
    await run(database, record_asked_with, ids, "asker", "whole")
    stored = [await decision_of(database, decision_id) for decision_id in ids]
    assert [(one.asker_id, one.asked_article_id) for one in stored] == [("asker", "whole")] * 3 + [("outsider", None)]


async def test_a_decision_that_was_never_stored_takes_no_choice(database: Database) -> None:
    assert await run(database, record_choice, "unknown", "asker", Choice.NONE) is False


async def test_unlinking_leaves_the_bare_figures(database: Database) -> None:
    for decision_id, asker in (("d", "asker"), ("e", "asker"), ("f", "outsider")):
        await run(database, record_decision, make_decision(decision_id, asker_id=asker))
        await run(database, record_choice, decision_id, asker, Choice.NONE)
        await run(database, record_asked, decision_id, asker, "asked", "文字")
    async with database.transaction() as session:
        await unlink_decision(session, "d")
    assert (await decision_of(database, "e")).text == "文字"
    async with database.transaction() as session:
        await unlink_decisions_of(session, "asker")
    for decision_id in ("d", "e"):
        bare = await decision_of(database, decision_id)
        assert (bare.asker_id, bare.key_hash, bare.text, bare.asked_article_id) == (None, None, None, None)
        assert (bare.choice, bare.offered) == (Choice.NONE, OFFERED)
    assert (await decision_of(database, "f")).asker_id == "outsider"


async def test_retention_unlinks_first_and_deletes_later(database: Database) -> None:
    now = utc_now()
    for decision_id, age in (("new", timedelta(0)), ("linked", KEEP_LINK), ("old", KEEP_DECISION)):
        created = now - age - timedelta(days=1) if age else now
        await run(database, record_decision, make_decision(decision_id, created_at=created, text="文字"))
    assert await forget_decisions(database, now) == (2, 1)
    assert await forget_decisions(database, now) == (0, 0)
    async with database.reading() as session:
        left = {row.id: (row.asker_id, row.text) for row in await load_decisions(session)}
    assert left == {"linked": (None, None), "new": ("asker", "文字")}


async def test_it_loads_a_period_and_only_what_somebody_chose(database: Database) -> None:
    now = utc_now()
    for days in (1, 3, 5):
        await run(database, record_decision, make_decision(f"d{days}", created_at=now - timedelta(days=days)))
    await run(database, record_choice, "d3", "asker", Choice.THIS, "a")
    async with database.reading() as session:
        since, until = now - timedelta(days=4), now
        assert [row.id for row in await load_decisions(session, since=since, until=until)] == ["d3", "d1"]
        assert [row.id for row in await load_decisions(session, with_choice=True)] == ["d3"]
        assert await load_model_ids(session) == [("e5@1#onnx-int8", 3)]


async def test_it_is_written_with_the_end_of_the_event_or_not_at_all(database: Database) -> None:
    owner = "worker"
    inbox = Inbox(database, encryption_key=derive_payload_key("k" * 32), owner=owner, lease=timedelta(seconds=60))
    await inbox.start()
    written: list[str] = []

    def record(connection: Connection) -> None:
        record_decision(connection, make_decision())
        written.append("once")

    (row,) = await inbox.store([IncomingEvent("event", "chat", 1, b"{}")])
    assert await inbox.finish(row.id, "answer", record=record) is True
    assert await inbox.finish(row.id, "answer", record=record) is False
    await inbox.close()
    assert written == ["once"]
    assert (await decision_of(database)).id == "d"


async def test_a_record_that_fails_leaves_the_event_to_be_handled_again(database: Database) -> None:
    inbox = Inbox(database, encryption_key=derive_payload_key("k" * 32), owner="worker", lease=timedelta(seconds=60))
    await inbox.start()
    (row,) = await inbox.store([IncomingEvent("event", "chat", 1, b"{}")])

    def record(_: Connection) -> None:
        raise ValueError("not written")

    with pytest.raises(ValueError, match="not written"):
        await inbox.finish(row.id, "answer", record=record)
    assert await inbox.finish(row.id, "answer") is True
    await inbox.close()
