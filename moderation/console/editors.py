"""Editors: the volunteers with an account, their roles, and how they come to have one."""

import hashlib
import hmac
import re
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.refit import grant_trust
from moderation.trust import EARNED
from storage.tables import Editor, EditorSession, PushSubscription, RaterStanding, Role

EMAIL = re.compile(r"[^@\s<>\"]{1,64}@[^@\s<>\"]{1,190}\.[^@\s<>\".]{2,}")


class EditorError(Exception):
    """This cannot be done with an account."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class MalformedEmailError(EditorError):
    """This is no e-mail address."""


class UnknownEditorError(EditorError):
    """There is no such account."""


def normalise_email(email: str) -> str:
    """The address as it is stored. Raises `MalformedEmailError`."""
    address = email.strip().lower()
    if not EMAIL.fullmatch(address):
        raise MalformedEmailError
    return address


def hash_line_subject(secret_key: str, subject: str) -> str:
    """What is stored of LINE Login's user id: LINE's own ids never lie in the console's tables."""
    return hmac.new(secret_key.encode(), b"line-login:" + subject.encode(), hashlib.sha256).hexdigest()


async def find_by_email(session: AsyncSession, email: str) -> Editor | None:
    return (await session.scalars(select(Editor).where(col(Editor.email) == email))).first()


async def find_by_line(session: AsyncSession, line_subject: str) -> Editor | None:
    return (await session.scalars(select(Editor).where(col(Editor.line_subject) == line_subject))).first()


async def add_editor(session: AsyncSession, email: str, role: Role, now: datetime) -> Editor:
    """Invite somebody, or give whoever has this address the role. Raises `MalformedEmailError`."""
    address = normalise_email(email)
    editor = await find_by_email(session, address)
    if editor is None:
        editor = Editor(email=address, role=role, created_at=now)
        session.add(editor)
        await session.flush()
    await give_role(session, editor.id, role, now)
    return editor


async def give_role(session: AsyncSession, editor_id: str, role: Role, now: datetime) -> None:
    """Give a role by hand. One that can also be earned holds until the record speaks for itself."""
    editor = await session.get(Editor, editor_id)
    if editor is None:
        raise UnknownEditorError
    editor.role = role
    session.add(editor)
    await grant_trust(session, editor_id, role, now)


def choose_role(editor: Editor, standing: RaterStanding | None) -> Role | None:
    """What the person is now: what was given by hand, or what their record has earned. None: blocked."""
    if editor.blocked_at is not None or (standing is not None and standing.blocked):
        return None
    if editor.role not in EARNED:
        return editor.role
    return standing.level if standing is not None else editor.role


async def end_sessions(session: AsyncSession, editor_id: str, *, but: str | None = None) -> None:
    """Sign somebody out everywhere, or everywhere else; they are told nothing there any more."""
    kept = but or ""
    await session.execute(
        delete(EditorSession).where(col(EditorSession.editor_id) == editor_id, col(EditorSession.id) != kept)
    )
    await session.execute(
        delete(PushSubscription).where(
            col(PushSubscription.editor_id) == editor_id, col(PushSubscription.session_id) != kept
        )
    )


def display_name(editor: Editor) -> str:
    """How other volunteers see this person."""
    return editor.name or editor.id[:6]
