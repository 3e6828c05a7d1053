"""What the bot makes of the matches: an answer, candidates to choose from, or nothing. Pure rules, no I/O.

Silence beats a wrong answer. An article answers by itself only when the match is sure, nothing in it contradicts the
message, its replies agree, and the public has not turned against the best of them. Anything less is only offered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from retrieval.types import Band, EntryKind, Match
from storage.articles import ArticleSummary, ReplySummary
from storage.tables import ReplyState, Status, Verdict

MAX_CANDIDATES = 9
"""A carousel takes twelve bubbles; nobody reads twelve. One more is needed for "none of these"."""

MIN_GROUP_CHARACTERS = 10
"""A shorter message in a group is small talk, whatever it resembles (Cofacts' own limit)."""

STATE_RANK = {ReplyState.VERIFIED: 0, ReplyState.IMPORTED: 1, ReplyState.PROVISIONAL: 2}
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An article that may be the message, with its replies, best first (there is at least one)."""

    match: Match
    article: ArticleSummary
    replies: tuple[ReplySummary, ...]

    @property
    def is_contradicted(self) -> bool:
        """Whether a number, date, negation or direction differs: similar words, another claim."""
        return bool(self.match.contradictions)


@dataclass(frozen=True, slots=True)
class Answer:
    """One article is surely the message, and its replies agree."""

    candidate: Candidate


@dataclass(frozen=True, slots=True)
class Candidates:
    """Answered articles the asker should look at, most likely first, contradicted ones at the end."""

    candidates: tuple[Candidate, ...]
    unanswered: ArticleSummary | None = None
    """The message itself, known but not answered yet: whoever wants none of the candidates can wait for it."""


@dataclass(frozen=True, slots=True)
class NoMatch:
    """Nothing answered comes close."""

    unanswered: ArticleSummary | None = None

    @property
    def article_id(self) -> str | None:
        """The article that is this message and waits for its first reply; the asker may join the wait."""
        return self.unanswered.article_id if self.unanswered else None


Outcome = Answer | Candidates | NoMatch


def decide(matches: Sequence[Match], summaries: Mapping[str, ArticleSummary]) -> Outcome:
    """Choose the outcome for matches given best first.

    A match whose article has no summary, or is no longer NORMAL, was withdrawn since it was indexed and is dropped.
    """
    known = [(match, summaries[match.article_id]) for match in matches if match.article_id in summaries]
    usable = [
        (match, article) for match, article in known if match.band != Band.NOTHING and article.status == Status.NORMAL
    ]
    found = [Candidate(match, article, best_replies(article)) for match, article in usable if article.replies]
    answer = _choose_answer(found)
    if answer:
        return Answer(answer)
    unanswered = next((article for match, article in usable if is_sure(match) and not article.replies), None)
    if found:
        in_order = sorted(found, key=lambda candidate: candidate.is_contradicted)
        return Candidates(tuple(in_order[:MAX_CANDIDATES]), unanswered)
    return NoMatch(unanswered)


def best_replies(article: ArticleSummary) -> tuple[ReplySummary, ...]:
    """Best first: verified, imported, provisional; then net feedback; then the newest. NOT_ARTICLE comes last."""
    return tuple(sorted(article.replies, key=_rank))


def is_settled(replies: Sequence[ReplySummary]) -> bool:
    """Whether replies, best first, agree enough for the best of them to be *the* answer.

    NOT_ARTICLE says that there is nothing to check, not whether it is true, so it contradicts nobody.
    """
    verdicts = {reply.verdict for reply in replies} - {Verdict.NOT_ARTICLE}
    best = replies[0]
    return len(verdicts) <= 1 and best.negative_feedback_count <= best.positive_feedback_count


def has_same_words(match: Match) -> bool:
    """Whether the message is the article itself, word for word: not only a title in it, or a reply to it."""
    return match.signals.get("exact", 0) >= 1 and match.entry_kind in {EntryKind.ARTICLE, EntryKind.VARIANT}


def may_speak_unasked(outcome: Outcome, text: str) -> bool:
    """Whether a group that did not call the bot should hear this: a sure answer, that a long enough message is false.

    A provisional reply is not sure: a few ratings carry it, and more people have yet to confirm it.
    """
    if not isinstance(outcome, Answer) or len("".join(text.split())) <= MIN_GROUP_CHARACTERS:
        return False
    best = outcome.candidate.replies[0]
    return best.verdict == Verdict.RUMOR and best.state in {ReplyState.VERIFIED, ReplyState.IMPORTED}


def _choose_answer(found: Sequence[Candidate]) -> Candidate | None:
    """The first sure and settled candidate, unless another sure one says something else.

    An article with the very same words speaks for itself: what merely resembles it is not asked.
    """
    sure = [candidate for candidate in found if is_sure(candidate.match)]
    same_words = [candidate for candidate in sure if has_same_words(candidate.match)]
    considered = same_words or sure
    settled = [candidate for candidate in considered if is_settled(candidate.replies)]
    verdicts = {candidate.replies[0].verdict for candidate in considered} - {Verdict.NOT_ARTICLE}
    return settled[0] if settled and len(verdicts) <= 1 else None


def is_sure(match: Match) -> bool:
    """Whether the article surely makes the message's claim."""
    return match.band == Band.ANSWER and not match.contradictions


def _rank(reply: ReplySummary) -> tuple[bool, int, int, float, str]:
    net = reply.positive_feedback_count - reply.negative_feedback_count
    newest = reply.created_at or _LONG_AGO
    state = STATE_RANK.get(reply.state, len(STATE_RANK))
    return reply.verdict == Verdict.NOT_ARTICLE, state, -net, -newest.timestamp(), reply.reply_id
