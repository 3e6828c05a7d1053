"""The exported tables of answers: replies, how they read before, what they answer, and how that was verified."""

from sqlalchemy import func, select
from sqlmodel import col

from storage.exports.columns import Column, ExportTable, Kind
from storage.exports.content import is_released_link, is_released_reply, of_normal_article, was_decided
from storage.tables import ArticleReply, Reply, ReplyVersion, VerificationDecision

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
        Column("app_id", Kind.STRING, "By which program.", Reply.app_id),
        Column("created_at", Kind.HOUR, "When it was written.", Reply.created_at),
        Column("updated_at", Kind.HOUR, "When it was last corrected.", Reply.updated_at),
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
        Column("reply_id", Kind.STRING, "The reply.", ReplyVersion.reply_id, required=True),
        Column("version", Kind.INTEGER, "1 is the oldest.", ReplyVersion.version, required=True),
        Column("verdict", Kind.STRING, "The verdict then.", ReplyVersion.verdict, required=True),
        Column("text", Kind.REFERENCE, "The answer then.", ReplyVersion.text, required=True),
        Column("reference", Kind.REFERENCE, "The sources cited then.", ReplyVersion.reference),
        Column("contributor", Kind.PSEUDONYM, "Who had written it.", ReplyVersion.contributor),
        Column("replaced_at", Kind.HOUR, "When it was replaced.", ReplyVersion.replaced_at, required=True),
    ),
    narrow=lambda query: query.where(is_released_reply(ReplyVersion.reply_id)),
    order=(ReplyVersion.reply_id, ReplyVersion.version),
    dated=ReplyVersion.replaced_at,
)

ARTICLE_REPLIES = ExportTable(
    name="article_replies",
    description="Which reply answers which article, and how far that has been verified.",
    key=("article_id", "reply_id"),
    columns=(
        Column("article_id", Kind.STRING, "The article.", ArticleReply.article_id, required=True),
        Column("reply_id", Kind.STRING, "The reply.", ArticleReply.reply_id, required=True),
        Column("verdict", Kind.STRING, "The reply's verdict.", LINK_VERDICT, required=True),
        Column(
            "state",
            Kind.STRING,
            "provisional, verified, imported (shown); withdrawn, rejected, proposed (no longer, or not again yet).",
            ArticleReply.state,
            required=True,
        ),
        Column("status", Kind.STRING, "NORMAL.", ArticleReply.status, required=True),
        Column("contributor", Kind.PSEUDONYM, "Who linked them.", ArticleReply.contributor),
        Column("app_id", Kind.STRING, "By which program.", ArticleReply.app_id),
        Column(
            "positive_feedback_count",
            Kind.INTEGER,
            "Readers it helped.",
            ArticleReply.positive_feedback_count,
            required=True,
        ),
        Column(
            "negative_feedback_count",
            Kind.INTEGER,
            "Readers it did not help.",
            ArticleReply.negative_feedback_count,
            required=True,
        ),
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
        Column("updated_at", Kind.HOUR, "When the link last changed.", ArticleReply.updated_at),
        Column("published_at", Kind.HOUR, "Since when it is shown.", ArticleReply.published_at),
        Column("withdrawn_at", Kind.HOUR, "Since when it is not.", ArticleReply.withdrawn_at),
    ),
    narrow=lambda query: query.where(was_decided(ArticleReply), of_normal_article(ArticleReply.article_id)),
    order=(ArticleReply.article_id, ArticleReply.reply_id),
    dated=ArticleReply.created_at,
)

HISTORY = ExportTable(
    name="article_reply_history",
    description="What the verification rule decided about each answer, by which figures, in order.",
    key=("article_id", "reply_id", "step"),
    columns=(
        Column("article_id", Kind.STRING, "The article.", VerificationDecision.article_id, required=True),
        Column("reply_id", Kind.STRING, "The reply.", VerificationDecision.reply_id, required=True),
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
    narrow=lambda query: query.where(is_released_link(VerificationDecision.article_id, VerificationDecision.reply_id)),
    order=(VerificationDecision.article_id, VerificationDecision.reply_id, VerificationDecision.id),
    dated=VerificationDecision.decided_at,
)
