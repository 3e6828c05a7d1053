"""Payloads are encrypted before they reach a database, so that no journal, write-ahead log or backup holds a message.

AES-256-GCM with a fresh 96-bit nonce each, bound to the event's id: a payload moved to another row does not open.
"""

import secrets
from collections.abc import Callable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12
NONCES_AT_ONCE = 256
KEY_BYTES = 32


Seal = Callable[[str, bytes], bytes]
"""Encrypts the payload of the event with this id."""


class UnreadablePayloadError(Exception):
    """The payload does not open: SECRET_KEY has changed since it was stored, or the row was tampered with."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


def derive_payload_key(secret_key: str) -> bytes:
    """The inbox's own key, from the setting `SECRET_KEY` (HKDF-SHA256, RFC 5869)."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"chaming inbox payload").derive(secret_key.encode())


class PayloadCipher:
    """Seals and opens payloads under one key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"the payload key has {KEY_BYTES} bytes, not {len(key)}")
        self._aead = AESGCM(key)
        self._nonces: Iterator[bytes] = iter(())

    def seal(self, event_id: str, payload: bytes) -> bytes:
        """To be called by one thread only. One after another it costs 1 µs, between other work eight."""
        nonce = next(self._nonces, None) or self._draw_nonces()
        return nonce + self._aead.encrypt(nonce, payload, event_id.encode())

    def _draw_nonces(self) -> bytes:
        """Ask the system for many nonces at once: each time it gives up the interpreter lock, which costs far more."""
        drawn = secrets.token_bytes(NONCE_BYTES * NONCES_AT_ONCE)
        self._nonces = iter([drawn[start : start + NONCE_BYTES] for start in range(0, len(drawn), NONCE_BYTES)])
        return next(self._nonces)

    def open(self, event_id: str, sealed: bytes) -> bytes:
        try:
            return self._aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], event_id.encode())
        except (InvalidTag, ValueError) as error:
            raise UnreadablePayloadError from error
