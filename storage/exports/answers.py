"""The exported tables of answers: replies, how they read before, what they answer, and how that was verified."""

from sqlalchemy import func, select
from sqlmodel import col

from storage.exports.columns import Column, ExportTable, Kind
from storage.exports.shared import (
    about_normal_articles,
    about_released_links,
    article_of,
    is_released_reply,
    program_of,
    reply_of,
    status_of,
    votes_of,
    was_decided,
)
from storage.tables import ArticleReply, Reply, ReplyVersion, VerificationDecision

WRITTEN_AT = select(col(Reply.created_at)).where(col(Reply.id) == col(ReplyVersion.reply_id)).scalar_subquery()
"""The quarter of a version is its reply's own: by that of the correction, who corrects themselves would be one person
under two pseudonyms."""
LINK_VERDICT = select(col(Reply.verdict)).where(col(Reply.id) == col(ArticleReply.reply_id)).scalar_subquery()

REPLIES = ExportTable(
    name="replies",
    description="The volunteers' answers as they read now; drafts and proposals never decided about are not.",
    key=("id",),
    columns=(
        Column("id", Kind.STRING, "Id of the reply.", Reply.id, required=True),
        Column("verdict", Kind.STRING, "RUMOR, NOT_RUMOR, OPINIONATED or NOT_ARTICLE.", Reply.verdict, required=True),
        Column("text", Kind.REFERENCE, "The answer.", Reply.text, required=True),
        Column("reference", Kind.REFERENCE, "The sources it cites.", Reply.reference),
        Column("source", Kind.SOURCE, "Where it was first written.", Reply.source, required=True),
        Column("contributor", Kind.PSEUDONYM, "Who wrote it.", Reply.contributor),
        program_of(Reply),
        Column("created_at", Kind.HOUR, "When it was written.", Reply.created_at),
        Column("updated_at", Kind.DAY, "On which day it was last corrected.", Reply.updated_at),
    ),
    narrow=lambda query: query.where(is_released_reply(Reply.id)),
    order=(Reply.id,),
    dated=Reply.created_at,
)

REPLY_VERSIONS = ExportTable(
    name="reply_versions",
    description="How replies read before they were corrected.",
    key=("reply_id", "version"),
    columns=(
        reply_of(ReplyVersion),
        Column("version", Kind.INTEGER, "1 is the oldest.", ReplyVersion.version, required=True),
        Column("verdict", Kind.STRING, "The verdict then.", ReplyVersion.verdict, required=True),
        Column("text", Kind.REFERENCE, "The answer then.", ReplyVersion.text, required=True),
        Column("reference", Kind.REFERENCE, "The sources cited then.", ReplyVersion.reference),
        Column("contributor", Kind.PSEUDONYM, "Who had written it.", ReplyVersion.contributor),
        Column("replaced_at", Kind.DAY, "On which day it was replaced.", ReplyVersion.replaced_at, required=True),
    ),
    narrow=lambda query: query.where(is_released_reply(ReplyVersion.reply_id)),
    order=(ReplyVersion.reply_id, ReplyVersion.version),
    dated=WRITTEN_AT,
)

ARTICLE_REPLIES = ExportTable(
    name="article_replies",
    description="Which reply answers which article, and how far that has been verified.",
    key=("article_id", "reply_id"),
    columns=(
        article_of(ArticleReply),
        reply_of(ArticleReply),
        Column("verdict", Kind.STRING, "The reply's verdict.", LINK_VERDICT, required=True),
        Column(
            "state",
            Kind.STRING,
            "provisional, verified, imported (shown); withdrawn, rejected, proposed (no longer, or not again yet).",
            ArticleReply.state,
            required=True,
        ),
        status_of(ArticleReply),
        Column("contributor", Kind.PSEUDONYM, "Who linked them.", ArticleReply.contributor),
        program_of(ArticleReply),
        *votes_of(ArticleReply, "Readers it helped.", "Readers it did not help."),
        Column(
            "source_positive_count",
            Kind.INTEGER,
            "Of them, counted by the source.",
            ArticleReply.source_positive_count,
            required=True,
        ),
        Column(
            "source_negative_count",
            Kind.INTEGER,
            "Of them, counted by the source.",
            ArticleReply.source_negative_count,
            required=True,
        ),
        Column("created_at", Kind.HOUR, "When they were linked.", ArticleReply.created_at),
        Column("updated_at", Kind.DAY, "On which day the link last changed.", ArticleReply.updated_at),
        Column("published_at", Kind.HOUR, "Since when it is shown.", ArticleReply.published_at),
        Column("withdrawn_at", Kind.DAY, "Since which day it is not.", ArticleReply.withdrawn_at),
    ),
    narrow=about_normal_articles(ArticleReply, was_decided(ArticleReply)),
    order=(ArticleReply.article_id, ArticleReply.reply_id),
    dated=ArticleReply.created_at,
)

HISTORY = ExportTable(
    name="article_reply_history",
    description="What the verification rule decided about each answer, by which figures, in order.",
    key=("article_id", "reply_id", "step"),
    columns=(
        article_of(VerificationDecision),
        reply_of(VerificationDecision),
        Column(
            "step",
            Kind.INTEGER,
            "1 is the first decision.",
            func.row_number().over(
                partition_by=(col(VerificationDecision.article_id), col(VerificationDecision.reply_id)),
                order_by=col(VerificationDecision.id),
            ),
            required=True,
        ),
        Column("rule", Kind.STRING, "young, two_sided or appeal.", VerificationDecision.rule, required=True),
        Column("inputs", Kind.JSON, "The counts and shares it saw.", VerificationDecision.inputs, required=True),
        Column(
            "outcome",
            Kind.STRING,
            "held, provisional, verified, rejected or reopened.",
            VerificationDecision.outcome,
            required=True,
        ),
        Column("public_at", Kind.HOUR, "When a contested answer goes public.", VerificationDecision.public_at),
        Column("actor", Kind.PSEUDONYM, "Who granted an appeal.", VerificationDecision.actor),
        Column("decided_at", Kind.HOUR, "When it was decided.", VerificationDecision.decided_at, required=True),
    ),
    narrow=about_released_links(VerificationDecision),
    order=(VerificationDecision.article_id, VerificationDecision.reply_id, VerificationDecision.id),
    dated=VerificationDecision.decided_at,
)
