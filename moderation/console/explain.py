"""A task in words, for the pages that show some: why each stands where it stands, how old it is, in which state."""

from datetime import datetime
from functools import partial
from typing import Any

from moderation.benefit import Factor
from moderation.console.labels import ARTICLE_TYPES, TASK_STATES
from moderation.console.wording import Words
from moderation.queue import RankedTask


def explain(words: Words, ranked: RankedTask) -> list[str]:
    """The factors of the expected benefit, as sentences with their number."""
    facts, factors = ranked.task.facts, ranked.benefit.factors
    lines = [
        words("Asks, recent ones counting more: × {factor}", factor=_number(factors[Factor.ASKS])),
    ]
    if factors[Factor.GROWTH] > 1.05:
        growth = words(
            "{today} asked in the last day; usual were {usual} a day", today=facts.asks_today, usual=_usual(ranked)
        )
        lines.append(words("Growing: {how} × {factor}", how=growth, factor=_number(factors[Factor.GROWTH])))
    if factors[Factor.HARM] != 1.0:
        topic = "、".join(facts.categories)
        lines.append(
            words("Harm of its topic ({topic}): × {factor}", topic=topic, factor=_number(factors[Factor.HARM]))
        )
    if factors[Factor.AGE] < 0.95:
        lines.append(
            words("Waiting for {days} days: × {factor}", days=int(facts.age_days), factor=_number(factors[Factor.AGE]))
        )
    if factors[Factor.ATTENTION] < 1.0:
        lines.append(
            words(
                "Has had attention ({answers} answers, {ratings} ratings): × {factor}",
                answers=facts.answers,
                ratings=facts.ratings,
                factor=_number(factors[Factor.ATTENTION]),
            )
        )
    else:
        lines.append(words("Nobody has worked on it yet"))
    if factors[Factor.FIT] > 1.0:
        lines.append(words("One of your topics: × {factor}", factor=_number(factors[Factor.FIT])))
    return lines


def task_words(words: Words, now: datetime) -> dict[str, Any]:
    """What every template that shows tasks is given."""
    return {
        "explain": partial(explain, words),
        "since": lambda moment: since(words, moment, now),
        "states": TASK_STATES,
        "types": ARTICLE_TYPES,
    }


def since(words: Words, moment: datetime, now: datetime) -> str:
    """How long ago, roughly."""
    minutes = int((now - moment).total_seconds() // 60)
    if minutes < 60:
        return words.plural("a minute ago", "{number} minutes ago", max(minutes, 1))
    if minutes < 48 * 60:
        return words.plural("an hour ago", "{number} hours ago", minutes // 60)
    return words.plural("a day ago", "{number} days ago", minutes // (24 * 60))


def _number(factor: float) -> str:
    return f"{factor:.2g}"


def _usual(ranked: RankedTask) -> str:
    return f"{ranked.task.facts.asks_before / 7:.1f}"
