"""Another encoder is adopted when no bar falls, or by force; and one command goes back."""

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.index_opening import index_folder, load_or_rebuild_index
from bot.settings import Settings
from moderation.intake import add_article
from retrieval.adaptation import ADAPTED_MODEL
from retrieval.calibration import CALIBRATION_PATH
from retrieval.evaluate import LabelledSet, Pair, Query
from retrieval.index import MatchingIndex
from retrieval.model_manifest import ModelMissingError, model_folder
from retrieval.normalise import key_hash
from scripts import adoption
from scripts.adoption import AdoptionError, AlreadyAdoptedError, adopt, history, roll_back
from scripts.gate import NOT_COMPARED, RECORDED, Bar, table
from storage.database import Database, open_database
from storage.index_entries import adopt_model, load_embeddings
from storage.migrations import migrate
from storage.tables import Choice, MatchDecision, MatchOutcome
from tests.retrieval.made import HashEncoder

OLD, NEW, THIRD = "old@1#onnx-int8", "new@1#onnx-int8", "third@1#onnx-int8"
BUNDLED_BEFORE, BUNDLED = f"{ADAPTED_MODEL}@1#onnx-int8", f"{ADAPTED_MODEL}@2#onnx-int8"
TEXTS = ("喝熱水可以殺死病毒，請轉發給家人", "健保卡沒有照片不能看醫生，請大家互相轉告", "明天開始發票中獎要自己去領")
SET = LabelledSet(
    [("a", TEXTS[0]), ("b", TEXTS[1])],
    [Query("q", TEXTS[0] + "！", frozenset({"a"})), Query("r", "完全不相干的另外一則訊息內容", frozenset())],
    [Pair("p", TEXTS[0], TEXTS[0] + "！", True), Pair("n", TEXTS[0], TEXTS[2], False)],
)


class NamedEncoder(HashEncoder):
    def __init__(self, model_id: str) -> None:
        super().__init__()
        self.model_id = model_id


