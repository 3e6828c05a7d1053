"""The public history of an answer: what it said when, and what was decided on it. Nobody need sign in."""

from aiohttp import web

from moderation.console.context import get_context
from moderation.console.labels import REPLY_STATES, VERDICTS
from moderation.console.rendering import find_words, render
from moderation.console.verdict_words import describe_decision, describe_standing, to_clock
from moderation.writing.differences import Side
from moderation.writing.history import find_history


async def show(request: web.Request) -> web.StreamResponse:
    context, words = get_context(request), find_words(request)
    async with context.database.reading() as session:
        history = await find_history(session, request.match_info["article_id"], request.match_info["reply_id"])
    if history is None:
        raise web.HTTPNotFound
    now = context.now()
    return render(
        request,
        "history.html",
        history=history,
        standing=describe_standing(words, history.link.state, history.decisions[::-1], now),
        describe=lambda decision: describe_decision(words, decision, decision.decided_at),
        clock=to_clock,
        verdicts=VERDICTS,
        states=REPLY_STATES,
        Side=Side,
    )


routes = [web.get("/history/{article_id}/{reply_id}", show)]
