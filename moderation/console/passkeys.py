"""Passkeys (WebAuthn): made, shown, removed. The protocol is py_webauthn's; what is ours is the challenge.

A challenge is signed instead of stored: it names the session and the purpose it was made for, and is good for five
minutes. So every process of a deployment can check what another one asked.
"""

import hashlib
import hmac
import secrets
import struct
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from moderation.console.context import ConsoleContext
from moderation.console.sessions import SignedIn, confirm
from storage.tables import Passkey

CHALLENGE_LASTS_S = 300
MAX_PASSKEYS = 10
MAX_NAME = 40

Purpose = Literal["add", "show"]


class PasskeyError(Exception):
    """This passkey cannot be used: it is unknown here, too late, or not what was asked for."""


def make_challenge(context: ConsoleContext, session_id: str, purpose: Purpose) -> bytes:
    body = secrets.token_bytes(16) + struct.pack(">Q", int(context.now().timestamp()))
    return body + _sign(context, session_id, purpose, body)


async def begin_adding(session: AsyncSession, context: ConsoleContext, signed_in: SignedIn) -> str:
    """What the browser needs to make a passkey, as JSON."""
    known = await load_passkeys(session, signed_in.editor.id)
    options = generate_registration_options(
        rp_id=_host(context),
        rp_name="查明 chaming",
        user_id=signed_in.editor.id.encode(),
        user_name=signed_in.editor.email or signed_in.editor.name or signed_in.editor.id[:8],
        challenge=make_challenge(context, signed_in.session.id, "add"),
        exclude_credentials=[_describe(passkey) for passkey in known],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
    )
    return options_to_json(options)


async def add_passkey(
    session: AsyncSession, context: ConsoleContext, signed_in: SignedIn, credential: dict[str, Any], name: str
) -> None:
    """Store the passkey that the browser made; it counts as shown. Raises `PasskeyError`."""
    known = await load_passkeys(session, signed_in.editor.id)
    try:
        verified = verify_registration_response(
            credential=credential,
            expected_challenge=_take_challenge(context, signed_in.session.id, "add", credential),
            expected_rp_id=_host(context),
            expected_origin=_origin(context),
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise PasskeyError from error
    passkey_id = bytes_to_base64url(verified.credential_id)
    if len(known) >= MAX_PASSKEYS or await session.get(Passkey, passkey_id) is not None:
        raise PasskeyError
    session.add(
        Passkey(
            id=passkey_id,
            editor_id=signed_in.editor.id,
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
            name=" ".join(name.split())[:MAX_NAME],
            created_at=context.now(),
        )
    )
    await confirm(session, signed_in.session.id, context.now())


async def begin_showing(session: AsyncSession, context: ConsoleContext, signed_in: SignedIn) -> str:
    """What the browser needs to show a passkey, as JSON."""
    known = await load_passkeys(session, signed_in.editor.id)
    options = generate_authentication_options(
        rp_id=_host(context),
        challenge=make_challenge(context, signed_in.session.id, "show"),
        allow_credentials=[_describe(passkey) for passkey in known],
    )
    return options_to_json(options)


async def show_passkey(
    session: AsyncSession, context: ConsoleContext, signed_in: SignedIn, credential: dict[str, Any], now: datetime
) -> None:
    """Let the session count as confirmed. Raises `PasskeyError`."""
    passkey = await session.get(Passkey, str(credential.get("id", "")), with_for_update=True)
    if passkey is None or passkey.editor_id != signed_in.editor.id:
        raise PasskeyError
    try:
        verified = verify_authentication_response(
            credential=credential,
            expected_challenge=_take_challenge(context, signed_in.session.id, "show", credential),
            expected_rp_id=_host(context),
            expected_origin=_origin(context),
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise PasskeyError from error
    passkey.sign_count, passkey.used_at = verified.new_sign_count, now
    session.add(passkey)
    await confirm(session, signed_in.session.id, now)


async def load_passkeys(session: AsyncSession, editor_id: str) -> list[Passkey]:
    rows = await session.scalars(
        select(Passkey).where(col(Passkey.editor_id) == editor_id).order_by(col(Passkey.created_at))
    )
    return list(rows)


def _take_challenge(context: ConsoleContext, session_id: str, purpose: Purpose, credential: dict[str, Any]) -> bytes:
    """The challenge that the browser answered, when it is one of ours for this. Raises `PasskeyError`."""
    answered = parse_client_data_json(base64url_to_bytes(credential["response"]["clientDataJSON"])).challenge
    body, signature = answered[:24], answered[24:]
    made_at = struct.unpack(">Q", body[16:24])[0] if len(body) == 24 else 0
    is_fresh = 0 <= context.now().timestamp() - made_at <= CHALLENGE_LASTS_S
    if not is_fresh or not hmac.compare_digest(signature, _sign(context, session_id, purpose, body)):
        raise PasskeyError
    return answered


def _sign(context: ConsoleContext, session_id: str, purpose: Purpose, body: bytes) -> bytes:
    message = f"passkey:{purpose}:{session_id}:".encode() + body
    return hmac.new(context.secret_key.encode(), message, hashlib.sha256).digest()[:16]


def _describe(passkey: Passkey) -> PublicKeyCredentialDescriptor:
    return PublicKeyCredentialDescriptor(id=base64url_to_bytes(passkey.id))


def _host(context: ConsoleContext) -> str:
    return urlsplit(context.public_url).hostname or "localhost"


def _origin(context: ConsoleContext) -> str:
    parts = urlsplit(context.public_url)
    return f"{parts.scheme}://{parts.netloc}"