class Installation:
    """A database with three articles, and encoders that stand in for prepared ones."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.encoders: dict[Path, NamedEncoder] = {}
        self.tables: list[str] = []

    def prepare(self, model_id: str, *, calibrated: bool = True) -> Path:
        folder = model_folder(self.settings.data_dir, model_id.partition("@")[0])
        folder.mkdir(parents=True)
        self.encoders[folder] = NamedEncoder(model_id)
        if calibrated:
            write_calibration(folder / CALIBRATION_PATH.name, model_id)
        return folder

    def open_encoder(self, folder: Path, *, threads: int) -> NamedEncoder:
        if folder not in self.encoders:
            raise ModelMissingError(f"No prepared encoder in {folder}")
        return self.encoders[folder]

    def check_manifest(self, folder: Path) -> SimpleNamespace:
        return SimpleNamespace(model_id=self.open_encoder(folder, threads=1).model_id)

    def adopt(self, name: str, **options: Any) -> str:
        given: dict[str, Any] = {"calibration": None, "labelled": (), "force": False} | options
        return adopt(self.settings, name, threads=1, progress=lambda *_: None, show=self._show, **given)

    def run(self, work: Callable[[Database], Any]) -> Any:
        async def run() -> Any:
            database = open_database(self.settings.database_url)
            try:
                return await work(database)
            finally:
                await database.close()

        return asyncio.run(run())

    def _show(self, bars: Sequence[Bar], before: str | None, after: str) -> None:
        self.tables.append(table(bars, before, after))


@pytest.fixture
def installed(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    settings = Settings(DATABASE_URL=database_url, DATA_DIR=tmp_path / "data", SECRET_KEY="a key for tests, long")
    installation = Installation(settings)
    monkeypatch.setattr(adoption, "open_encoder", installation.open_encoder)
    monkeypatch.setattr(adoption, "check_manifest", installation.check_manifest)
    monkeypatch.setattr(adoption, "load_sets", lambda _: {"made": SET})
    monkeypatch.setattr(adoption.os, "nice", lambda _: 0)
    installation.run(_fill)
    return installation


async def _fill(database: Database) -> None:
    await migrate(database)
    async with database.transaction() as session:
        for text in TEXTS:
            await add_article(session, text=text, matching_key_hash=key_hash(text), contributor=None)
        await adopt_model(session, OLD)


def write_calibration(path: Path, model_id: str) -> Path:
    content = json.loads(CALIBRATION_PATH.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content | {"model_id": model_id}), encoding="utf-8")
    return path


def scripted(monkeypatch: pytest.MonkeyPatch, **success: float) -> None:
    """Let each model reach this success@1."""
    monkeypatch.setattr(
        adoption,
        "measure",
        lambda side, *_: {"made": {"retrieval": {"success@1": success[side.encoder.model_id.partition("@")[0]]}}},
    )


def test_an_encoder_as_good_is_adopted_with_its_index_and_its_report(installed: Installation) -> None:
    installed.prepare(OLD)
    installed.prepare(NEW)
    assert installed.adopt("new") == NEW
    rows = history(installed.settings)
    assert [(row["model_id"], row["forced"], row["fallen"]) for row in rows] == [(OLD, False, []), (NEW, False, [])]
    index = MatchingIndex.load(index_folder(installed.settings, NEW), NEW)
    assert len(index) == len(TEXTS)
    assert index_folder(installed.settings, OLD).exists()
    assert "success@1" in installed.tables[0]
    assert "false_accept_rate" in installed.tables[0]


def test_an_encoder_that_is_worse_is_not_adopted(installed: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    installed.prepare(OLD)
    installed.prepare(NEW)
    scripted(monkeypatch, old=0.95, new=0.949)
    with pytest.raises(AdoptionError, match="1 bars have fallen"):
        installed.adopt("new")
    assert "FALLEN" in installed.tables[0]
    assert [row["model_id"] for row in history(installed.settings)] == [OLD]


def test_force_adopts_it_and_the_report_says_so(installed: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    installed.prepare(OLD)
    installed.prepare(NEW)
    scripted(monkeypatch, old=0.95, new=0.5)
    assert installed.adopt("new", force=True) == NEW
    newest = history(installed.settings)[-1]
    assert newest["forced"] is True
    assert newest["fallen"] == ["made, retrieval: success@1"]


def test_force_that_was_not_needed_is_not_called_force(
    installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed.prepare(OLD)
    installed.prepare(NEW)
    scripted(monkeypatch, old=0.5, new=0.5)
    installed.adopt("new", force=True)
    assert history(installed.settings)[-1]["forced"] is False


def test_an_interrupted_adoption_encodes_nothing_twice(
    installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed.prepare(OLD)
    folder = installed.prepare(NEW)
    scripted(monkeypatch, old=0.9, new=0.1)
    with pytest.raises(AdoptionError):
        installed.adopt("new")
    assert len(installed.encoders[folder].encoded) == len(TEXTS)
    installed.encoders[folder].encoded.clear()
    installed.adopt("new", force=True)
    assert installed.encoders[folder].encoded == []

    async def stored(database: Database) -> int:
        async with database.reading() as session:
            entries = [f"article:{e.article_id}" for e in entries_of(installed, NEW)]
            return len(await load_embeddings(session, entries, NEW))

    assert installed.run(stored) == len(TEXTS)


def entries_of(installed: Installation, model_id: str) -> list[Any]:
    index = MatchingIndex.load(index_folder(installed.settings, model_id), model_id)
    return [index.entry(slot) for text in TEXTS for slot in index.exact(key_hash(text) or "")]


def test_it_is_refused_without_a_calibration_of_its_own_and_takes_one(installed: Installation, tmp_path: Path) -> None:
    installed.prepare(OLD)
    folder = installed.prepare(NEW, calibrated=False)
    with pytest.raises(AdoptionError, match="--calibration FILE"):
        installed.adopt("new")
    with pytest.raises(AdoptionError, match="belongs to"):
        installed.adopt("new", calibration=write_calibration(tmp_path / "of-another.json", THIRD))
    installed.adopt("new", calibration=write_calibration(tmp_path / "its-own.json", NEW))
    assert json.loads((folder / "calibration.json").read_text())["model_id"] == NEW


def test_the_adopted_one_is_not_adopted_again(installed: Installation) -> None:
    installed.prepare(OLD)
    with pytest.raises(AlreadyAdoptedError):
        installed.adopt("old")
    with pytest.raises(AdoptionError, match="No prepared encoder"):
        installed.adopt("never-prepared")


def test_without_the_old_encoder_only_force_helps(installed: Installation) -> None:
    installed.prepare(NEW)
    with pytest.raises(AdoptionError, match="nothing to compare with"):
        installed.adopt("new")
    assert installed.adopt("new", force=True) == NEW
    assert history(installed.settings)[-1]["forced"] is True


def test_another_model_under_the_old_ones_name_is_not_compared_with_itself(installed: Installation) -> None:
    installed.prepare(OLD.replace("@1", "@2"))
    with pytest.raises(AdoptionError, match=r"nothing to compare with: .* no longer holds old@1"):
        installed.adopt("old")
    assert installed.adopt("old", force=True) == "old@2#onnx-int8"
    assert history(installed.settings)[-1]["forced"] is True


@pytest.mark.parametrize("force", [False, True])
def test_a_new_version_of_the_bundled_model_is_adopted_on_its_own_figures(installed: Installation, force: bool) -> None:
    installed.run(lambda database: adopt_by_hand(database, BUNDLED_BEFORE))
    installed.prepare(BUNDLED)
    assert installed.adopt(ADAPTED_MODEL, force=force) == BUNDLED
    newest = history(installed.settings)[-1]
    assert (newest["model_id"], newest["updated_from"], newest["forced"]) == (BUNDLED, BUNDLED_BEFORE, False)
    assert NOT_COMPARED in installed.tables[0]
    assert "success@1" in installed.tables[0]


def test_nobody_goes_back_to_a_version_that_this_program_cannot_run(
    installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed.run(lambda database: adopt_by_hand(database, BUNDLED_BEFORE))
    installed.prepare(BUNDLED)
    installed.prepare(NEW)
    scripted(monkeypatch, new=0.9, **{ADAPTED_MODEL: 0.9})
    installed.adopt(ADAPTED_MODEL)
    with pytest.raises(AdoptionError, match=f"{BUNDLED_BEFORE} came with another version of this program"):
        roll_back(installed.settings)
    installed.adopt("new")
    assert roll_back(installed.settings) == BUNDLED


async def adopt_by_hand(database: Database, model_id: str) -> None:
    async with database.transaction() as session:
        await adopt_model(session, model_id)


def test_it_goes_back_step_by_step(installed: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    for model_id in (OLD, NEW, THIRD):
        installed.prepare(model_id)
    scripted(monkeypatch, old=0.9, new=0.9, third=0.9)
    installed.adopt("new")
    installed.adopt("third")
    assert roll_back(installed.settings) == NEW
    assert roll_back(installed.settings) == OLD
    with pytest.raises(AdoptionError, match="No other model"):
        roll_back(installed.settings)
    installed.adopt("third")
    assert roll_back(installed.settings) == OLD
    assert history(installed.settings)[-1]["returned_from"] == THIRD


def test_it_does_not_go_back_to_what_is_not_there(installed: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = installed.prepare(OLD)
    installed.prepare(NEW)
    scripted(monkeypatch, old=0.9, new=0.9)
    installed.adopt("new")
    installed.encoders[folder].model_id = "old@2#onnx-int8"
    with pytest.raises(AdoptionError, match="no longer holds"):
        roll_back(installed.settings)
    del installed.encoders[folder]
    with pytest.raises(AdoptionError, match="No prepared encoder"):
        roll_back(installed.settings)


def test_what_people_chose_is_measured_with_both(installed: Installation) -> None:
    installed.prepare(OLD)
    installed.prepare(NEW)

    async def choose(database: Database) -> None:
        entries = entries_of(installed, OLD)
        async with database.transaction() as session:
            session.add_all(
                MatchDecision(
                    id=f"d{number}",
                    asker_id="asker",
                    text=entry.text,
                    outcome=MatchOutcome.CANDIDATES,
                    model_id=OLD,
                    offered=[{"article_id": entry.article_id}],
                    choice=choice,
                    chosen_article_id=entry.article_id if choice == Choice.THIS else None,
                )
                for number, (entry, choice) in enumerate(zip(entries, (Choice.THIS, Choice.NONE), strict=False))
            )

    async def build(database: Database) -> None:
        await load_or_rebuild_index(installed.settings, database, NamedEncoder(OLD))

    installed.run(build)
    installed.run(choose)
    installed.adopt("new")
    assert RECORDED in installed.tables[0]
    lines = [line.split() for line in installed.tables[0].splitlines()]
    assert ["rank1_agreement", "1.000", "1.000"] in lines
    assert ["still_answered", "1.000", "1.000"] in lines


@pytest.mark.parametrize(
    ("figure", "before", "after", "fallen"),
    [
        ("success@1", 0.9, 0.8994, True),
        ("success@1", 0.9, 0.8996, False),
        ("false_answer_rate", 0.01, 0.011, True),
        ("false_answer_rate", 0.01, 0.0, False),
        ("auroc", None, 0.1, False),
    ],
)
def test_a_bar_falls_by_what_is_printed(figure: str, before: float | None, after: float, fallen: bool) -> None:
    assert Bar("made", figure, before, after).has_fallen is fallen
