"""What volunteers are told in the console's inbox: who is told of what, in which words, and the daily digest."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.console.context import Mailer
from moderation.console.labels import VERDICTS
from moderation.console.wording import Words, marked
from moderation.rating import load_authors
from storage.database import Database
from storage.tables import (
    ArticleReply,
    Editor,
    EditorNotice,
    LogPosition,
    Verdict,
    VerificationDecision,
    VerificationOutcome,
    utc_now,
)

READER = "editor-notices"
DIGEST_EVERY = timedelta(hours=20)

KINDS = {
    "invited": marked(
        "You are asked to rate an answer: people are drawn at random, so that nobody chooses their judges."
    ),
    "handed_over": marked("Somebody has handed a task over to you. It waits for you for half a day."),
    "spreading": marked("A message on one of your topics is spreading, and nobody works on it yet."),
    "provisional": marked("Your answer has passed the first check, and people are shown it."),
    "verified": marked("Your answer is verified. Thank you!"),
    "rejected": marked("The ratings have refused your answer. You can see why, improve it, or appeal."),
    "held": marked("Your answer is not shown any longer: the ratings have changed."),
    "reopened": marked("An answer of yours is looked at again."),
    "corrected": marked("An answer you wrote or rated was corrected."),
    "replaced": marked(
        "An answer you wrote or rated was withdrawn: one that says something else was proposed in its place."
    ),
    "hidden": marked("A moderator has hidden an answer of yours; you can appeal."),
    "case_granted": marked("Your appeal, report or source was accepted."),
    "case_refused": marked("Your appeal, report or source was not accepted; a moderator says why."),
}

OUTCOMES = {
    VerificationOutcome.PROVISIONAL: "provisional",
    VerificationOutcome.VERIFIED: "verified",
    VerificationOutcome.REJECTED: "rejected",
    VerificationOutcome.REOPENED: "reopened",
}

OTHER_VERDICT = marked(
    "An answer you wrote or rated was withdrawn. It said “{before}”; the one proposed in its place says “{now}”."
)

DIGEST_SUBJECT = marked("查明: {number} new in your inbox")


def replaced(before: Verdict, now: Verdict) -> str:
    """The kind of a notice that an answer was replaced, with what it said and what the other one says."""
    return f"replaced:{before}:{now}" if before != now else "replaced"


def base_kind(kind: str) -> str:
    """The key in `KINDS` of a stored kind."""
    return kind.partition(":")[0]


def describe(words: Words, kind: str) -> str:
    """What a notice of this stored kind says."""
    base, *verdicts = kind.split(":")
    if not verdicts:
        return words(KINDS[base])
    before, now = (words(VERDICTS[Verdict(verdict)]) for verdict in verdicts)
    return words(OTHER_VERDICT, before=before, now=now)


async def tell(
    session: AsyncSession,
    editor_ids: Collection[str],
    kind: str,
    *,
    article_id: str | None = None,
    reply_id: str | None = None,
) -> None:
    """Put a notice into the inbox of those of these people who have an account here."""
    rows = await session.scalars(select(col(Editor.id)).where(col(Editor.id).in_(editor_ids)))
    for editor_id in rows:
        session.add(EditorNotice(editor_id=editor_id, kind=kind, article_id=article_id, reply_id=reply_id))


async def tell_authors(database: Database) -> int:
    """Tell authors what the rule has decided since this was last done; returns how many decisions were looked at."""
    async with database.transaction() as session:
        position = await session.get(LogPosition, READER, with_for_update=True) or LogPosition(reader=READER, seq=0)
        rows = await session.scalars(
            select(VerificationDecision)
            .where(col(VerificationDecision.id) > position.seq)
            .order_by(col(VerificationDecision.id))
            .limit(500)
        )
        decisions = list(rows)
        for decision in decisions:
            kind = OUTCOMES.get(decision.outcome)
            link = await session.get(ArticleReply, (decision.article_id, decision.reply_id))
            if kind and link is not None and (decision.public_at is None or decision.public_at <= utc_now()):
                authors = await load_authors(session, link)
                await tell(session, authors, kind, article_id=decision.article_id, reply_id=decision.reply_id)
            position.seq = decision.id or position.seq
        session.add(position)
    return len(decisions)


async def send_digests(
    database: Database, mailer: Mailer | None, words_of: dict[str, Words], url: str, now: datetime
) -> int:
    """Mail those who chose so how much is new, at most once a day; returns how many mails went out."""
    if mailer is None:
        return 0
    async with database.reading() as session:
        unread = await session.execute(
            select(Editor, func.count(), func.max(col(EditorNotice.id)))
            .join(EditorNotice, col(EditorNotice.editor_id) == col(Editor.id))
            .where(
                col(Editor.wants_digest),
                col(Editor.email).is_not(None),
                col(Editor.blocked_at).is_(None),
                col(EditorNotice.read_at).is_(None),
                (col(Editor.digest_sent_at).is_(None)) | (col(EditorNotice.created_at) > col(Editor.digest_sent_at)),
                (col(Editor.digest_sent_at).is_(None)) | (col(Editor.digest_sent_at) < now - DIGEST_EVERY),
            )
            .group_by(col(Editor.id))
        )
        due = [(editor, number) for editor, number, _ in unread]
    sent = 0
    for editor, number in due:
        words = words_of.get(editor.language or "") or next(iter(words_of.values()))
        subject = words(DIGEST_SUBJECT, number=number)
        try:
            await mailer.send(editor.email or "", subject, f"{subject}\n\n{url}/inbox\n")
        except OSError:
            continue
        async with database.transaction() as session:
            own = await session.get_one(Editor, editor.id)
            own.digest_sent_at = now
            session.add(own)
        sent += 1
    return sent
