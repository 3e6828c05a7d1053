"""Channel access tokens: the channel's long-lived one, and stateless ones that expire after 15 minutes."""

import hmac
import secrets

from scripts.simulator.clock import Clock
from scripts.simulator.errors import UNAUTHORIZED, LineError
from scripts.simulator.problems import JSON
from scripts.simulator.world import Channel

STATELESS_SECONDS = 900
LONG_LIVED_SECONDS = 30 * 24 * 3600
GRANT = "client_credentials"


class AccessTokens:
    """Issues stateless tokens and recognises those that are good now."""

    def __init__(self, channel: Channel, clock: Clock) -> None:
        self._channel = channel
        self._clock = clock
        self._expiry: dict[str, float] = {}

    def issue_stateless(self, form: dict[str, str]) -> JSON:
        """Answer `POST /oauth2/v3/token`. Errors have OAuth's shape, not the Messaging API's."""
        if form.get("grant_type") != GRANT:
            raise _oauth_error("unsupported_grant_type", "grant_type must be client_credentials")
        if "client_assertion" in form:
            raise _oauth_error("invalid_client", "this simulator knows client_id and client_secret only")
        right_id = form.get("client_id") == self._channel.channel_id
        if not right_id or not hmac.compare_digest(form.get("client_secret", ""), self._channel.secret):
            raise _oauth_error("invalid_client", "invalid client_secret")
        token = secrets.token_urlsafe(128)
        self._expiry[token] = self._clock.now() + STATELESS_SECONDS
        return {"token_type": "Bearer", "access_token": token, "expires_in": STATELESS_SECONDS}

    def check(self, authorization: str | None) -> None:
        """Raise LINE's 401 unless the header carries a token that is good now."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme != "Bearer" or self.seconds_left(token) <= 0:
            raise LineError(401, UNAUTHORIZED)

    def seconds_left(self, token: str) -> int:
        """Return how long the token is good for; 0 when it is expired or unknown."""
        if hmac.compare_digest(token.encode(), self._channel.access_token.encode()):
            return LONG_LIVED_SECONDS
        return max(0, int(self._expiry.get(token, 0) - self._clock.now()))

    def verify(self, token: str) -> JSON:
        """Answer LINE's two token-verifying operations."""
        left = self.seconds_left(token)
        if left <= 0:
            raise _oauth_error("invalid_request", "access token expired")
        return {"client_id": self._channel.channel_id, "expires_in": left, "scope": "profile chat_message.write"}

    def revoke_all(self) -> None:
        """Make every token bad at once: the channel's long-lived one was reissued, the stateless ones have expired."""
        self._expiry.clear()
        self._channel.access_token = secrets.token_urlsafe(96)


def _oauth_error(error: str, description: str) -> LineError:
    refused = LineError(400, description)
    refused.body = {"error": error, "error_description": description}
    return refused
