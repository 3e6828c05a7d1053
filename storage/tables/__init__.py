"""The tables, which are the glossary: every noun of the project is a class here, under the field's own name.

Times are UTC and timezone-aware in Python. Ids are opaque strings: Cofacts' ids are kept on import, ours come
from `new_id()`. Stored enum values are stable; what a person reads for them lives in the bot's catalogues.
"""

from storage.tables.articles import (
    Article,
    ArticleCategory,
    ArticleType,
    ArticleVariant,
    Category,
    Hyperlink,
    Status,
    VariantAction,
    VariantLog,
    VariantSighting,
)
from storage.tables.asking import ArticleReplyFeedback, Asker, FeedbackReason, ReplyRequest, SeenWhere
from storage.tables.columns import BIG_ID, UtcDateTime, hash_text, new_id, partial_index, stored, utc_now
from storage.tables.inbox import InboxEvent, InboxState
from storage.tables.jobs import JobRun
from storage.tables.limits import BlockedChat
from storage.tables.matching import (
    AdoptedModel,
    ChangeKind,
    Choice,
    DriftReport,
    Embedding,
    IndexChange,
    MatchDecision,
    MatchOutcome,
)
from storage.tables.notices import LogPosition, Notice, NoticeKind, NoticeState
from storage.tables.releases import ArticleDay, ImportedRelease, Tombstone
from storage.tables.replies import ArticleReply, Reply, ReplyState, ReplyVersion, Verdict
from storage.tables.review import (
    RaterFit,
    RaterStanding,
    Rating,
    ReplyStanding,
    ReviewTask,
    Role,
    TaskState,
    VerificationDecision,
    VerificationOutcome,
    VerificationRule,
)
from storage.tables.statistics import DailyCount, Measure, WaitingTime

__all__ = [
    "BIG_ID",
    "AdoptedModel",
    "Article",
    "ArticleCategory",
    "ArticleDay",
    "ArticleReply",
    "ArticleReplyFeedback",
    "ArticleType",
    "ArticleVariant",
    "Asker",
    "BlockedChat",
    "Category",
    "ChangeKind",
    "Choice",
    "DailyCount",
    "DriftReport",
    "Embedding",
    "FeedbackReason",
    "Hyperlink",
    "ImportedRelease",
    "InboxEvent",
    "InboxState",
    "IndexChange",
    "JobRun",
    "LogPosition",
    "MatchDecision",
    "MatchOutcome",
    "Measure",
    "Notice",
    "NoticeKind",
    "NoticeState",
    "RaterFit",
    "RaterStanding",
    "Rating",
    "Reply",
    "ReplyRequest",
    "ReplyStanding",
    "ReplyState",
    "ReplyVersion",
    "ReviewTask",
    "Role",
    "SeenWhere",
    "Status",
    "TaskState",
    "Tombstone",
    "UtcDateTime",
    "VariantAction",
    "VariantLog",
    "VariantSighting",
    "Verdict",
    "VerificationDecision",
    "VerificationOutcome",
    "VerificationRule",
    "WaitingTime",
    "hash_text",
    "new_id",
    "partial_index",
    "stored",
    "utc_now",
]
