"""The queries behind the statistics: what the job `statistics` runs, and what the page shows beside each figure.

Plain SQL, so that whoever loads a release can run it too. `{…}` stands for the few words that SQLite and PostgreSQL
spell differently. Days and weeks are Taiwan's, a week begins on Monday.
"""

from collections.abc import Mapping
from typing import Final

from storage.tables import Measure

SQLITE: Final = {
    "day": "date({}, '+8 hours')",
    "week": "date({}, '+8 hours', '-6 days', 'weekday 1')",
    "seconds": "unixepoch({})",
    "first_offered": "json_extract(d.offered, '$[0].article_id')",
}
POSTGRESQL: Final = {
    "day": "({} AT TIME ZONE 'Asia/Taipei')::date",
    "week": "date_trunc('week', {} AT TIME ZONE 'Asia/Taipei')::date",
    "seconds": "extract(epoch FROM {})::bigint",
    "first_offered": "d.offered -> 0 ->> 'article_id'",
}

IS_SHOWN = "ar.status = 'NORMAL' AND ar.state IN ('verified', 'imported', 'provisional')"
ANSWERED_AT = "CASE WHEN ar.state = 'imported' THEN ar.created_at ELSE coalesce(ar.published_at, ar.created_at) END"
"""An imported answer's publication here says when it was imported; when it was given is in `created_at`."""

SENT_ABOUT = """CASE WHEN d.choice = 'this' THEN d.chosen_article_id
  WHEN d.choice IS NULL AND d.outcome IN ('answer', 'waiting') THEN {first_offered} END"""
"""The article a message surely was: the one its sender picked, or the one that was shown alone and not refused."""

_COUNTS: Final[Mapping[Measure, str]] = {
    Measure.MESSAGES: """
SELECT outcome AS key, {day:created_at} AS day, count(*) AS count
FROM match_decision WHERE created_at >= :since GROUP BY 1, 2""",
    Measure.ARTICLES: """
SELECT '' AS key, {day:created_at} AS day, count(*) AS count
FROM article WHERE status = 'NORMAL' AND created_at >= :since GROUP BY 1, 2""",
    Measure.ARTICLES_IN: """
SELECT ac.category_id AS key, {day:a.created_at} AS day, count(*) AS count
FROM article_category ac JOIN article a ON a.id = ac.article_id
WHERE ac.status = 'NORMAL' AND a.status = 'NORMAL' AND a.created_at >= :since GROUP BY 1, 2""",
    Measure.REQUESTS: """
SELECT '' AS key, {day:created_at} AS day, count(*) AS count
FROM reply_request WHERE status = 'NORMAL' AND created_at >= :since GROUP BY 1, 2""",
    Measure.REQUESTS_IN: """
SELECT ac.category_id AS key, {day:r.created_at} AS day, count(*) AS count
FROM reply_request r JOIN article_category ac ON ac.article_id = r.article_id
WHERE r.status = 'NORMAL' AND ac.status = 'NORMAL' AND r.created_at >= :since GROUP BY 1, 2""",
    Measure.ANSWERS: """
SELECT r.verdict AS key, {day:{answered_at}} AS day, count(*) AS count
FROM article_reply ar JOIN reply r ON r.id = ar.reply_id
WHERE {is_shown} AND {answered_at} >= :since GROUP BY 1, 2""",
    Measure.ANSWERS_IN: """
SELECT ac.category_id AS key, {day:{answered_at}} AS day, count(*) AS count
FROM article_reply ar JOIN article_category ac ON ac.article_id = ar.article_id
WHERE {is_shown} AND ac.status = 'NORMAL' AND {answered_at} >= :since GROUP BY 1, 2""",
    Measure.ASKERS: """
SELECT '' AS key, day, count(*) AS count FROM (
  SELECT {week:created_at} AS day, asker_id AS person FROM match_decision
  WHERE asker_id IS NOT NULL AND created_at >= :since
  UNION
  SELECT {week:created_at} AS day, contributor AS person FROM reply_request
  WHERE contributor IS NOT NULL AND created_at >= :since
) people GROUP BY 1, 2""",
    Measure.VOLUNTEERS: """
SELECT '' AS key, day, count(*) AS count FROM (
  SELECT {week:created_at} AS day, contributor AS person FROM reply
  WHERE contributor IS NOT NULL AND created_at >= :since
  UNION
  SELECT {week:created_at} AS day, rater AS person FROM rating WHERE created_at >= :since
) people GROUP BY 1, 2""",
    Measure.ARTICLE_MESSAGES: """
SELECT key, day, count(*) AS count FROM (
  SELECT {sent_about} AS key, {day:d.created_at} AS day
  FROM match_decision d WHERE d.created_at >= :since
) sent WHERE key IS NOT NULL GROUP BY 1, 2""",
    Measure.ARTICLE_REQUESTS: """
SELECT article_id AS key, {day:created_at} AS day, count(*) AS count
FROM reply_request WHERE status = 'NORMAL' AND created_at >= :since GROUP BY 1, 2""",
}

_WAITING_TIMES = """
WITH waited AS (
  SELECT a.id, {week:min({answered_at})} AS week,
    CASE WHEN min({answered_at}) < a.created_at THEN 0
      ELSE {seconds:min({answered_at})} - {seconds:a.created_at} END AS seconds
  FROM article a JOIN article_reply ar ON ar.article_id = a.id
  WHERE a.status = 'NORMAL' AND {is_shown} AND {answered_at} IS NOT NULL AND a.created_at IS NOT NULL
  GROUP BY a.id, a.created_at
), ranked AS (
  SELECT period, seconds, row_number() OVER (PARTITION BY period ORDER BY seconds) AS place,
    count(*) OVER (PARTITION BY period) AS answered
  FROM (SELECT CAST(week AS varchar(10)) AS period, seconds FROM waited
        UNION ALL SELECT 'all', seconds FROM waited) periods
)
SELECT period, answered, min(CASE WHEN place = (answered + 1) / 2 THEN seconds END) AS median_s,
  min(CASE WHEN place = (9 * answered + 9) / 10 THEN seconds END) AS p90_s
FROM ranked GROUP BY 1, 2"""

IS_ERASED_LATER = frozenset({Measure.MESSAGES, Measure.ASKERS, Measure.ARTICLE_MESSAGES})
"""What they count is unlinked or deleted after a while: earlier days keep the count they were given in time."""


def count_query(measure: Measure, dialect: str) -> str:
    """The query that counts `measure`: key, day, count. `:since` is the beginning of a week."""
    return _fill(_COUNTS[measure], dialect)


def waiting_query(dialect: str) -> str:
    """The query for the times to the first answer: period, how many, median and 90th percentile (nearest rank)."""
    return _fill(_WAITING_TIMES, dialect)


def _fill(query: str, dialect: str) -> str:
    words = POSTGRESQL if dialect == "postgresql" else SQLITE
    query = query.replace("{answered_at}", ANSWERED_AT).replace("{is_shown}", IS_SHOWN)
    query = query.replace("{sent_about}", SENT_ABOUT).replace("{first_offered}", words["first_offered"])
    for name in ("day", "week", "seconds"):
        opening = "{" + name + ":"
        while (start := query.find(opening)) >= 0:
            end = query.index("}", start)
            query = query[:start] + words[name].replace("{}", query[start + len(opening) : end]) + query[end + 1 :]
    return query.strip()
