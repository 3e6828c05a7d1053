"""LINE Login as its web channels do it: authorize, token, verify. As strict as LINE, with the simulator's people.

The authorize page lists the people of the simulator, so that somebody at the demo can sign in as one of them.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from aiohttp import web

from scripts.simulator.problems import JSON
from scripts.simulator.world import User

ISSUER = "https://access.line.me"
CODE_LASTS_S = 600
TOKEN_LASTS_S = 3600
REQUIRED = ("client_id", "redirect_uri", "state", "scope")


class LoginError(Exception):
    """What LINE answers to a wrong request: an error and its description."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.body: JSON = {"error": error, "error_description": description}


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code stands for."""

    user: User
    redirect_uri: str
    nonce: str | None
    challenge: str | None
    until: float


class LoginChannel:
    """One LINE Login channel, over the people of a simulated platform."""

    def __init__(self, channel_id: str, secret: str, people: Callable[[], Iterable[User]], now: Callable[[], float]):
        self.channel_id, self.secret = channel_id, secret
        self._people, self._now = people, now
        self._grants: dict[str, Grant] = {}

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/oauth2/v2.1/authorize", self._authorize)
        app.router.add_post("/oauth2/v2.1/token", self._token)
        app.router.add_post("/oauth2/v2.1/verify", self._verify)

    def grant(self, user: User, query: JSON) -> str:
        """A code for this person, as if they had pressed "allow"; returns the address they are sent back to."""
        self._check_request(query)
        code = secrets.token_urlsafe(16)
        until = self._now() + CODE_LASTS_S
        self._grants[code] = Grant(user, query["redirect_uri"], query.get("nonce"), query.get("code_challenge"), until)
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def exchange(self, form: JSON) -> JSON:
        """The tokens for a code, once. Raises `LoginError`."""
        if form.get("grant_type") != "authorization_code":
            raise LoginError("unsupported_grant_type", "grant_type must be authorization_code")
        if (form.get("client_id"), form.get("client_secret")) != (self.channel_id, self.secret):
            raise LoginError("invalid_client", "invalid client_id or client_secret")
        grant = self._grants.pop(str(form.get("code")), None)
        if grant is None or grant.until < self._now() or grant.redirect_uri != form.get("redirect_uri"):
            raise LoginError("invalid_grant", "invalid authorization code")
        if grant.challenge is not None and grant.challenge != _challenge_of(str(form.get("code_verifier", ""))):
            raise LoginError("invalid_grant", "code_verifier does not match")
        return {
            "access_token": secrets.token_urlsafe(32),
            "token_type": "Bearer",
            "expires_in": TOKEN_LASTS_S,
            "scope": "openid profile",
            "id_token": self.make_id_token(grant.user, grant.nonce),
        }

    def verify(self, form: JSON) -> JSON:
        """The claims of an id token. Raises `LoginError`."""
        header, _, rest = str(form.get("id_token", "")).partition(".")
        payload, _, signature = rest.partition(".")
        if not hmac.compare_digest(self._sign(f"{header}.{payload}").encode(), signature.encode()):
            raise LoginError("invalid_request", "Invalid IdToken.")
        claims: JSON = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        if claims["aud"] != form.get("client_id"):
            raise LoginError("invalid_request", "Invalid IdToken Audience.")
        if claims["exp"] < self._now():
            raise LoginError("invalid_request", "IdToken expired.")
        if "nonce" in form and claims.get("nonce") != form["nonce"]:
            raise LoginError("invalid_request", "Invalid IdToken Nonce.")
        return claims

    def make_id_token(self, user: User, nonce: str | None) -> str:
        """An id token signed with the channel's secret (HS256), as web channels' are."""
        now = int(self._now())
        claims = {"iss": ISSUER, "sub": user.user_id, "aud": self.channel_id, "exp": now + TOKEN_LASTS_S, "iat": now}
        claims |= {"amr": ["linesso"], "name": user.name, **({"nonce": nonce} if nonce else {})}
        signed = f"{_encode({'typ': 'JWT', 'alg': 'HS256'})}.{_encode(claims)}"
        return f"{signed}.{self._sign(signed)}"

    def _check_request(self, query: JSON) -> None:
        if query.get("response_type") != "code" or any(not query.get(name) for name in REQUIRED):
            raise LoginError("invalid_request", "response_type, client_id, redirect_uri, state or scope is missing")
        if query["client_id"] != self.channel_id:
            raise LoginError("invalid_request", "unknown client_id")
        if "code_challenge" in query and query.get("code_challenge_method") != "S256":
            raise LoginError("invalid_request", "code_challenge_method must be S256")

    def _sign(self, text: str) -> str:
        return _plain(hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).digest())

    async def _authorize(self, request: web.Request) -> web.Response:
        """A page with one link for each person; whoever presses it is sent back with a code."""
        query = dict(request.query)
        chosen = query.pop("as", None)
        try:
            self._check_request(query)
            for user in self._people():
                if user.user_id == chosen:
                    raise web.HTTPFound(self.grant(user, query))
        except LoginError as error:
            return web.json_response(error.body, status=400)
        links = "".join(
            f'<li><a href="?{escape(urlencode({**query, "as": user.user_id}))}">{escape(user.name)}</a></li>'
            for user in self._people()
        )
        page = (
            f'<!doctype html><html lang="zh-Hant"><title>LINE Login</title><h1>LINE Login</h1><ul>{links}</ul></html>'
        )
        return web.Response(text=page, content_type="text/html")

    async def _token(self, request: web.Request) -> web.Response:
        return await _answer(request, self.exchange)

    async def _verify(self, request: web.Request) -> web.Response:
        return await _answer(request, self.verify)


async def _answer(request: web.Request, act: Callable[[JSON], JSON]) -> web.Response:
    try:
        return web.json_response(act({key: str(value) for key, value in (await request.post()).items()}))
    except LoginError as error:
        return web.json_response(error.body, status=400)


def _challenge_of(verifier: str) -> str:
    return _plain(hashlib.sha256(verifier.encode()).digest())


def _encode(part: JSON) -> str:
    return _plain(json.dumps(part).encode())


def _plain(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
