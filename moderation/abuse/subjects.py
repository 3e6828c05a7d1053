"""What is reported and hidden: a message, an answer, a wording, a reader's comment, a rating, a person.

A form is offered subjects by name and gives a name back, which is looked up among what that reader may see: so nobody
reports, or reads, what they could not see before.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.rating import load_authors
from storage.articles import PUBLISHED
from storage.askers import SOURCE
from storage.tables import (
    Article,
    ArticleReply,
    ArticleReplyFeedback,
    ArticleVariant,
    Editor,
    ModerationCase,
    Rating,
    Reply,
    Status,
    SubjectKind,
)


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing. `id` is the wording, comment, rating, account or asker."""

    kind: SubjectKind
    article_id: str | None = None
    reply_id: str | None = None
    id: str | None = None

    @classmethod
    def of(cls, case: ModerationCase) -> "Subject":
        return cls(case.about, case.article_id, case.reply_id, case.subject_id or case.editor_id)

    @property
    def name(self) -> str:
        """As forms and the audit log name it."""
        return ":".join(part for part in (self.kind.value, self.article_id, self.reply_id, self.id) if part)


@dataclass(frozen=True, slots=True)
class Shown:
    """A subject, and the text somebody is shown for it; of a person and a rating there is none."""

    subject: Subject
    text: str | None = None


async def load_subjects(
    session: AsyncSession, article_id: str, reply_id: str | None, *, viewer: str | None, sees_ratings: bool = False
) -> list[Shown]:
    """What this reader may report about a message, or about one answer to it: that first.

    `viewer` is an account; None: nobody is signed in.
    """
    article = await session.get(Article, article_id)
    if article is None:
        return []
    links = [
        (link, text)
        for link, text in await _load_links(session, article_id, reply_id)
        if await _may_see(session, article, link, viewer)
    ]
    shown = [
        Shown(Subject(SubjectKind.ANSWER, link.article_id, link.reply_id), text)
        for link, text in links
        if link.status == Status.NORMAL or reply_id
    ]
    if article.status == Status.NORMAL:
        shown.insert(len(shown) if reply_id else 0, Shown(Subject(SubjectKind.ARTICLE, article_id), article.text))
        if viewer is not None:
            shown += await _load_of_volunteers(session, links, article_id, reply_id, sees_ratings=sees_ratings)
    return shown


async def find_person(session: AsyncSession, subject: Subject) -> Subject | None:
    """Whose doing it is: an account or an asker; None: nobody known here."""
    if subject.kind in {SubjectKind.EDITOR, SubjectKind.ASKER}:
        return Subject(subject.kind, id=subject.id) if subject.id else None
    if subject.kind == SubjectKind.ANSWER:
        link = await session.get(ArticleReply, (subject.article_id, subject.reply_id))
        known = await session.get(Editor, link.contributor) if link and link.contributor else None
        return Subject(SubjectKind.EDITOR, id=known.id) if known else None
    if subject.kind == SubjectKind.RATING and subject.id:
        rating = await session.get(Rating, int(subject.id))
        return Subject(SubjectKind.EDITOR, id=rating.rater) if rating else None
    sender = await _find_sender(session, subject)
    return Subject(SubjectKind.ASKER, id=sender) if sender else None


async def find_text(session: AsyncSession, subject: Subject) -> str | None:
    """What it says, hidden or not: for moderators."""
    if subject.kind == SubjectKind.COMMENT and subject.id:
        vote = await session.get(ArticleReplyFeedback, int(subject.id))
        return vote.comment if vote else None
    if subject.kind == SubjectKind.WORDING and subject.id:
        wording = await session.get(ArticleVariant, subject.id)
        return wording.text if wording else None
    if subject.reply_id:
        reply = await session.get(Reply, subject.reply_id)
        return reply.text if reply else None
    article = await session.get(Article, subject.article_id) if subject.article_id else None
    return article.text if article else None


async def _may_see(session: AsyncSession, article: Article, link: ArticleReply, viewer: str | None) -> bool:
    """What is public, everybody; what is not yet, volunteers; what was hidden or refused, its authors."""
    is_hidden = link.status != Status.NORMAL or article.status != Status.NORMAL
    if not is_hidden and (viewer is not None or link.state in PUBLISHED):
        return True
    return viewer is not None and viewer in await load_authors(session, link)


async def _load_links(
    session: AsyncSession, article_id: str, reply_id: str | None
) -> Sequence[tuple[ArticleReply, str]]:
    wanted = (
        select(ArticleReply, col(Reply.text))
        .join(Reply, col(Reply.id) == col(ArticleReply.reply_id))
        .where(col(ArticleReply.article_id) == article_id)
        .order_by(col(ArticleReply.created_at), col(ArticleReply.reply_id))
    )
    if reply_id:
        wanted = wanted.where(col(ArticleReply.reply_id) == reply_id)
    return [(link, text) for link, text in await session.execute(wanted)]


async def _load_of_volunteers(
    session: AsyncSession,
    links: Sequence[tuple[ArticleReply, str]],
    article_id: str,
    reply_id: str | None,
    *,
    sees_ratings: bool,
) -> list[Shown]:
    """Wordings of the message; of one answer, who wrote it, what readers wrote of it, and how it was rated."""
    if reply_id is None:
        wordings = await session.scalars(
            select(ArticleVariant)
            .where(col(ArticleVariant.article_id) == article_id, col(ArticleVariant.detached_at).is_(None))
            .order_by(col(ArticleVariant.created_at))
        )
        return [Shown(Subject(SubjectKind.WORDING, article_id, id=each.id), each.text) for each in wordings]
    shown = []
    for link, _ in links:
        if link.contributor and await session.get(Editor, link.contributor) is not None:
            shown.append(Shown(Subject(SubjectKind.EDITOR, article_id, link.reply_id)))
    comments = await session.scalars(
        select(ArticleReplyFeedback)
        .where(
            col(ArticleReplyFeedback.article_id) == article_id,
            col(ArticleReplyFeedback.reply_id) == reply_id,
            col(ArticleReplyFeedback.comment).is_not(None),
            col(ArticleReplyFeedback.status) == Status.NORMAL,
        )
        .order_by(col(ArticleReplyFeedback.id))
    )
    shown += [
        Shown(Subject(SubjectKind.COMMENT, article_id, reply_id, str(each.id)), each.comment) for each in comments
    ]
    if sees_ratings:
        ratings = await session.scalars(
            select(Rating)
            .where(col(Rating.article_id) == article_id, col(Rating.reply_id) == reply_id)
            .order_by(col(Rating.id))
        )
        shown += [Shown(Subject(SubjectKind.RATING, article_id, reply_id, str(each.id))) for each in ratings]
    return shown


async def _find_sender(session: AsyncSession, subject: Subject) -> str | None:
    """The asker whose words these are, where they were sent in here."""
    if subject.kind == SubjectKind.COMMENT and subject.id:
        vote = await session.get(ArticleReplyFeedback, int(subject.id))
        return vote.contributor if vote else None
    if subject.kind == SubjectKind.WORDING and subject.id:
        wording = await session.get(ArticleVariant, subject.id)
        return wording.contributor if wording and wording.source == SOURCE else None
    if subject.kind == SubjectKind.ARTICLE and subject.article_id:
        article = await session.get(Article, subject.article_id)
        return article.contributor if article and article.source == SOURCE else None
    return None
