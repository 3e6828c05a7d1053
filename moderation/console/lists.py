"""The queue's list for one person: filtered, searched, ranked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from moderation.console.context import ConsoleContext
from moderation.console.looking import look
from moderation.filters import Filters, Viewer, Work, passes
from moderation.queue import RankedTask, load_tasks_of, rank, rank_for, read_set_aside
from retrieval.types import Band, Match
from storage.articles import ArticleSummary, load_article_summaries
from storage.tables import Editor, Status

FOUND = 40
"""How many matches a search looks at."""
ON_A_PAGE = 25


@dataclass(frozen=True, slots=True)
class TaskList:
    """What somebody is shown."""

    tasks: Sequence[RankedTask]
    others: Sequence[tuple[Match, ArticleSummary]] = ()
    """Of a search: messages that are no task of this list, with their match."""
    searchable: bool = True
    """False while the matcher is being loaded."""


async def load_list(context: ConsoleContext, editor: Editor, filters: Filters) -> TaskList:
    """Read and rank; a search is answered by the bot's own matcher, best match first."""
    now = context.now()
    aside = await look(context.database, partial(read_set_aside, editor_id=editor.id, now=now))
    viewer = Viewer(editor.id, frozenset(editor.topics), frozenset(aside))
    wanted = [each for each in await _load_tasks(context, editor, filters) if passes(each.task, filters, viewer, now)]
    ranked = rank_for(wanted, editor)
    if not filters.search:
        return TaskList(ranked)
    if not context.matcher.ready:
        return TaskList(ranked, searchable=False)
    matches = [each for each in await context.matcher.match(filters.search, limit=FOUND) if each.band != Band.NOTHING]
    by_article = {each.task.article_id: each for each in ranked}
    found = [by_article[match.article_id] for match in matches if match.article_id in by_article]
    # Words that stand in a message as they were typed are found even where they say too little to be matched.
    literal = [each for each in ranked if filters.search in each.task.text and each not in found]
    rest = [match for match in matches if match.article_id not in by_article]
    async with context.database.reading() as session:
        summaries = await load_article_summaries(session, [match.article_id for match in rest])
    others = [
        (match, summaries[match.article_id])
        for match in rest
        if match.article_id in summaries and summaries[match.article_id].status == Status.NORMAL
    ]
    return TaskList([*found, *literal], others)


async def _load_tasks(context: ConsoleContext, editor: Editor, filters: Filters) -> list[RankedTask]:
    """One's own are read by themselves: they are few, and may be older than what everybody looks at."""
    if filters.work != Work.MINE:
        return await context.tasks.load()
    async with context.database.reading() as session:
        return rank(await load_tasks_of(session, editor.id, context.now()))


def read_page(query: Mapping[str, str]) -> int:
    """Which page of a long list is asked for; the first, if that makes no sense."""
    page = query.get("page", "1")
    return max(int(page), 1) if page.isascii() and page.isdigit() and len(page) < 5 else 1
