"""The scheduled jobs, one table: what each does and how often. `scripts/scheduler.py` runs them.

Nothing heavy is imported here, so that `chaming run-job --help` can show the table at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.services import Services


@dataclass(frozen=True, slots=True)
class Job:
    """One scheduled job. `run` returns a short outcome for the log: counts, never content."""

    name: str
    summary: str
    every: timedelta
    run: Callable[[Services], Awaitable[str]]
    shared: bool = True
    """One process at a time, for all processes of the database; False: each process for itself."""


async def sweep_inbox(services: Services) -> str:
    erased = await services.inbox.erase_expired(datetime.now(UTC))
    return f"erased {erased} payloads"


async def apply_retention(services: Services) -> str:
    from storage.index_changes import trim_changes  # here, for the table must not wait for SQLAlchemy
    from storage.match_decisions import forget_decisions

    now = datetime.now(UTC)
    events = await services.inbox.delete_old(now)
    unlinked, decisions = await forget_decisions(services.database, now)
    changes = await trim_changes(services.database, now)
    return (
        f"deleted {events} finished inbox rows and {changes} changes of the log, "
        f"unlinked {unlinked} and deleted {decisions} match decisions"
    )


async def save_snapshot(services: Services) -> str:
    seq = await services.follower.save_snapshot()
    return f"saved the index at change {seq}"


async def report_drift(services: Services) -> str:
    from scripts.drift import describe, measure_drift  # here, for the table must not wait for SQLAlchemy

    return describe(await measure_drift(services.database, services.metrics, datetime.now(UTC)))


async def join_duplicates(services: Services) -> str:
    from scripts.duplicates import join_duplicates as join  # as above

    joined, looked_at = await join(services, datetime.now(UTC))
    return f"merged {joined} of {looked_at} new unanswered articles"


async def tell_askers(services: Services) -> str:
    from bot.notice_push import tell_askers as tell  # as above

    return await tell(services, datetime.now(UTC))


async def refit_raters(services: Services) -> str:
    from moderation.refit import refit  # here, for the table must not wait for SQLAlchemy and numpy
    from moderation.review_jobs import review_open

    now = datetime.now(UTC)
    thresholds = services.settings.verification
    standings = await refit(services.database, now, thresholds)
    changed = await review_open(services.database, now, thresholds)
    people, copies = len(standings.ratings), sum(rater != one for rater, one in standings.counted_as.items())
    return f"fitted {standings.fitted} ratings, {people} raters of whom {copies} are copies, {changed} answers changed"


async def publish_due(services: Services) -> str:
    from moderation.review_jobs import review_due  # here, for the table must not wait for SQLAlchemy

    shown = await review_due(services.database, datetime.now(UTC), services.settings.verification)
    return f"published {shown} answers that had waited"


async def count_statistics(services: Services) -> str:
    from storage.statistics.rollup import roll_up  # as above

    rows, everything = await roll_up(services.database, datetime.now(UTC))
    return f"renewed {rows} counts by day, {'all anew' if everything else 'of the last weeks'}"


async def export_release(services: Services) -> str:
    from scripts.exports.run import export_when_due  # as above

    return await export_when_due(services.settings, datetime.now(UTC))


async def recall_releases(services: Services) -> str:
    from scripts.exports.run import recall_what_was_taken_back  # as above

    return await recall_what_was_taken_back(services.settings)


async def keep_tasks(services: Services) -> str:
    from moderation.console.upkeep import keep_tasks as keep  # as above

    return await keep(services.database, datetime.now(UTC))


async def reopen_tasks(services: Services) -> str:
    from moderation.console.upkeep import reopen_tasks as reopen  # as above

    return await reopen(services.database, datetime.now(UTC))


async def expire_verdicts(services: Services) -> str:
    from moderation.writing.aging import expire_verdicts as expire  # as above

    return f"took back {await expire(services.database, datetime.now(UTC))} answers whose time is over"


async def check_references(services: Services) -> str:
    from moderation.fetching import BoundedFetcher  # as above
    from moderation.writing.aging import recheck_references

    pages, opened = await recheck_references(services.database, BoundedFetcher(), datetime.now(UTC))
    return f"looked at {pages} pages that answers cite, opened {opened} tasks again"


async def mail_volunteers(services: Services) -> str:
    from bot.console import to_console_context  # as above
    from moderation.console.upkeep import send_mails

    return await send_mails(to_console_context(services), datetime.now(UTC))


async def push_volunteers(services: Services) -> str:
    from bot.console import to_console_context  # as above
    from moderation.console.upkeep import push_news

    return await push_news(to_console_context(services), datetime.now(UTC))


async def hash_pictures(services: Services) -> str:
    from moderation.rehashing import hash_pictures_anew  # as above

    looked_at, with_more = await hash_pictures_anew(services.database)
    return f"hashed {looked_at} older pictures anew, {with_more} are found by more now"


async def map_themes(services: Services) -> str:
    from scripts.themes import make_map  # as above

    return await make_map(services.database, datetime.now(UTC))


JOBS = {
    job.name: job
    for job in (
        Job(
            "inbox-sweep",
            "Erase messages kept for a consent that did not come within a day.",
            timedelta(minutes=5),
            sweep_inbox,
        ),
        Job(
            "notices",
            "Tell people what became of a message they asked about.",
            timedelta(minutes=1),
            tell_askers,
        ),
        Job("retention", "Delete what is kept for 30 days only.", timedelta(days=1), apply_retention),
        Job(
            "join-duplicates",
            "Merge new unanswered articles that are surely one message.",
            timedelta(minutes=10),
            join_duplicates,
        ),
        Job("drift", "Compare the last day's matching with the four weeks before it.", timedelta(days=1), report_drift),
        Job("refit-raters", "Learn anew which side raters are on, and whom to trust.", timedelta(days=1), refit_raters),
        Job("publish-due", "Show contested answers whose waiting is over.", timedelta(minutes=5), publish_due),
        Job("statistics", "Count what the statistics pages show.", timedelta(hours=1), count_statistics),
        Job("export", "Publish a release, once a week and when anything changed.", timedelta(days=1), export_release),
        Job(
            "recall",
            "Withdraw releases that hold what was taken back since, and publish one without it.",
            timedelta(days=1),
            recall_releases,
        ),
        Job(
            "keep-tasks",
            "Open tasks nobody works on any more, tell authors what was decided.",
            timedelta(minutes=1),
            keep_tasks,
        ),
        Job(
            "reopen-tasks",
            "Open settled tasks again that readers find unhelpful or that have changed.",
            timedelta(hours=1),
            reopen_tasks,
        ),
        Job("expire-verdicts", "Take back answers whose time is over.", timedelta(minutes=10), expire_verdicts),
        Job("check-references", "Look again at the pages answers cite.", timedelta(hours=1), check_references),
        Job("mail-volunteers", "Mail volunteers their daily digest.", timedelta(hours=1), mail_volunteers),
        Job("push-volunteers", "Tell volunteers in their browsers what is new.", timedelta(minutes=1), push_volunteers),
        Job(
            "hash-pictures",
            "Hash pictures published before anew, as pictures are hashed now.",
            timedelta(minutes=10),
            hash_pictures,
        ),
        Job("themes", "Draw the theme map anew.", timedelta(days=1), map_themes),
        Job(
            "snapshot",
            "Save the search index, so that the next start is quick.",
            timedelta(minutes=10),
            save_snapshot,
            shared=False,
        ),
    )
}
