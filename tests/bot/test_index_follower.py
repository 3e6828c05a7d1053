"""The follower over the real change log, with an index that remembers and an encoder that counts."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, select

from bot.index_follower import IndexFollower, decode_vector, encode_vector
from bot.index_keeper import IndexKeeper, OpenedIndex
from bot.matching import Matching
from bot.metrics import Metrics
from moderation.publish import publish, set_article_status, withdraw
from retrieval.types import Entry, Vectors
from storage.database import Database
from storage.index_changes import Change, append_changes
from storage.tables import Article, ArticleReply, ChangeKind, Embedding, Reply, ReplyState, Status, Verdict
from tests.bot.fakes import FakeMatcher
from tests.waiting import until

DIMENSION = 8
TRIES = 3
"""The quickest counts: a busy machine holds up one or the other."""


class FakeIndex:
    """What the follower put in, by article."""

    def __init__(self) -> None:
        self.seq = 0
        self.articles: dict[str, list[str]] = {}
        self.saved: list[int] = []

    def __len__(self) -> int:
        return sum(map(len, self.articles.values()))

    def replace_article(self, article_id: str, entries: Sequence[Entry], vectors: Vectors) -> None:
        assert vectors.shape == (len(entries), DIMENSION)
        self.articles.pop(article_id, None)
        if entries:
            self.articles[article_id] = [entry.text for entry in entries]

    def save(self, folder: Path) -> None:
        self.saved.append(self.seq)


class FakeEncoder:
    """Encodes anything but poison, and remembers what it was asked for."""

    model_id = "fake"
    dimension = DIMENSION

    def __init__(self) -> None:
        self.encoded: list[str] = []
        self.poison: set[str] = set()

    def encode(self, texts: Sequence[str]) -> Vectors:
        for text in texts:
            if text in self.poison:
                raise ValueError(text)
        self.encoded += texts
        vectors = np.ones((len(texts), DIMENSION), np.float32)
        return np.asarray(vectors / np.sqrt(DIMENSION), np.float32)


class Following:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.index, self.encoder, self.metrics = FakeIndex(), FakeEncoder(), Metrics()
        self.now = 0.0
        self.follower = self.restart()

    def restart(self) -> IndexFollower:
        return IndexFollower(
            database=self.database, index=self.index, encoder=self.encoder, metrics=self.metrics, clock=lambda: self.now
        )

    async def add(self, article_id: str, text: str) -> None:
        async with self.database.transaction() as session:
            session.add(Article(id=article_id, text=text))
            await append_changes(session, [Change(article_id, ChangeKind.ADDED)])

    async def answer(self, article_id: str, reply_id: str, text: str) -> None:
        async with self.database.transaction() as session:
            session.add(Reply(id=reply_id, verdict=Verdict.RUMOR, text=text))
            await session.flush()
            session.add(ArticleReply(article_id=article_id, reply_id=reply_id))
            await session.flush()
            await publish(session, article_id, reply_id, ReplyState.VERIFIED)


@pytest.fixture
def following(database: Database) -> Following:
    return Following(database)


@asynccontextmanager
async def running(following: Following) -> AsyncIterator[None]:
    task = asyncio.create_task(following.follower.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_it_takes_in_what_is_published_within_a_second_and_lets_go_as_fast(following: Following) -> None:
    index = following.index
    taken_in, let_go, blocked = [], [], []
    async with running(following):
        for number in range(TRIES):
            article, reply = f"a{number}", f"r{number}"
            await following.add(article, "喝熱水")
            await following.answer(article, reply, "這是謠言")
            taken_in.append(await until(lambda: [*index.articles.values()] == [["喝熱水", "這是謠言"]]))
            async with following.database.transaction() as session:
                await withdraw(session, article, reply)
            let_go.append(await until(lambda: [*index.articles.values()] == [["喝熱水"]]))
            async with following.database.transaction() as session:
                await set_article_status(session, article, Status.BLOCKED)
            blocked.append(await until(lambda: index.articles == {}))
    assert [min(took) < 1 for took in (taken_in, let_go, blocked)] == [True] * 3


async def test_it_encodes_a_text_once_and_remembers_the_vector(following: Following) -> None:
    await following.add("a", "喝熱水")
    await following.follower.catch_up()
    await following.answer("a", "r", "這是謠言")
    await following.follower.catch_up()
    again = Following(following.database)
    await again.follower.catch_up()
    assert following.encoder.encoded == ["喝熱水", "這是謠言"]
    assert again.encoder.encoded == []
    assert again.index.articles == following.index.articles


async def test_it_encodes_again_what_is_read_another_way(following: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    await following.add("a", "早安喝熱水")
    await following.add("b", "喝冷水")
    await following.follower.catch_up()
    monkeypatch.setattr("bot.index_follower.text_to_encode", lambda text: text.removeprefix("早安"))
    again = Following(following.database)
    await again.follower.catch_up()
    assert again.encoder.encoded == ["喝熱水"]


async def test_it_goes_on_when_one_article_cannot_be_encoded(following: Following) -> None:
    following.encoder.poison = {"毒"}
    for article_id, text in (("a", "甲"), ("b", "毒"), ("c", "丙")):
        await following.add(article_id, text)
    await following.follower.catch_up()
    assert set(following.index.articles) == {"a", "c"}
    assert following.metrics.registry.get_sample_value("chaming_index_errors_total") == 1


async def test_it_tries_a_failed_article_again_until_it_works(following: Following) -> None:
    following.encoder.poison = {"毒"}
    await following.add("b", "毒")
    async with running(following):
        await until(lambda: following.follower._failed)
        following.encoder.poison = set()
        following.now += 10
        await until(lambda: set(following.index.articles) == {"b"})


async def test_a_snapshot_leads_back_to_the_first_change_that_failed(following: Following, tmp_path: Path) -> None:
    following.encoder.poison = {"毒"}
    for article_id, text in (("a", "甲"), ("b", "毒"), ("c", "丙")):
        await following.add(article_id, text)
    await following.follower.catch_up()
    seq = await following.follower.save_snapshot(tmp_path)
    assert following.index.saved == [seq]
    following.encoder.poison = set()
    following.follower = following.restart()
    assert await following.follower.catch_up() == 2
    assert set(following.index.articles) == {"a", "b", "c"}


async def test_it_stores_no_vector_of_what_was_erased_while_it_encoded(following: Following) -> None:
    await following.add("a", "喝熱水")
    encode = following.encoder.encode
    loop = asyncio.get_running_loop()

    async def erase() -> None:
        async with following.database.transaction() as session:
            await set_article_status(session, "a", Status.DELETED)

    def encode_while_erased(texts: Sequence[str]) -> Vectors:
        asyncio.run_coroutine_threadsafe(erase(), loop).result()
        return encode(texts)

    following.encoder.encode = encode_while_erased  # type: ignore[method-assign]
    await following.follower.catch_up()
    await following.follower.catch_up()
    async with following.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Embedding)) == 0
    assert following.index.articles == {}


async def test_it_waits_for_a_database_that_is_away_and_blames_no_article(
    following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    await following.add("a", "喝熱水")

    async def away(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr("bot.index_follower.load_entries", away)
        patched.setattr(following.follower, "_database_answers", lambda: answer_no())
        with pytest.raises(ConnectionError):
            await following.follower.catch_up()
    assert following.index.seq == 0
    await following.follower.catch_up()
    assert set(following.index.articles) == {"a"}


async def answer_no() -> bool:
    return False


async def test_the_keeper_is_ready_once_the_index_is_level_with_the_database(
    following: Following, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.index_keeper.TRY_AGAIN_S", 0.05)
    await following.add("a", "喝熱水")
    matching = Matching(following.metrics)
    failures = [OSError("no model yet")]

    async def open_index() -> OpenedIndex:
        if failures:
            raise failures.pop()
        return OpenedIndex(following.index, following.encoder, FakeMatcher())

    keeper = IndexKeeper(
        database=following.database,
        matching=matching,
        metrics=following.metrics,
        folder_of=lambda _: tmp_path,
        open_index=open_index,
    )
    task = asyncio.create_task(keeper.run())
    await until(lambda: keeper.problem == "OSError")
    assert not matching.ready
    await asyncio.wait_for(matching.wait_ready(), 60)
    assert set(following.index.articles) == {"a"}
    await keeper.save_snapshot()
    assert following.index.saved == [following.index.seq] != [0]
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def test_a_stored_vector_comes_back_at_unit_length_and_nearly_itself() -> None:
    vector = np.random.default_rng(0).normal(size=384).astype(np.float32)
    vector /= np.linalg.norm(vector)
    back = decode_vector(encode_vector(vector))
    assert abs(float(np.linalg.norm(back)) - 1) < 1e-6
    assert float(back @ vector) > 0.99999
