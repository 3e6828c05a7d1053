"""What several exported tables have in common: columns that mean the same everywhere, and what may be released."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Select, and_, exists, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import col

from storage.exports.columns import Column, Kind
from storage.tables import Article, ArticleReply, ReplyState, Status, VerificationDecision, VerificationOutcome

Narrow = Callable[[Select[Any]], Select[Any]]

DECIDED = (
    ReplyState.PROVISIONAL,
    ReplyState.VERIFIED,
    ReplyState.IMPORTED,
    ReplyState.WITHDRAWN,
    ReplyState.REJECTED,
)
REOPENED = (VerificationOutcome.REJECTED, VerificationOutcome.REOPENED)
"""After these a proposal is not the first: the answer was decided about before."""


class utc_day(FunctionElement[Any]):  # noqa: N801 - named like the SQL functions it becomes
    """The day of a time, in UTC whatever the connection's time zone is."""

    inherit_cache = True


@compiles(utc_day)
def _on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"date({compiler.process(element.clauses, **options)})"


@compiles(utc_day, "postgresql")
def _on_postgres(element: Any, compiler: Any, **options: Any) -> str:
    return f"date_trunc('day', {compiler.process(element.clauses, **options)}, 'UTC')"


def article_of(table: Any) -> Column:
    return Column("article_id", Kind.STRING, "The article.", table.article_id, required=True)


def reply_of(table: Any) -> Column:
    return Column("reply_id", Kind.STRING, "The reply.", table.reply_id, required=True)


def program_of(table: Any) -> Column:
    return Column("app_id", Kind.STRING, "By which program.", table.app_id)


def status_of(table: Any) -> Column:
    return Column("status", Kind.STRING, "NORMAL.", table.status, required=True)


def votes_of(table: Any, positive: str = "Who agreed.", negative: str = "Who did not.") -> tuple[Column, Column]:
    return (
        Column("positive_feedback_count", Kind.INTEGER, positive, table.positive_feedback_count, required=True),
        Column("negative_feedback_count", Kind.INTEGER, negative, table.negative_feedback_count, required=True),
    )


def about_normal_articles(table: Any, *more: Any) -> Narrow:
    """Rows about articles that count, for which `more` holds too."""
    return lambda query: query.where(*more, of_normal_article(table.article_id))


def about_released_links(table: Any, *more: Any) -> Narrow:
    """Rows about answers that may be seen, for which `more` holds too."""
    return lambda query: query.where(*more, is_released_link(table.article_id, table.reply_id))


def is_normal(table: Any) -> Any:
    return col(table.status) == Status.NORMAL


def of_normal_article(article_id: Any) -> Any:
    """A condition: the row's article counts."""
    return exists().where(col(Article.id) == article_id, col(Article.status) == Status.NORMAL)


def was_decided(link: Any) -> Any:
    """A condition: something was decided about this link, or else it is the volunteers' own.

    Once it was, it stays public history, also while the ratings hold it again or an appeal has opened it anew.
    """
    decision: Any = aliased(VerificationDecision)
    is_reopened = exists().where(
        decision.article_id == link.article_id, decision.reply_id == link.reply_id, decision.outcome.in_(REOPENED)
    )
    again = and_(link.state == ReplyState.PROPOSED, or_(link.published_at.is_not(None), is_reopened))
    return and_(link.status == Status.NORMAL, or_(link.state.in_(DECIDED), again))


def is_released_link(article_id: Any, reply_id: Any) -> Any:
    """A condition: this reply may be seen to answer this article."""
    link: Any = aliased(ArticleReply)
    return exists().where(
        link.article_id == article_id, link.reply_id == reply_id, was_decided(link)
    ) & of_normal_article(article_id)


def is_released_reply(reply_id: Any) -> Any:
    """A condition: this reply answers an article that counts."""
    link: Any = aliased(ArticleReply)
    article: Any = aliased(Article)
    return exists().where(
        link.reply_id == reply_id,
        was_decided(link),
        article.id == link.article_id,
        article.status == Status.NORMAL,
    )
