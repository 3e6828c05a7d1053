"""What the API takes and gives. The answers are made from these types, and so is their description.

Texts are masked and times rounded to the hour, as in the releases: what pages show one by one must not be had in bulk
with more in it than researchers are given.
"""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from storage.tables import ArticleType, ReplyState, Verdict

MAX_LIMIT = 100
MAX_QUERY = 2_000


class Model(BaseModel):
    model_config = ConfigDict(
        frozen=True, use_attribute_docstrings=True, json_schema_serialization_defaults_required=True
    )


class Query(BaseModel):
    """Parameters in the address; an unknown one is refused, so that a misspelt filter is noticed."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class NoQuery(Query):
    pass


class PageQuery(Query):
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 20
    """How many at most."""
    cursor: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    """From the address in `next`: goes on where the page before ended."""


class ArticleQuery(PageQuery):
    answered: bool | None = None
    """Only articles with a published reply, or only those without."""
    category: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    """Only articles of this category (its id)."""
    since: date | None = None
    """Only articles from this day on (UTC)."""
    until: date | None = None
    """Only articles before this day (UTC)."""


class SearchQuery(Query):
    q: Annotated[str, Field(min_length=1, max_length=MAX_QUERY)]
    """The message, as it was forwarded."""
    limit: Annotated[int, Field(ge=1, le=10)] = 10
    """How many matches at most."""


class StatisticsQuery(Query):
    weeks: Annotated[int, Field(ge=1, le=520)] = 53
    """How many weeks, this one included."""


class ReplyOfArticle(Model):
    """A published reply, as it answers one article."""

    id: str
    verdict: Verdict
    state: ReplyState
    text: str
    reference: str | None
    source: str
    """`chaming`, or where it was imported from; its licence goes with it."""
    created_at: datetime | None
    updated_at: datetime | None
    """On which day it was last corrected."""
    helpful: int
    """How many readers found it helpful."""
    not_helpful: int


class Article(Model):
    """One distinct forwarded message with its published replies."""

    id: str
    url: str
    """The page that people read."""
    type: ArticleType
    text: str | None
    source: str
    created_at: datetime | None
    request_count: int
    """How many people asked about it."""
    replies: list[ReplyOfArticle]


class ArticlePage(Model):
    data: list[Article]
    next: str | None
    """The address of the next page; null on the last."""


class Reply(Model):
    """A published reply with the articles it answers."""

    id: str
    verdict: Verdict
    text: str
    reference: str | None
    source: str
    created_at: datetime | None
    updated_at: datetime | None
    """On which day it was last corrected."""
    article_ids: list[str]


class ReplyPage(Model):
    data: list[Reply]
    next: str | None
    """The address of the next page; null on the last."""


class SearchMatch(Model):
    """An article that may make the same claim as the message."""

    article_id: str
    probability: float
    """Calibrated, 0 to 1."""
    band: str
    """What the bot would do with it: `answer`, `candidate` or `nothing`."""
    signals: dict[str, float]
    contradictions: list[tuple[str, str]]
    """Words of the message and of the article that make it another claim."""
    article: Article


class SearchAnswer(Model):
    outcome: str
    """What the bot would have done: `answer`, `candidates` or `no_match`."""
    matches: list[SearchMatch]


class Release(Model):
    release: str
    version: str
    date: date
    as_of: datetime
    epoch: str
    previous: str | None
    rows: int
    bytes: int
    manifest_sha256: str
    url: str
    manifest_url: str


class ReleaseList(Model):
    data: list[Release]


class WaitingTime(Model):
    """From an article's arrival to its first answer."""

    answered: int
    median_s: int
    p90_s: int


class WeekFigures(Model):
    """What happened in a week that begins on this Monday in Taiwan."""

    week: date
    messages: dict[str, int]
    """By what people got: `answer`, `candidates`, `waiting`, `no_match`."""
    articles: int
    requests: int
    verdicts: dict[str, int]
    """Published answers by verdict."""
    askers: int | None
    """How many people; null when there were fewer than 20."""
    volunteers: int | None
    """How many people; null when there were fewer than 20."""
    waiting: WaitingTime | None


class CategoryFigures(Model):
    id: str
    title: str
    articles: int
    requests: int
    answers: int


class QueueFigures(Model):
    """The articles without an answer."""

    waiting: int
    oldest_at: datetime | None
    median_at: datetime | None


class Statistics(Model):
    as_of: datetime
    weeks: list[WeekFigures]
    categories: list[CategoryFigures]
    waiting: WaitingTime | None
    queue: QueueFigures


class Problem(Model):
    """What went wrong (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
