"""The list of exported tables, in the order in which they are written and can be taken in again.

A new table of the database is released by describing it here: its columns with their kinds, and which rows may be
public.
"""

from storage.exports.answers import ARTICLE_REPLIES, HISTORY, REPLIES, REPLY_VERSIONS
from storage.exports.columns import ExportTable
from storage.exports.content import (
    ARTICLE_CATEGORIES,
    ARTICLES,
    CATEGORIES,
    HYPERLINKS,
    MEDIA_HASHES,
    VARIANTS,
)
from storage.exports.opinions import (
    ANALYTICS,
    ARTICLE_THEMES,
    FEEDBACKS,
    MATCH_CANDIDATES,
    MATCH_DECISIONS,
    RATINGS,
    REPLY_REQUESTS,
    TOMBSTONES,
)

SCHEMA_MAJOR = 1
"""First number of a release's version: raised when a column goes, or comes to mean something else."""

TABLES: tuple[ExportTable, ...] = (
    CATEGORIES,
    ARTICLES,
    VARIANTS,
    HYPERLINKS,
    MEDIA_HASHES,
    ARTICLE_CATEGORIES,
    REPLIES,
    REPLY_VERSIONS,
    ARTICLE_REPLIES,
    HISTORY,
    RATINGS,
    REPLY_REQUESTS,
    FEEDBACKS,
    MATCH_DECISIONS,
    MATCH_CANDIDATES,
    ANALYTICS,
    ARTICLE_THEMES,
    TOMBSTONES,
)

BY_NAME = {table.name: table for table in TABLES}
