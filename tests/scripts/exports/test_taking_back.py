"""What a release's source takes back is erased here, and what somebody here said is not."""

from datetime import timedelta
from pathlib import Path

from moderation.writing.similar import set_categories
from scripts.exports.take_in import take_in
from storage.database import Database
from storage.tables import ArticleCategory
from tests.storage.exports.instance import NOW, release


async def test_a_source_that_takes_its_label_back_leaves_the_one_given_here(
    database: Database, source: Database, tmp_path: Path
) -> None:
    without = await release(source, tmp_path / "releases", formats=("jsonl",))
    await take_in(database, tmp_path / "releases" / without.release, "b.example")
    async with database.transaction() as session:
        await set_categories(session, "a2", ["c1"], "editor-here")
    async with source.transaction() as session:
        await set_categories(session, "a2", ["c1"], "volunteer-one")
    await release(source, tmp_path / "releases", NOW + timedelta(days=1), formats=("jsonl",))
    async with source.transaction() as session:
        await set_categories(session, "a1", [], "volunteer-one")
        await set_categories(session, "a2", [], "volunteer-one")
    after = await release(source, tmp_path / "releases", NOW + timedelta(days=2), formats=("jsonl",))
    taken = await take_in(database, tmp_path / "releases" / after.release, "b.example")
    assert (taken["tombstones"].added, taken["tombstones"].refused) == (1, 1)
    async with database.reading() as session:
        assert await session.get(ArticleCategory, ("a1", "c1")) is None
        assert (await session.get_one(ArticleCategory, ("a2", "c1"))).contributor == "editor-here"
