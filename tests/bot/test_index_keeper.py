"""Another adopted model: loaded beside the one in use, and used without a moment of not answering."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.index_keeper import IndexKeeper, OpenedIndex
from bot.logs import keep_scalars
from bot.matching import Matching
from bot.metrics import Metrics
from retrieval.model_manifest import ModelOutdatedError
from storage.database import Database
from storage.index_changes import TRIMMED, Change, append_changes
from storage.index_entries import adopt_model, adopted_model
from storage.tables import Article, ChangeKind, LogPosition
from tests.bot.fakes import FakeMatcher
from tests.bot.makers import make_match
from tests.bot.test_index_follower import FakeEncoder, FakeIndex
from tests.waiting import until


@dataclass
class Process:
    """A keeper whose models are fakes named after what is adopted; one of `missing` cannot be loaded here."""

    database: Database
    matching: Matching = field(default_factory=lambda: Matching(Metrics()))
    missing: set[str] = field(default_factory=set)
    indexes: dict[str, FakeIndex] = field(default_factory=dict)
    saved_in: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    let_load: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.let_load.set()
        self.keeper = IndexKeeper(
            database=self.database,
            matching=self.matching,
            metrics=Metrics(),
            folder_of=self._folder_of,
            open_index=self._open,
        )

    def _folder_of(self, model_id: str) -> Path:
        self.saved_in.append(model_id)
        return Path(model_id)

    async def _open(self) -> OpenedIndex:
        async with self.database.reading() as session:
            model_id = await adopted_model(session) or "first@1"
        if model_id in self.missing:
            raise OSError(model_id)
        await self.let_load.wait()
        encoder, index = FakeEncoder(), self.indexes.setdefault(model_id, FakeIndex())
        encoder.model_id = model_id
        matcher = FakeMatcher(make_match(f"by {model_id}"))
        return OpenedIndex(index, encoder, matcher, lambda: self.closed.append(model_id))

    async def adopt(self, model_id: str) -> None:
        async with self.database.transaction() as session:
            await adopt_model(session, model_id)

    async def publish(self, article_id: str) -> None:
        async with self.database.transaction() as session:
            session.add(Article(id=article_id, text=f"{article_id} 的文字"))
            await append_changes(session, [Change(article_id, ChangeKind.ADDED)])

    async def answers(self) -> str:
        return (await self.matching.match("問題"))[0].article_id


@asynccontextmanager
async def running(database: Database) -> AsyncIterator[Process]:
    process = Process(database)
    await process.adopt("first@1")
    task = asyncio.create_task(process.keeper.run())
    await asyncio.wait_for(process.matching.wait_ready(), 60)
    yield process
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.index_keeper.WATCH_S", 0.02)
    monkeypatch.setattr("bot.index_keeper.TRY_AGAIN_S", 0.02)
    monkeypatch.setattr("bot.index_keeper.RETIRE_S", 0.05)
    monkeypatch.setattr("bot.index_keeper.put_aside", lambda: None)  # the collector serves the other tests too


async def test_it_changes_over_and_never_stops_answering(database: Database) -> None:
    async with running(database) as process:
        process.let_load.clear()
        await process.adopt("second@1")
        await asyncio.sleep(0.1)
        assert await process.answers() == "by first@1"
        await process.publish("meanwhile")
        await until(lambda: "meanwhile" in process.indexes["first@1"].articles)
        process.let_load.set()
        await until(lambda: process.matching.model_id == "second@1")
        assert process.matching.ready
        assert await process.answers() == "by second@1"
        assert "meanwhile" in process.indexes["second@1"].articles  # level with the database before it is used


async def test_afterwards_only_the_new_one_follows_and_is_saved(database: Database) -> None:
    async with running(database) as process:
        await process.adopt("second@1")
        await until(lambda: process.closed == ["first@1"])
        await process.publish("later")
        await until(lambda: "later" in process.indexes["second@1"].articles)
        assert "later" not in process.indexes["first@1"].articles
        await process.keeper.save_snapshot()
        assert process.saved_in == ["second@1"]


async def test_one_that_cannot_be_loaded_changes_nothing_until_it_can(database: Database) -> None:
    async with running(database) as process:
        process.missing.add("second@1")
        await process.adopt("second@1")
        await asyncio.sleep(0.1)
        assert await process.answers() == "by first@1"
        await process.publish("still followed")
        await until(lambda: "still followed" in process.indexes["first@1"].articles)
        process.missing.clear()
        await until(lambda: process.matching.model_id == "second@1")


async def test_it_goes_back_the_same_way(database: Database) -> None:
    async with running(database) as process:
        for model_id in ("second@1", "first@1"):
            await process.adopt(model_id)
            await until(lambda expected=model_id: process.matching.model_id == expected)  # type: ignore[misc]
        assert await process.answers() == "by first@1"


async def test_the_same_weights_run_otherwise_are_no_other_model(database: Database) -> None:
    async with running(database) as process:
        await process.adopt("first@1#onnx-fp32")
        await asyncio.sleep(0.1)
        assert process.matching.model_id == "first@1"


async def test_it_opens_the_index_anew_when_the_log_no_longer_goes_back_to_it(database: Database) -> None:
    async with running(database) as process:
        cut_off = process.indexes.pop("first@1")
        async with database.transaction() as session:
            session.add(LogPosition(reader=TRIMMED, seq=1))
        later = FakeIndex()
        later.seq = 1
        process.indexes["first@1"] = later  # as `open_index` makes it
        async with database.transaction() as session:
            changes = [Change("gone from the log", ChangeKind.ADDED), Change("new", ChangeKind.ADDED)]
            session.add_all([Article(id=change.article_id, text=change.article_id) for change in changes])
            await append_changes(session, changes)
        await until(lambda: "new" in later.articles)
        assert "new" not in cut_off.articles
        await until(lambda: process.closed == ["first@1"])
        assert process.matching.ready


async def test_the_log_says_what_to_do_with_a_model_that_cannot_be_used(database: Database) -> None:
    async def refuse() -> OpenedIndex:
        raise ModelOutdatedError(f"/{'a-long-way/' * 30}manifest.json is old. Run `this`. Then run `that`.")

    process = Process(database)
    keeper = IndexKeeper(
        database=database, matching=process.matching, metrics=Metrics(), folder_of=Path, open_index=refuse
    )
    with capture_logs() as lines:
        task = asyncio.create_task(keeper.run())
        await until(lambda: bool(lines))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    shown = keep_scalars(None, "error", dict(lines[0]))
    assert (shown["event"], shown["advice"]) == ("index_not_loaded", "Run `this`. Then run `that`.")
    assert "exc_info" not in shown
    assert keeper.problem == "ModelOutdatedError"
