"""LINE Login: OAuth's code flow with state, nonce and PKCE; the id token is verified at LINE's own endpoint.

A web channel's id tokens are signed with the channel secret (HS256), so there is no public key to check them by.
"""

import base64
import hashlib
import secrets
from dataclasses import asdict, dataclass
from urllib.parse import urlencode

from aiohttp import ClientError, ClientSession, ClientTimeout
from itsdangerous import BadSignature, URLSafeTimedSerializer

from moderation.console.context import ConsoleContext, LineLoginSettings

LASTS_S = 600
TIMEOUT = ClientTimeout(total=10)
ISSUER = "https://access.line.me"


class LineLoginError(Exception):
    """LINE did not confirm who this is."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What must come back as it went out; kept in a signed cookie of ten minutes."""

    state: str
    nonce: str
    verifier: str
    next: str


@dataclass(frozen=True, slots=True)
class LinePerson:
    subject: str
    name: str


def begin_attempt(wanted: str) -> Attempt:
    return Attempt(secrets.token_urlsafe(16), secrets.token_urlsafe(16), secrets.token_urlsafe(48), wanted)


def seal(context: ConsoleContext, attempt: Attempt) -> str:
    return _serializer(context).dumps(asdict(attempt))


def unseal(context: ConsoleContext, cookie: str) -> Attempt:
    """Raises `LineLoginError`."""
    try:
        return Attempt(**_serializer(context).loads(cookie, max_age=LASTS_S))
    except (BadSignature, TypeError) as error:
        raise LineLoginError from error


def authorize_url(context: ConsoleContext, settings: LineLoginSettings, attempt: Attempt) -> str:
    """Where the person is sent to."""
    challenge = hashlib.sha256(attempt.verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": settings.channel_id,
        "redirect_uri": redirect_uri(context),
        "state": attempt.state,
        "nonce": attempt.nonce,
        "scope": "openid profile",
        "code_challenge": base64.urlsafe_b64encode(challenge).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    return f"{settings.authorize_url}/oauth2/v2.1/authorize?{urlencode(query)}"


async def find_person(context: ConsoleContext, settings: LineLoginSettings, attempt: Attempt, code: str) -> LinePerson:
    """Exchange the code and let LINE verify the token. Raises `LineLoginError`."""
    exchange = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri(context),
        "client_id": settings.channel_id,
        "client_secret": settings.channel_secret,
        "code_verifier": attempt.verifier,
    }
    async with ClientSession(timeout=TIMEOUT) as client:
        tokens = await _post(client, f"{settings.api_url}/oauth2/v2.1/token", exchange)
        asked = {"id_token": str(tokens.get("id_token", "")), "client_id": settings.channel_id, "nonce": attempt.nonce}
        claims = await _post(client, f"{settings.api_url}/oauth2/v2.1/verify", asked)
    subject = claims.get("sub")
    expected = (ISSUER, settings.channel_id, attempt.nonce)
    if (claims.get("iss"), claims.get("aud"), claims.get("nonce")) != expected or not isinstance(subject, str):
        raise LineLoginError
    return LinePerson(subject, str(claims.get("name", ""))[:40])


def redirect_uri(context: ConsoleContext) -> str:
    return f"{context.url}/sign-in/line/back"


async def _post(client: ClientSession, url: str, fields: dict[str, str]) -> dict[str, object]:
    try:
        async with client.post(url, data=fields, allow_redirects=False) as answer:
            body = await answer.json(content_type=None)
    except (ClientError, TimeoutError, ValueError) as error:
        raise LineLoginError from error
    if answer.status != 200 or not isinstance(body, dict):
        raise LineLoginError
    return body


def _serializer(context: ConsoleContext) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(context.secret_key, salt="line-login")
