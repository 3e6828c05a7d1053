"""Which published releases hold something that was taken back since: what a person unsent, what moderators hid.

Nobody who erases anything has to think of it. A release is taken apart into *units* (a message, an answer, a link
between the two, a person's part in either, and each text that somebody wrote), and whatever unit of it the release
being made no longer has was taken back. A correction takes nothing back, for the earlier version stays public; nor
does a merger, for the message stays as a wording under its own id. What an import's source corrects has no earlier
version here, so the words of its answers do not count; that the answer is there does.
"""

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

from storage.exports.catalogue import BY_NAME, TABLES
from storage.exports.cleaning import to_day
from storage.exports.columns import ExportTable, Kind
from storage.exports.delta import names_gone_rows
from storage.exports.manifest import Manifest
from storage.exports.readers import read_table

WORDS, ANSWERS, LINKS = "words", "answers", "links"
HELD: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "articles": (WORDS, ("id",)),
    "article_variants": (WORDS, ("id",)),
    "replies": (ANSWERS, ("id",)),
    "reply_versions": (ANSWERS, ("reply_id",)),
    "article_replies": (LINKS, ("article_id", "reply_id")),
    "ratings": ("ratings", ("article_id", "reply_id")),
    "reply_requests": ("requests", ("variant_id", "article_id")),
    "article_reply_feedbacks": ("feedbacks", ("article_id", "reply_id")),
}
"""By table: whose units it holds, and the columns that say of what. A request belongs to the wording it was made
with, or else to its article, and so it stays the same when articles are merged or parted."""
CORRECTED_BY_OTHERS = (ANSWERS, LINKS)
"""Who corrects an answer is its contributor from then on, and earlier releases named who wrote it before by another
quarter: of these it counts that somebody is named, and not who. Editors are not forgotten, those who ask are."""
SOMEBODY = "somebody"
DIGEST_BYTES = 12
LOOKED_AT = 1_000


def find_recalled(root: Path, releases: Sequence[Manifest], folder: Path, current: Manifest) -> list[str]:
    """The names of the releases that hold more than `current`, whose files lie in `folder`, oldest first.

    What an older release holds, the newest held too, or the older one would have been withdrawn when that was made; so
    the others are looked at only when something has gone from the newest. A delta that still holds the rows that went
    counts in any case: nobody can tell any more which of them were taken back. So does one that tells hours where only
    days may be told, as earlier versions of chaming wrote it.
    """
    recalled = {
        one.release
        for one in releases
        if names_gone_rows(root / one.release, one) or _tells_hours(root / one.release, one)
    }
    with closing(sqlite3.connect("")) as shown:  # a nameless database: in memory while small, then on disk
        shown.execute("CREATE TABLE unit (digest BLOB PRIMARY KEY) WITHOUT ROWID")
        shown.executemany("INSERT OR IGNORE INTO unit VALUES (?)", ((one,) for one in _read_units(folder, current)))
        if releases and _holds_more(shown, root, releases[-1]):
            recalled |= {one.release for one in releases[:-1] if _holds_more(shown, root, one)} | {releases[-1].release}
    return [one.release for one in releases if one.release in recalled]


def _holds_more(shown: sqlite3.Connection, root: Path, release: Manifest) -> bool:
    find = "SELECT 1 FROM unit WHERE digest = ?"
    units = _read_units(root / release.release, release)
    return any(shown.execute(find, (unit,)).fetchone() is None for unit in units)


def _tells_hours(folder: Path, release: Manifest) -> bool:
    for table in TABLES:
        if places := _places(table, Kind.DAY):
            rows = islice(read_table(folder, release, table), LOOKED_AT)  # all of a release were written by one version
            if any(row[place] != to_day(row[place]) for row in rows for place in places):
                return True
    return False


def _read_units(folder: Path, manifest: Manifest) -> Iterator[bytes]:
    for name, (group, keys) in HELD.items():
        table = BY_NAME[name]
        texts, people = _places(table, Kind.TEXT, Kind.REFERENCE), _places(table, Kind.PSEUDONYM)
        source = table.names.index("source") if name == "replies" else None
        key_places = [table.names.index(key) for key in keys]
        for row in read_table(folder, manifest, table):
            key = [str(row[place]) for place in key_places if row[place] is not None]
            of = key[:1] if name == "reply_requests" else key
            yield _digest(group, *of)
            if source is None or row[source] == manifest.instance:
                yield from (_digest(row[place]) for place in texts if row[place])
            for named in (row[place] for place in people if row[place]):
                yield _digest(group, *of, SOMEBODY if group in CORRECTED_BY_OTHERS else named)


def _places(table: ExportTable, *kinds: Kind) -> list[int]:
    return [place for place, column in enumerate(table.columns) if column.kind in kinds]


def _digest(*parts: str) -> bytes:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=DIGEST_BYTES).digest()
