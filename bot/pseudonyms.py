"""Keyed pseudonyms: how everything but a push names a person or a chat.

The same LINE id always gives the same pseudonym under one secret key, and nobody without the key can tell whose it is
or make one. LINE's own ids live in `asker.line_user_id` and in the encrypted inbox payloads alone.
"""

import base64
import hashlib
import hmac

DIGEST_BYTES = 15
"""120 bits, 20 characters: as long as `storage.tables.new_id`."""


class Pseudonyms:
    """Makes pseudonyms under one secret key."""

    def __init__(self, secret_key: str) -> None:
        self._key = hmac.digest(secret_key.encode(), b"chaming.pseudonyms", hashlib.sha256)

    def of(self, line_id: str) -> str:
        """The pseudonym of a LINE user, group or room id."""
        digest = hmac.digest(self._key, line_id.encode("utf-8", "surrogatepass"), "sha256")
        return base64.urlsafe_b64encode(digest[:DIGEST_BYTES]).decode()
