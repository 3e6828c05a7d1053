"""From what was found for a message to what is remembered of it: article ids and scores, never its words."""

from collections.abc import Sequence
from typing import Any

from bot.decide import Answer, Candidates, Outcome, has_same_words
from retrieval.types import Match
from storage.articles import ArticleSummary
from storage.tables import MatchDecision, MatchOutcome

SIGNAL_DIGITS = 5


def outcome_of(outcome: Outcome) -> MatchOutcome:
    """The outcome's stored name."""
    if isinstance(outcome, Answer):
        return MatchOutcome.ANSWER
    if isinstance(outcome, Candidates):
        return MatchOutcome.CANDIDATES
    return MatchOutcome.WAITING if outcome.unanswered else MatchOutcome.NO_MATCH


def to_decision(
    outcome: Outcome,
    matches: Sequence[Match],
    *,
    decision_id: str,
    model_id: str,
    asker_id: str | None = None,
    key_hash: str | None = None,
) -> MatchDecision:
    """The row for one message. A group's is about nobody: leave out `asker_id` and `key_hash`."""
    return MatchDecision(
        id=decision_id,
        asker_id=asker_id,
        key_hash=key_hash,
        outcome=outcome_of(outcome),
        model_id=model_id,
        top_probability=max((match.probability for match in matches), default=None),
        offered=[_to_offer(match) for match in shown_matches(outcome, matches)],
    )


def is_new_wording(outcome: Outcome, matches: Sequence[Match]) -> bool:
    """Whether the message is surely one article, answered or waiting, in words that are not among the article's."""
    if isinstance(outcome, Candidates):
        return False
    shown = shown_matches(outcome, matches)
    return bool(shown) and not has_same_words(shown[0])


def shown_matches(outcome: Outcome, matches: Sequence[Match]) -> list[Match]:
    """The matches behind what was shown, in the order of showing; an unanswered article that may be joined is last."""
    if isinstance(outcome, Answer):
        return [outcome.candidate.match]
    shown = [candidate.match for candidate in outcome.candidates] if isinstance(outcome, Candidates) else []
    waiting = _find(matches, outcome.unanswered)
    return [*shown, waiting] if waiting else shown


def _find(matches: Sequence[Match], article: ArticleSummary | None) -> Match | None:
    wanted = article.article_id if article else None
    return next((match for match in matches if match.article_id == wanted), None)


def _to_offer(match: Match) -> dict[str, Any]:
    return {
        "article_id": match.article_id,
        "probability": round(match.probability, SIGNAL_DIGITS),
        "band": match.band.value,
        "kind": match.entry_kind.value,
        "contradicted": bool(match.contradictions),
        "short": match.too_short,
        "signals": {name: round(float(value), SIGNAL_DIGITS) for name, value in match.signals.items()},
    }
