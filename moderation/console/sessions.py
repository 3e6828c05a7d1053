"""Signed-in browsers: begun, found, watched, ended. Identity, device and trust are each looked at on every request."""

import hashlib
import hmac
import ipaddress
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, ScalarSelect, bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, Session
from sqlmodel import col

from moderation.console.editors import choose_role
from storage.tables import (
    Editor,
    EditorNotice,
    EditorSession,
    Passkey,
    PushSubscription,
    RaterStanding,
    Role,
    SignInLink,
)

LASTS = timedelta(days=14)
"""How long a session lives when nothing is done in it; each use renews it."""
SEEN_EVERY = timedelta(minutes=5)
"""How exactly it is known when a session was last used."""
CONFIRMED_FOR = timedelta(minutes=10)
"""How long after a passkey was shown a sensitive act asks for none."""
LINK_LASTS = timedelta(minutes=30)

_BROWSERS = ("Firefox", "Edg", "OPR", "SamsungBrowser", "Line", "Chrome", "Safari")
_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request comes from: the kind of device, and a keyed hash of the network's prefix."""

    device: str
    network: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is asking, and how sure we are of it."""

    editor: Editor
    role: Role
    session: EditorSession
    has_passkey: bool
    unread: int = 0
    """Notices in the inbox."""

    @property
    def must_add_passkey(self) -> bool:
        """Administrators do nothing before they have one."""
        return self.role == Role.ADMINISTRATOR and not self.has_passkey

    @property
    def must_confirm(self) -> bool:
        """The second step is still to be taken."""
        is_first = self.has_passkey and self.session.confirmed_at is None and self.role != Role.NEWCOMER
        return is_first or self.session.must_confirm

    def is_confirmed(self, now: datetime) -> bool:
        """Whether a passkey was shown lately; who has none has just signed in instead."""
        since = self.session.confirmed_at if self.has_passkey else self.session.created_at
        return since is not None and now - since < CONFIRMED_FOR


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def to_place(secret_key: str, user_agent: str, address: str | None) -> Place:
    """Browser and system in two words; the address' /24 or /48, hashed, so that no address is stored."""
    browser = next((name for name in _BROWSERS if re.search(rf"\b{name}/", user_agent)), "?")
    system = next((name for name in _SYSTEMS if name in user_agent), "?")
    try:
        parsed = ipaddress.ip_address(address or "")
        prefix = str(ipaddress.ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False))
    except ValueError:
        prefix = "unknown"
    network = hmac.new(secret_key.encode(), f"network:{prefix}".encode(), hashlib.sha256).hexdigest()[:32]
    return Place(f"{browser} · {system}", network)


def _count_own(column: Mapped[str], *conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    """So many rows are the person's own."""
    return select(func.count()).where(column == col(Editor.id), *conditions).correlate(Editor).scalar_subquery()


_SIGNED_IN = (
    select(
        EditorSession,
        Editor,
        RaterStanding,
        _count_own(col(Passkey.editor_id)),
        _count_own(col(EditorNotice.editor_id), col(EditorNotice.read_at).is_(None)),
    )
    .join(Editor, col(Editor.id) == col(EditorSession.editor_id))
    .outerjoin(RaterStanding, col(RaterStanding.rater) == col(Editor.id))
    .where(
        col(EditorSession.token_hash) == bindparam("token_hash"),
        col(EditorSession.expires_at) > bindparam("now"),
    )
)
"""Built once: building it takes longer than the database does."""


async def make_link(session: AsyncSession, editor_id: str, now: datetime, lasts: timedelta = LINK_LASTS) -> str:
    """Make a one-time sign-in link; returns its token, of which only the hash is kept."""
    token = secrets.token_urlsafe(32)
    session.add(SignInLink(token_hash=hash_token(token), editor_id=editor_id, expires_at=now + lasts))
    await session.flush()
    return token


async def use_link(session: AsyncSession, token: str, now: datetime) -> Editor | None:
    """Whom the link signs in; None when it is unknown, used or too old, or the account is blocked."""
    link = await session.get(SignInLink, hash_token(token), with_for_update=True)
    if link is None or link.used_at is not None or link.expires_at <= now:
        return None
    link.used_at = now
    session.add(link)
    editor = await session.get_one(Editor, link.editor_id)
    return None if editor.blocked_at else editor


async def begin_session(session: AsyncSession, editor_id: str, place: Place, now: datetime) -> str:
    """Sign somebody in; returns the cookie's value."""
    token = secrets.token_urlsafe(32)
    session.add(
        EditorSession(
            editor_id=editor_id,
            token_hash=hash_token(token),
            device=place.device,
            network=place.network,
            created_at=now,
            seen_at=now,
            expires_at=now + LASTS,
        )
    )
    await session.flush()
    return token


def find_signed_in(session: Session, token: str, now: datetime) -> SignedIn | None:
    """Who has this cookie; None when the session has ended or the account is blocked. One statement: each page asks."""
    row = session.execute(_SIGNED_IN, {"token_hash": hash_token(token), "now": now}).first()
    if row is None:
        return None
    found, editor, standing, number, news = row
    role = choose_role(editor, standing)
    return None if role is None else SignedIn(editor, role, found, bool(number), news)


def is_unusual(found: EditorSession, place: Place) -> bool:
    """The cookie comes from another device or network than it was given to."""
    return (found.device, found.network) != (place.device, place.network)


async def note_use(session: AsyncSession, session_id: str, place: Place, now: datetime, *, unusual: bool) -> None:
    """Renew a session; an unusual one is remembered under its new place, and asks for the second step."""
    found = await session.get(EditorSession, session_id)
    if found is None:
        return
    found.seen_at, found.expires_at = now, now + LASTS
    if unusual:
        found.device, found.network, found.must_confirm = place.device, place.network, True
    session.add(found)


async def confirm(session: AsyncSession, session_id: str, now: datetime) -> None:
    """A passkey was shown in this session."""
    found = await session.get_one(EditorSession, session_id)
    found.confirmed_at, found.must_confirm = now, False
    session.add(found)


async def forget_old(session: AsyncSession, now: datetime) -> int:
    """Delete sessions and links that have ended, and who was to be told there; returns how many sessions."""
    await session.execute(delete(SignInLink).where(col(SignInLink.expires_at) <= now))
    ended = select(col(EditorSession.id)).where(col(EditorSession.expires_at) <= now)
    await session.execute(delete(PushSubscription).where(col(PushSubscription.session_id).in_(ended)))
    gone = await session.execute(
        delete(EditorSession).where(col(EditorSession.expires_at) <= now).returning(col(EditorSession.id))
    )
    return len(gone.all())
