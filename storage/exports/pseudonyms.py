"""Pseudonyms of exported rows: keyed by the quarter in which the row was written.

The quarter is the row's own and not the release's. A person can be followed through one quarter and no further, in one
release or in all of them together: if each release had a key of its own, the unchanged row ids would tell which
pseudonym of the one is which of the next.
"""

import base64
import hmac
import re
from datetime import datetime

UNDATED = "undated"
DIGEST_BYTES = 15
PUBLIC = re.compile(r"(?:\d{4}Q[1-4]|undated)\.[A-Za-z0-9_-]{20}")
"""A pseudonym that an instance has released already: an import brought it here, and it is passed on as it is."""


def epoch_of(moment: datetime | None) -> str:
    """The calendar quarter, `2026Q4`."""
    return f"{moment.year}Q{(moment.month + 2) // 3}" if moment else UNDATED


class EpochPseudonyms:
    """Makes public pseudonyms from the database's own ones, under one secret key."""

    def __init__(self, secret_key: str) -> None:
        self._root = hmac.digest(secret_key.encode(), b"chaming.exports", "sha256")
        self._started: dict[str, hmac.HMAC] = {}

    def of(self, person: str, moment: datetime | None) -> str:
        """`QUARTER.` and 120 bits; the same person in another quarter is somebody else."""
        if PUBLIC.fullmatch(person):
            return person
        epoch = epoch_of(moment)
        if epoch not in self._started:
            key = hmac.digest(self._root, epoch.encode(), "sha256")
            self._started[epoch] = hmac.new(key, digestmod="sha256")
        mac = self._started[epoch].copy()
        mac.update(person.encode())
        return f"{epoch}.{base64.urlsafe_b64encode(mac.digest()[:DIGEST_BYTES]).decode()}"
