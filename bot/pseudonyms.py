"""Keyed pseudonyms: how everything but a push names a person or a chat.

The same LINE id always gives the same pseudonym under one secret key, and nobody without the key can tell whose it is
or make one. LINE's own ids live in `asker.line_user_id` and in the encrypted inbox payloads alone.
"""

import base64
import hmac
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from storage.exports.pseudonyms import EpochPseudonyms

DIGEST_BYTES = 15
"""120 bits, 20 characters: as long as `storage.tables.new_id`."""


class Pseudonyms:
    """Makes pseudonyms under one secret key."""

    def __init__(self, secret_key: str) -> None:
        # A started HMAC is copied rather than begun anew: half the time, and it keeps the interpreter lock, which a
        # busy writer thread would take milliseconds to give back.
        self._chats, self._messages, self._words = (
            HMAC(hmac.digest(secret_key.encode(), purpose, "sha256"), SHA256())
            for purpose in (b"chaming.pseudonyms", b"chaming.messages", b"chaming.words")
        )
        self._released = EpochPseudonyms(secret_key)

    def of(self, line_id: str) -> str:
        """The pseudonym of a LINE user, group or room id."""
        return _digest(self._chats, line_id)

    def of_message(self, chat: str, message_id: str) -> str:
        """What names a message of a chat, so that it is known again when it is redelivered or unsent."""
        return _digest(self._messages, f"{chat} {message_id}")

    def of_writer(self, contributor: str, written_at: datetime | None) -> str:
        """What a volunteer is called in public, as releases call them: by another name in each quarter.

        One lasting name beside every answer would tell whose name in one quarter is whose in the next.
        """
        return self._released.of(contributor, written_at).rpartition(".")[2]

    def of_words(self, matching_key: str) -> str:
        """What two messages with the same matching key share; without the key nobody can test a guess against it."""
        return _digest(self._words, matching_key)


def _digest(started: HMAC, text: str) -> str:
    mac = started.copy()
    mac.update(text.encode("utf-8", "surrogatepass"))
    return base64.urlsafe_b64encode(mac.finalize()[:DIGEST_BYTES]).decode()
