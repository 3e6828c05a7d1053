"""The addresses of the API, one table: routes and their description are both made from it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bot.api import models
from bot.api.reading import Reading


@dataclass(frozen=True, slots=True)
class Operation:
    """One address: what it takes, what it gives, and what a request to it costs of a client's allowance."""

    path: str
    name: str
    summary: str
    query: type[models.Query]
    answer: type[models.Model]
    read: Callable[[Reading, Any, Any], Awaitable[models.Model]]
    cost: int = 1
    errors: tuple[int, ...] = (400, 429)


OPERATIONS = (
    Operation(
        "/articles",
        "listArticles",
        "Public articles with their published replies, newest first.",
        models.ArticleQuery,
        models.ArticlePage,
        Reading.list_articles,
    ),
    Operation(
        "/articles/{article_id}",
        "getArticle",
        "One article.",
        models.NoQuery,
        models.Article,
        Reading.get_article,
        errors=(400, 404, 429),
    ),
    Operation(
        "/search",
        "search",
        "The articles that may make the same claim as a message, found by the bot's own matcher.",
        models.SearchQuery,
        models.SearchAnswer,
        Reading.search,
        cost=10,
        errors=(400, 429, 503),
    ),
    Operation(
        "/replies",
        "listReplies",
        "Published replies, newest first.",
        models.PageQuery,
        models.ReplyPage,
        Reading.list_replies,
    ),
    Operation(
        "/replies/{reply_id}",
        "getReply",
        "One reply.",
        models.NoQuery,
        models.Reply,
        Reading.get_reply,
        errors=(400, 404, 429),
    ),
    Operation(
        "/releases",
        "listReleases",
        "The data releases, newest first.",
        models.NoQuery,
        models.ReleaseList,
        Reading.list_releases,
    ),
    Operation(
        "/statistics",
        "getStatistics",
        "What happened, by week and by category.",
        models.StatisticsQuery,
        models.Statistics,
        Reading.get_statistics,
        cost=3,
    ),
)
