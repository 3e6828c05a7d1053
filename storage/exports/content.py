"""The exported tables of content: messages, their wordings, links, files and categories; and what may be released."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from storage.exports.columns import Column, ExportTable, Kind
from storage.exports.shared import about_normal_articles, article_of, is_normal, program_of, status_of, votes_of
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
)

COUNTED: Any = aliased(ArticleReply)


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
    narrow=lambda query: query.where(is_normal(Article)),
    order=(Article.id,),
    dated=Article.created_at,
)

VARIANTS = ExportTable(
    name="article_variants",
    description="Other wordings of an article, each published with its sender's consent.",
    key=("article_id", "id"),
    columns=(
        article_of(ArticleVariant),
        Column("id", Kind.STRING, "Id of the wording.", ArticleVariant.id, required=True),
        Column("text", Kind.TEXT, "The wording, masked.", ArticleVariant.text, required=True),
        Column("source", Kind.SOURCE, "Where it was first collected.", ArticleVariant.source, required=True),
        Column("contributor", Kind.PSEUDONYM, "Who sent this wording in.", ArticleVariant.contributor),
        Column("created_at", Kind.HOUR, "When it was sent in.", ArticleVariant.created_at, required=True),
    ),
    narrow=about_normal_articles(ArticleVariant, col(ArticleVariant.detached_at).is_(None)),
    order=(ArticleVariant.article_id, ArticleVariant.id),
    dated=ArticleVariant.created_at,
)

HYPERLINKS = ExportTable(
    name="hyperlinks",
    description="Links inside the articles. Links that lead to one person's account are left out.",
    key=("article_id", "url"),
    columns=(
        article_of(Hyperlink),
        Column("url", Kind.TEXT, "The link as it stands in the message.", Hyperlink.url, required=True),
        Column("normalized_url", Kind.TEXT, "The link without trackers.", Hyperlink.normalized_url),
        Column("title", Kind.TEXT, "The title its page had.", Hyperlink.title),
    ),
    narrow=about_normal_articles(Hyperlink),
    order=(Hyperlink.article_id, Hyperlink.url),
)

MEDIA_HASHES = ExportTable(
    name="media_hashes",
    description="By what an article's picture, video or recording is known again; the files are on its page.",
    key=("article_id",),
    columns=(
        article_of(MediaHash),
        Column("kind", Kind.STRING, "sha256, pdq, pdq-frame or chromaprint.", MediaHash.kind, required=True),
        Column("value", Kind.BYTES, "The hash, in hex.", MediaHash.value, required=True),
        Column("created_at", Kind.HOUR, "When it was computed.", MediaHash.created_at, required=True),
    ),
    narrow=about_normal_articles(MediaHash),
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
        article_of(ArticleCategory),
        Column("category_id", Kind.STRING, "The category.", ArticleCategory.category_id, required=True),
        Column("ai_confidence", Kind.NUMBER, "How sure the model was.", ArticleCategory.ai_confidence),
        Column("ai_model", Kind.STRING, "Which model said so; empty: a person did.", ArticleCategory.ai_model),
        Column("contributor", Kind.PSEUDONYM, "Who said so.", ArticleCategory.contributor),
        program_of(ArticleCategory),
        *votes_of(ArticleCategory),
        status_of(ArticleCategory),
        Column("created_at", Kind.HOUR, "When it was said.", ArticleCategory.created_at),
        Column("updated_at", Kind.DAY, "On which day it last changed.", ArticleCategory.updated_at),
    ),
    narrow=about_normal_articles(ArticleCategory, is_normal(ArticleCategory)),
    order=(ArticleCategory.article_id, ArticleCategory.category_id),
    dated=ArticleCategory.created_at,
)
