"""What one person may do in the console, and how often."""

from moderation.token_buckets import Limit as Limit
from moderation.token_buckets import TokenBuckets

SIGN_IN = Limit(10, 600)
"""Attempts to sign in, from one network."""
MAIL = Limit(3, 3600)
"""Sign-in mails to one address."""
ACTS = Limit(120, 60)
"""What one person does by pressing something."""
PAGES = Limit(600, 60)
"""Pages for one network."""
REPORTS = Limit(5, 3600)
"""Reports and appeals of one person or network."""
REPORTS_FROM_OUTSIDE = Limit(60, 3600)
"""Of all people without an account together; as many sources beside them, so that those keep no report out."""
BURST = Limit(40, 60)
"""Acts after which a passkey is asked for again."""


class RateLimits:
    """Whether one more is allowed."""

    def __init__(self) -> None:
        self._buckets = TokenBuckets()

    def take(self, limit: Limit, key: str) -> bool:
        """Whether one more is allowed now; a refused one costs nothing."""
        return self._buckets.take(limit, key) == 0.0
