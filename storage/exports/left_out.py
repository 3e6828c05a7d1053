"""What of the database is in no release, and why. A test holds this list and the exported tables against the models."""

from collections.abc import Mapping

NUMBERED_HERE = "a number of this database; the other columns say which row it is"
DERIVED = "made from exported columns; whoever takes a release in makes it anew"
SECRET = "who signs in, and how"
PERSON = "who somebody is, or what they like"
VOLUNTEERS = "the volunteers' own work, before anything is decided"
MODERATION = "reports, appeals and measures name people; the public moderation log shows them by rule"
RUNNING = "how this instance runs"

COLUMNS: Mapping[str, Mapping[str, str]] = {
    "article": {
        "matching_key_hash": DERIVED,
        "merged_into": "merged articles are not released; `tombstones` says into which",
    },
    "article_variant": {
        "matching_key_hash": DERIVED,
        "detached_at": "wordings that were taken off an article are not released",
    },
    "article_reply_feedback": {
        "id": NUMBERED_HERE,
        "updated_at": "in a later quarter, the hour would lead to what else the person did then, under its pseudonym",
    },
    "article_theme": {"map_id": "the newest map alone is released"},
    "theme": {"map_id": "the newest map alone is released", "number": "released as `article_themes.theme`"},
    "hyperlink": {"id": NUMBERED_HERE},
    "match_decision": {
        "asker_id": PERSON,
        "asked_article_id": "released where twenty people or more asked about it that day; else it leads to one",
        "key_hash": "would let one look for a message that nobody agreed to publish",
        "text": "what was published of it is in `articles` and `article_variants`",
    },
    "media_hash": {"id": NUMBERED_HERE},
    "rating": {"id": NUMBERED_HERE},
    "reply": {"text_hash": DERIVED},
    "reply_request": {
        "id": NUMBERED_HERE,
        "variant_id": "released where they had it when they first asked; a later one leads to another quarter",
        "seen_where": "people are told that it is for the volunteers; they did not agree to more",
        "wants_notices": PERSON,
    },
    "verification_decision": {"id": NUMBERED_HERE},
}
"""By table and column, where the rest of the table is released."""

TABLES: Mapping[str, str] = {
    "adopted_model": RUNNING,
    "article_media": "the pictures, videos and recordings themselves are on the articles' pages",
    "asker": PERSON,
    "audit_entry": MODERATION,
    "blocked_chat": PERSON,
    "daily_count": "counts by day that `/stats` shows; some are of few people",
    "draft": VOLUNTEERS,
    "drift_report": RUNNING,
    "editor": PERSON,
    "editor_notice": PERSON,
    "editor_session": SECRET,
    "embedding": DERIVED,
    "imported_release": "its licence and credit are in the manifest",
    "inbox_event": "what people wrote to the bot",
    "index_change": RUNNING,
    "job_run": RUNNING,
    "log_position": RUNNING,
    "moderation_case": MODERATION,
    "moderation_measure": MODERATION,
    "notice": PERSON,
    "passkey": SECRET,
    "prepared_figure": DERIVED,
    "presence": PERSON,
    "push_subscription": SECRET,
    "rater_fit": DERIVED,
    "rater_standing": "whose judgement counts how much: made from `ratings`, and about people",
    "rating_invitation": PERSON,
    "reference_check": RUNNING,
    "reply_expiry": "an answer that is over is `withdrawn`",
    "reply_standing": DERIVED,
    "review_task": VOLUNTEERS,
    "saved_view": PERSON,
    "set_aside": VOLUNTEERS,
    "sign_in_link": SECRET,
    "theme_map": DERIVED,
    "variant_log": VOLUNTEERS,
    "variant_sighting": "counts messages that nobody agreed to publish",
    "waiting_time": DERIVED,
}
"""Tables of which nothing is released."""
