"""What the scheduled jobs do for the console."""

from datetime import datetime

from moderation.claims import release_lapsed
from moderation.console import audit
from moderation.console.context import ConsoleContext
from moderation.console.invitations import replace_lapsed
from moderation.console.notices import send_digests, tell_authors
from moderation.console.outbreaks import tell_of_outbreaks
from moderation.console.push import push_notices
from moderation.console.sessions import forget_old
from moderation.reopening import Cause, find_mutated, find_unhelpful, reopen_task
from storage.database import Database


async def keep_tasks(database: Database, now: datetime) -> str:
    """Open what nobody works on any more, replace raters who do not come, tell authors what was decided."""
    async with database.transaction() as session:
        released = await release_lapsed(session, now)
    lapsed = await replace_lapsed(database, now)
    told = await tell_authors(database)
    return f"released {released} tasks, replaced {lapsed} invited, told the authors of {told} decisions"


async def reopen_tasks(database: Database, now: datetime) -> str:
    """Open settled tasks again that readers, or a much changed wording, say need another look; tell of outbreaks."""
    opened = 0
    async with database.reading() as session:
        found = [(id_, Cause.UNHELPFUL) for id_ in await find_unhelpful(session)]
        found += [(id_, Cause.MUTATED) for id_ in await find_mutated(session)]
    for article_id, cause in found:
        async with database.transaction() as session:
            task = await reopen_task(session, article_id, now)
            if task is not None:
                await audit.record(session, None, "reopen", f"task:{task.id}", {"cause": cause.value})
                opened += 1
    told = await tell_of_outbreaks(database, now)
    return f"opened {opened} tasks again, told {told} people of an outbreak"


async def send_mails(context: ConsoleContext, now: datetime) -> str:
    """Mail the digests that are due, and forget sessions that have ended."""
    sent = await send_digests(context.database, context.mailer, dict(context.wordings), context.url, now)
    async with context.database.transaction() as session:
        ended = await forget_old(session, now)
    return f"sent {sent} digests, forgot {ended} sessions"


async def push_news(context: ConsoleContext, now: datetime) -> str:
    """Tell volunteers in their browsers what is new in their inbox."""
    return await push_notices(context.database, context.push, dict(context.wordings), context.url, now)
