"""Rebuilding from the database, and choosing between that and a snapshot."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import structlog

from bot import index_opening
from bot.index_builder import rebuild_index
from bot.index_opening import (
    ModelNotAdoptedError,
    index_folder,
    load_or_rebuild_index,
    open_adopted_encoder,
    open_index,
)
from bot.settings import Settings, SettingsError
from retrieval.adaptation import ADAPTED_MODEL
from retrieval.index import MatchingIndex
from retrieval.model_manifest import ModelMissingError, ModelOutdatedError, model_folder
from retrieval.normalise import key_hash
from retrieval.types import Vectors
from storage.database import Database
from storage.index_changes import TRIMMED, Change, append_changes
from storage.index_entries import adopt_model, adopted_model, latest_seq
from storage.tables import Article, ArticleVariant, ChangeKind, Embedding, LogPosition, Status, hash_text
from tests.bot.fakes import FakeMatcher
from tests.retrieval.made import HashEncoder

TEXTS = {f"a{i}": f"第{i}則訊息說了別的事情" for i in range(7)}


@pytest.fixture
def encoder() -> HashEncoder:
    return HashEncoder()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    return Settings(_env_file=None)


@pytest.fixture
async def articles(database: Database) -> Database:
    """Seven articles, one of them with a variant, and one that must not be matched."""
    async with database.transaction() as session:
        session.add_all(Article(id=id_, text=text) for id_, text in TEXTS.items())
        session.add(Article(id="blocked", text="不該出現", status=Status.BLOCKED))
        await session.flush()
        session.add(ArticleVariant(id="v", article_id="a3", text="第三則的另一種說法"))
        await append_changes(session, [Change(id_, ChangeKind.ADDED) for id_ in TEXTS])
    return database


def finds(index: MatchingIndex, text: str) -> list[str]:
    return [index.entry(slot).article_id for slot in index.exact(key_hash(text) or "")]


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.index_builder.PAGE", 3)


async def test_it_indexes_everything_that_may_be_matched(articles: Database, encoder: HashEncoder) -> None:
    seen: list[tuple[int, int]] = []
    index = await rebuild_index(articles, encoder, lambda done, total: seen.append((done, total)))

    assert len(index) == 8
    assert index.articles == 7
    assert finds(index, "第三則的另一種說法") == ["a3"]
    assert finds(index, "不該出現") == []
    assert index.seq == 7
    assert index.dense(encoder.encode([TEXTS["a5"]])[0], 1)[0][1] == pytest.approx(1, abs=1e-3)
    assert seen[-1] == (7, 7)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


async def test_it_encodes_nothing_twice(articles: Database, encoder: HashEncoder) -> None:
    await rebuild_index(articles, encoder)
    again = HashEncoder()
    index = await rebuild_index(articles, again, workers=2)

    assert len(encoder.encoded) == 8
    assert again.encoded == []
    assert len(index) == 8


async def test_it_encodes_a_text_that_changed(articles: Database, encoder: HashEncoder) -> None:
    await rebuild_index(articles, encoder)
    async with articles.transaction() as session:
        article = await session.get_one(Article, "a2")
        article.text = "改過的內容"
    encoder.encoded.clear()
    index = await rebuild_index(articles, encoder)

    assert encoder.encoded == ["改過的內容"]
    assert finds(index, "改過的內容") == ["a2"]


async def test_it_encodes_again_what_is_read_another_way(
    articles: Database, encoder: HashEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later version may take other words for a greeting: the text is the same, what is encoded is not."""
    await rebuild_index(articles, encoder)
    encoder.encoded.clear()
    for module in ("bot.index_builder", "bot.index_follower"):
        monkeypatch.setattr(f"{module}.text_to_encode", lambda text: text.removeprefix("第5則"))
    await rebuild_index(articles, encoder)
    await rebuild_index(articles, encoder)

    assert encoder.encoded == ["訊息說了別的事情"]


async def test_a_vector_stored_by_the_text_as_it_came_is_used_where_nothing_was_cut(
    articles: Database, encoder: HashEncoder
) -> None:
    """Earlier versions stored the hash of the text with its greeting."""
    greeting = "大家早安！第七則訊息說了一件別的事情"
    async with articles.transaction() as session:
        session.add(Article(id="a7", text=greeting))
    await rebuild_index(articles, encoder)
    async with articles.transaction() as session:
        for entry_id, text in {"article:a6": TEXTS["a6"], "article:a7": greeting}.items():
            (await session.get_one(Embedding, (entry_id, encoder.model_id))).text_hash = hash_text(text)
    encoder.encoded.clear()
    await rebuild_index(articles, encoder)

    assert encoder.encoded == ["第七則訊息說了一件別的事情"]


