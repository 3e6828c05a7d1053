"""The exported tables of content: messages, their wordings, links, files and categories; and what may be released."""

from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from storage.exports.columns import Column, ExportTable, Kind
from storage.tables import (
    Article,
    ArticleCategory,
    ArticleReply,
    ArticleVariant,
    Category,
    Hyperlink,
    MediaHash,
    ReplyState,
    Status,
    VerificationDecision,
    VerificationOutcome,
)

DECIDED = (
    ReplyState.PROVISIONAL,
    ReplyState.VERIFIED,
    ReplyState.IMPORTED,
    ReplyState.WITHDRAWN,
    ReplyState.REJECTED,
)
REOPENED = (VerificationOutcome.REJECTED, VerificationOutcome.REOPENED)
"""After these a proposal is not the first: the answer was decided about before."""

COUNTED: Any = aliased(ArticleReply)


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


def _normal_articles(query: Select[Any]) -> Select[Any]:
    return query.where(col(Article.status) == Status.NORMAL)


REPLY_COUNT = (
    select(func.count())
    .where(
        COUNTED.article_id == col(Article.id),
        COUNTED.status == Status.NORMAL,
        COUNTED.state.in_((ReplyState.PROVISIONAL, ReplyState.VERIFIED, ReplyState.IMPORTED)),
    )
    .scalar_subquery()
)

ARTICLES = ExportTable(
    name="articles",
    description="The forwarded messages that somebody agreed to publish, one row each.",
    key=("id",),
    columns=(
        Column("id", Kind.STRING, "Id of the article, opaque and stable.", Article.id, required=True),
        Column("type", Kind.STRING, "TEXT, IMAGE, VIDEO or AUDIO.", Article.type, required=True),
        Column("status", Kind.STRING, "NORMAL: others are not released.", Article.status, required=True),
        Column("text", Kind.TEXT, "The message, with personal data masked as ○○○.", Article.text),
        Column("reply_count", Kind.INTEGER, "Answers shown for it.", REPLY_COUNT, required=True),
        Column("source", Kind.SOURCE, "Where it was first collected.", Article.source, required=True),
        Column("contributor", Kind.PSEUDONYM, "Who sent it in.", Article.contributor),
        Column("app_id", Kind.STRING, "By which program it came.", Article.app_id),
        Column("references", Kind.STRING, "Where the source had found it, such as LINE.", Article.references),
        Column("created_at", Kind.HOUR, "When it was first sent in.", Article.created_at),
        Column("updated_at", Kind.HOUR, "When it last changed.", Article.updated_at),
        Column("last_requested_at", Kind.HOUR, "When somebody last asked about it.", Article.last_requested_at),
    ),
    narrow=_normal_articles,
    order=(Article.id,),
    dated=Article.created_at,
)

VARIANTS = ExportTable(
    name="article_variants",
    description="Other wordings of an article, each published with its sender's consent.",
    key=("article_id", "id"),
    columns=(
        Column("article_id", Kind.STRING, "The article.", ArticleVariant.article_id, required=True),
        Column("id", Kind.STRING, "Id of the wording.", ArticleVariant.id, required=True),
        Column("text", Kind.TEXT, "The wording, masked.", ArticleVariant.text, required=True),
        Column("source", Kind.SOURCE, "Where it was first collected.", ArticleVariant.source, required=True),
        Column("contributor", Kind.PSEUDONYM, "Who sent this wording in.", ArticleVariant.contributor),
        Column("created_at", Kind.HOUR, "When it was sent in.", ArticleVariant.created_at, required=True),
    ),
    narrow=lambda query: query.where(
        col(ArticleVariant.detached_at).is_(None), of_normal_article(ArticleVariant.article_id)
    ),
    order=(ArticleVariant.article_id, ArticleVariant.id),
    dated=ArticleVariant.created_at,
)

HYPERLINKS = ExportTable(
    name="hyperlinks",
    description="Links inside the articles. Links that lead to one person's account are left out.",
    key=("article_id", "url"),
    columns=(
        Column("article_id", Kind.STRING, "The article.", Hyperlink.article_id, required=True),
        Column("url", Kind.TEXT, "The link as it stands in the message.", Hyperlink.url, required=True),
        Column("normalized_url", Kind.TEXT, "The link without trackers.", Hyperlink.normalized_url),
        Column("title", Kind.TEXT, "The title its page had.", Hyperlink.title),
    ),
    narrow=lambda query: query.where(of_normal_article(Hyperlink.article_id)),
    order=(Hyperlink.article_id, Hyperlink.url),
)

MEDIA_HASHES = ExportTable(
    name="media_hashes",
    description="By what an article's picture, video or recording is known again; the files are on its page.",
    key=("article_id",),
    columns=(
        Column("article_id", Kind.STRING, "The article.", MediaHash.article_id, required=True),
        Column("kind", Kind.STRING, "sha256, pdq, pdq-frame or chromaprint.", MediaHash.kind, required=True),
        Column("value", Kind.BYTES, "The hash, in hex.", MediaHash.value, required=True),
        Column("created_at", Kind.HOUR, "When it was computed.", MediaHash.created_at, required=True),
    ),
    narrow=lambda query: query.where(of_normal_article(MediaHash.article_id)),
    order=(MediaHash.article_id, MediaHash.id),
    dated=MediaHash.created_at,
)

CATEGORIES = ExportTable(
    name="categories",
    description="What articles can be about.",
    key=("id",),
    columns=(
        Column("id", Kind.STRING, "Id of the category.", Category.id, required=True),
        Column("title", Kind.STRING, "Its name.", Category.title, required=True),
        Column("description", Kind.TEXT, "What belongs in it.", Category.description),
        Column("created_at", Kind.HOUR, "When it was made.", Category.created_at),
        Column("updated_at", Kind.HOUR, "When it last changed.", Category.updated_at),
    ),
    order=(Category.id,),
    dated=Category.created_at,
)

ARTICLE_CATEGORIES = ExportTable(
    name="article_categories",
    description="Which article is about what, as people or a model said.",
    key=("article_id", "category_id"),
    columns=(
        Column("article_id", Kind.STRING, "The article.", ArticleCategory.article_id, required=True),
        Column("category_id", Kind.STRING, "The category.", ArticleCategory.category_id, required=True),
        Column("ai_confidence", Kind.NUMBER, "How sure the model was.", ArticleCategory.ai_confidence),
        Column("ai_model", Kind.STRING, "Which model said so; empty: a person did.", ArticleCategory.ai_model),
        Column("contributor", Kind.PSEUDONYM, "Who said so.", ArticleCategory.contributor),
        Column("app_id", Kind.STRING, "By which program.", ArticleCategory.app_id),
        Column(
            "positive_feedback_count",
            Kind.INTEGER,
            "Who agreed.",
            ArticleCategory.positive_feedback_count,
            required=True,
        ),
        Column(
            "negative_feedback_count",
            Kind.INTEGER,
            "Who did not.",
            ArticleCategory.negative_feedback_count,
            required=True,
        ),
        Column("status", Kind.STRING, "NORMAL.", ArticleCategory.status, required=True),
        Column("created_at", Kind.HOUR, "When it was said.", ArticleCategory.created_at),
        Column("updated_at", Kind.HOUR, "When it last changed.", ArticleCategory.updated_at),
    ),
    narrow=lambda query: query.where(
        col(ArticleCategory.status) == Status.NORMAL, of_normal_article(ArticleCategory.article_id)
    ),
    order=(ArticleCategory.article_id, ArticleCategory.category_id),
    dated=ArticleCategory.created_at,
)
