"""The sample that ships with chaming is whole, and good enough to try the bot on."""

import zipfile
from pathlib import Path

from scripts.cofacts.files import Record
from scripts.import_cofacts import RejectsFile, import_cofacts
from scripts.sample import draw
from storage.articles import load_article_summaries
from storage.database import Database
from storage.index_entries import iterate_entries
from storage.tables import Verdict


async def test_it_imports_without_a_reject(sqlite_database: Database, tmp_path: Path) -> None:
    with RejectsFile(tmp_path / "rejects.csv") as rejects:
        summary = await import_cofacts(sqlite_database, draw.HERE, rejects)
    assert summary.rejected == 0
    async with sqlite_database.reading() as session:
        ids = {entry.article_id async for page in iterate_entries(session) for entry in page}
        articles = (await load_article_summaries(session, ids)).values()
    verdicts = [{reply.verdict for reply in article.replies} for article in articles]
    assert len(articles) == draw.ANSWERED + draw.STOCK + draw.UNANSWERED
    assert sum(bool(found - {Verdict.NOT_ARTICLE}) for found in verdicts) == draw.ANSWERED
    assert sum(not found for found in verdicts) == draw.UNANSWERED
    assert sum(len(found) > 1 for found in verdicts) >= 10
    assert set.union(*verdicts) == set(Verdict)


def test_it_stays_small() -> None:
    assert sum(path.stat().st_size for path in draw.HERE.glob("*.zip")) < 1_500_000


def test_it_is_drawn_again_from_itself_unchanged(tmp_path: Path) -> None:
    """Every message of the sample still passes the rules it was drawn by, and every file says the same."""
    draw.write_sample(draw.draw(draw.read_open_data(draw.HERE)), tmp_path)
    for path in draw.HERE.glob("*.zip"):
        with zipfile.ZipFile(tmp_path / path.name) as again, zipfile.ZipFile(path) as shipped:
            assert again.read(path.stem) == shipped.read(path.stem)


def test_it_keeps_no_reasons_people_gave(tmp_path: Path) -> None:
    path = draw.find_file(draw.HERE, "reply_requests")
    assert path is not None
    with draw.open_records(path, ("reason",)) as records:
        found = list(records)
    assert found
    assert all(isinstance(record, Record) and not record.fields["reason"] for record in found)