async def test_an_interrupted_build_goes_on_where_it_was(articles: Database, encoder: HashEncoder) -> None:
    class Dying(HashEncoder):
        def encode(self, texts: Sequence[str]) -> Vectors:
            if len(self.encoded) > 4:
                raise RuntimeError("the power is gone")
            return super().encode(texts)

    with pytest.raises(RuntimeError):
        await rebuild_index(articles, Dying())
    await rebuild_index(articles, encoder)

    assert 0 < len(encoder.encoded) < 8


async def test_an_empty_database_gives_an_empty_index(database: Database, encoder: HashEncoder) -> None:
    index = await rebuild_index(database, encoder)

    assert (len(index), index.seq) == (0, 0)


class Loading:
    """Counts the rebuilds that `load_or_rebuild_index` asks for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rebuilt = 0
        monkeypatch.setattr(index_opening, "rebuild_index", self._rebuild)

    async def _rebuild(self, *arguments: Any) -> MatchingIndex:
        self.rebuilt += 1
        return await rebuild_index(*arguments)


@pytest.fixture
def loading(monkeypatch: pytest.MonkeyPatch) -> Loading:
    return Loading(monkeypatch)


async def test_it_builds_once_and_then_reads_the_snapshot(
    articles: Database, encoder: Any, settings: Settings, loading: Loading
) -> None:
    first = await load_or_rebuild_index(settings, articles, encoder)
    second = await load_or_rebuild_index(settings, articles, encoder)

    assert loading.rebuilt == 1
    assert len(first) == len(second) == 8
    assert second.seq == 7


async def test_it_tells_how_far_a_long_rebuild_is(
    articles: Database, encoder: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_opening, "TELL_EVERY_S", 0.0)
    with structlog.testing.capture_logs() as logged:
        await load_or_rebuild_index(settings, articles, encoder)

    told = [(line["articles"], line["of"]) for line in logged if line["event"] == "index_rebuilding"]
    assert told[0] == (3, 7)
    assert told[-1] == (7, 7)


@pytest.mark.parametrize(
    "damage", ["missing", "corrupt", "of another encoder", "ahead of the database", "behind the trimmed log"]
)
async def test_it_rebuilds_when_the_snapshot_is_of_no_use(
    articles: Database, encoder: Any, settings: Settings, loading: Loading, damage: str
) -> None:
    folder = index_folder(settings, encoder.model_id)
    saved = await rebuild_index(articles, encoder)
    if damage == "of another encoder":
        saved.model_id = "other"
    if damage == "ahead of the database":
        saved.seq = 99
    if damage == "behind the trimmed log":
        saved.seq = 2
        async with articles.transaction() as session:
            session.add(LogPosition(reader=TRIMMED, seq=3))
    saved.save(folder)
    if damage == "missing":
        shutil.rmtree(folder)
    if damage == "corrupt":
        with (folder / "vectors.rows.bin").open("r+b") as file:
            file.write(b"\xff\xff")

    index = await load_or_rebuild_index(settings, articles, encoder)
    assert loading.rebuilt == 1
    assert len(index) == 8
    assert index.seq == 7
    assert MatchingIndex.load(folder, encoder.model_id).seq == 7


async def test_it_matches_all_the_same_where_no_snapshot_can_be_saved(
    articles: Database, encoder: Any, settings: Settings
) -> None:
    index_folder(settings).write_text("a file in the way")
    with structlog.testing.capture_logs() as logged:
        index = await load_or_rebuild_index(settings, articles, encoder)
    assert len(index) == 8
    assert "snapshot_not_saved" in [line["event"] for line in logged]


async def test_a_snapshot_behind_the_database_is_good(
    articles: Database, encoder: Any, settings: Settings, loading: Loading
) -> None:
    await load_or_rebuild_index(settings, articles, encoder)
    async with articles.transaction() as session:
        await append_changes(session, [Change("a1", ChangeKind.CORRECTED)])
        assert await latest_seq(session) == 8

    assert (await load_or_rebuild_index(settings, articles, encoder)).seq == 7
    assert loading.rebuilt == 1


class _Closed(FakeMatcher):
    def close(self) -> None:
        """It has no threads."""


@pytest.mark.parametrize("quantised", ["onnx-int8", "onnx-float32"])
async def test_the_index_read_beside_the_encoder_is_that_encoders(
    articles: Database,
    encoder: Any,
    settings: Settings,
    loading: Loading,
    monkeypatch: pytest.MonkeyPatch,
    quantised: str,
) -> None:
    """The same weights may be here in another quantisation than was adopted: such vectors meet in no index."""
    monkeypatch.setattr(index_opening, "Matcher", lambda index, encode, calibration: _Closed())
    monkeypatch.setattr(index_opening, "find_calibration", lambda model_id, folder: None)
    prepared = Prepared(monkeypatch)
    prepared.ids[model_folder(settings.data_dir, "org/model")] = f"org/model@1#{quantised}"
    encoder.model_id = "org/model@1#onnx-int8"
    async with articles.transaction() as session:
        await adopt_model(session, encoder.model_id)
    await load_or_rebuild_index(settings, articles, encoder)

    opened = await open_index(settings, articles)
    opened.close()
    assert isinstance(opened.index, MatchingIndex)
    assert (opened.index.model_id, len(opened.index)) == (f"org/model@1#{quantised}", 8)
    assert loading.rebuilt == (1 if quantised == "onnx-int8" else 2)


class Prepared:
    """Stands for the encoders prepared in DATA_DIR, by folder."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ids: dict[Path, str] = {}
        monkeypatch.setattr(index_opening, "open_encoder", self._open)

    def _open(self, folder: Path, *, threads: int) -> HashEncoder:
        if folder not in self.ids:
            raise ModelMissingError
        encoder = HashEncoder()
        encoder.model_id = self.ids[folder]
        return encoder


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> Prepared:
    return Prepared(monkeypatch)


