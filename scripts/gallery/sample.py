"""The messages of the gallery: real ones of the shipped sample, imported into a throw-away database."""

import dataclasses
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import select
from sqlmodel import col

from bot.decide import best_replies, is_settled
from bot.fit import units
from scripts.import_cofacts import RejectsFile, import_cofacts
from storage.articles import ArticlePage, find_article_page, load_article_summaries
from storage.database import Database, open_database
from storage.migrations import migrate
from storage.tables import Article, ArticleReply, Verdict

SAMPLE = Path(__file__).parents[1] / "sample"


@dataclasses.dataclass(frozen=True, slots=True)
class Sample:
    """Answered articles short enough to look at, by the verdict of their best reply, and two special ones."""

    by_verdict: dict[Verdict, list[ArticlePage]]
    disputed: ArticlePage
    longest: ArticlePage


async def load_sample(folder: Path) -> Sample:
    """Import the sample into a throw-away database and choose what to show."""
    with TemporaryDirectory() as scratch:
        database = open_database(f"sqlite+aiosqlite:///{scratch}/gallery.db")
        await migrate(database)
        with RejectsFile(Path(scratch) / "rejects.csv") as rejects:
            await import_cofacts(database, folder, rejects)
        pages = await _load_pages(database)
        await database.close()
    short = [page for page in pages if _is_short(page)]
    by_verdict = {verdict: [page for page in short if _best(page) == verdict] for verdict in Verdict}
    return Sample(
        by_verdict={verdict: found for verdict, found in by_verdict.items() if found},
        disputed=next(page for page in pages if not is_settled(best_replies(page.summary))),
        longest=max(pages, key=lambda page: max(units(reply.text) for reply in page.summary.replies)),
    )


async def _load_pages(database: Database) -> list[ArticlePage]:
    async with database.reading() as session:
        ids = await session.scalars(
            select(col(Article.id)).join(ArticleReply, col(ArticleReply.article_id) == col(Article.id)).distinct()
        )
        summaries = await load_article_summaries(session, sorted(ids))
        answered = [summary.article_id for summary in summaries.values() if summary.replies and summary.text]
        pages = [await find_article_page(session, article_id) for article_id in sorted(answered)]
    return [page for page in pages if page]


def _is_short(page: ArticlePage) -> bool:
    """A message and a reply that fit a picture, with a source; not about people, as far as a rule can tell."""
    article = page.summary
    replies = best_replies(article)
    return (
        40 < units(article.text or "") < 260
        and 40 < units(replies[0].text) < 260
        and "http" not in (article.text or "")
        and "http" in (replies[0].reference or "")
        and is_settled(replies)
    )


def _best(page: ArticlePage) -> Verdict:
    return best_replies(page.summary)[0].verdict
