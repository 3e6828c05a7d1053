"""`/articles.atom`: articles as they are checked, for whoever wants to follow or to reuse them."""

from collections.abc import Sequence
from datetime import datetime

from aiohttp import web

from bot.data_pages.atom import Entry, Feed
from bot.data_pages.data_page import atom_response
from bot.data_pages.site import Site
from bot.data_pages.stats_tables import VERDICT_LABELS
from bot.fit import clean, cut, one_line
from bot.wording import Words
from storage.articles import ArticleSummary, load_article_summaries
from storage.browsing import Publication, load_publications
from storage.exports.cleaning import to_day, to_hour

ENTRIES = 50
MAX_TITLE = 80
MAX_SUMMARY = 1_000


class CheckedFeed:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, request: web.Request) -> web.Response:
        """The last publications, newest first, an article once."""
        async with self._site.database.reading() as session:
            found = await load_publications(session, ENTRIES * 2)
            newest = _once_each(found)[:ENTRIES]
            summaries = await load_article_summaries(session, [each.article_id for each in newest])
        words, url = self._site.words(request), self._site.public_url
        entries = [self._to_entry(words, each, summaries[each.article_id]) for each in newest]
        feed = Feed(f"{url}/articles.atom", f"{url}/stats", words("查明: newly checked messages"), words.tag, entries)
        return atom_response(request, feed)

    def _to_entry(self, words: Words, publication: Publication, article: ArticleSummary) -> Entry:
        reply = next(each for each in article.replies if each.reply_id == publication.reply_id)
        text = cut(one_line(clean(article.text or "")), MAX_TITLE) or words("(a picture, video or sound)")
        return Entry(
            url=self._site.article_url(article.article_id),
            title=words("{verdict}: {text}", verdict=words(VERDICT_LABELS[reply.verdict]), text=text),
            updated=_as_released(publication.published_at, reply.updated_at),
            summary=cut(clean(reply.text), MAX_SUMMARY),
        )


def _as_released(published_at: datetime, corrected_at: datetime | None) -> datetime:
    """No finer than releases tell it: a correction by the day, or the moment would lead to who was at work then."""
    moments = (to_hour(published_at), to_day(corrected_at))
    return max(moment for moment in moments if moment is not None)


def _once_each(publications: Sequence[Publication]) -> list[Publication]:
    """The newest publication of each article, in the order given: newest first."""
    found: dict[str, Publication] = {}
    for publication in publications:
        found.setdefault(publication.article_id, publication)
    return list(found.values())