async def test_an_empty_database_adopts_the_model_of_the_settings(
    database: Database, settings: Settings, prepared: Prepared
) -> None:
    prepared.ids[model_folder(settings.data_dir, settings.model)] = f"{settings.model}@1#onnx-int8"
    await open_adopted_encoder(settings, database)

    async with database.reading() as session:
        assert await adopted_model(session) == f"{settings.model}@1#onnx-int8"


async def test_the_adopted_model_counts_and_not_the_setting(
    database: Database, settings: Settings, prepared: Prepared
) -> None:
    async with database.transaction() as session:
        await adopt_model(session, "org/adopted@1#onnx-int8")
    with pytest.raises(ModelMissingError):
        await open_adopted_encoder(settings, database)

    prepared.ids[model_folder(settings.data_dir, "org/adopted")] = "org/adopted@1#onnx-float32"
    encoder = await open_adopted_encoder(settings, database)
    assert encoder.model_id == "org/adopted@1#onnx-float32"


async def test_it_refuses_other_weights_under_the_adopted_name(
    database: Database, settings: Settings, prepared: Prepared
) -> None:
    async with database.transaction() as session:
        await adopt_model(session, f"{settings.model}@1#onnx-int8")
    prepared.ids[model_folder(settings.data_dir, settings.model)] = f"{settings.model}@2#onnx-int8"

    with pytest.raises(ModelNotAdoptedError, match=rf"@2.*: chaming model adopt {settings.model}$"):
        await open_adopted_encoder(settings, database)


async def test_what_another_version_prepared_is_to_be_made_again_and_adopted(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path, *, threads: int) -> HashEncoder:
        raise ModelOutdatedError("Run `chaming model prepare` to make it again.")

    monkeypatch.setattr(index_opening, "open_encoder", refuse)
    with pytest.raises(ModelOutdatedError, match=r"again\.$"):  # nothing is adopted yet
        await open_adopted_encoder(settings, database)
    for name, then in ((ADAPTED_MODEL, rf" Then run `chaming model adopt {ADAPTED_MODEL}`\."), ("org/another", "")):
        async with database.transaction() as session:
            await adopt_model(session, f"{name}@1#onnx-int8")
        with pytest.raises(ModelOutdatedError, match=rf"again\.{then}$"):
            await open_adopted_encoder(settings, database)


async def test_it_refuses_an_index_it_does_not_have(database: Database, settings: Settings, prepared: Prepared) -> None:
    other = settings.model_copy(update={"index_url": "milvus://host"})

    with pytest.raises(SettingsError, match="INDEX_URL"):
        await open_adopted_encoder(other, database)


def test_vectors_are_stored_as_halves_without_harm(encoder: HashEncoder) -> None:
    from bot.index_follower import decode_vector, encode_vector

    vector = encoder.encode(["查明"])[0]
    assert len(encode_vector(vector)) == 2 * len(vector)
    assert decode_vector(encode_vector(vector)) == pytest.approx(vector, abs=1e-3)
    assert np.linalg.norm(decode_vector(encode_vector(vector))) == pytest.approx(1, abs=1e-5)
