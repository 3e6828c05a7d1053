"""When a group that did not call the bot hears from it: `python -m scripts.group_table` prints the table of the README.

It tries every combination of what the rules look at, by the rules themselves (`bot/decide.py`), and says for each thing
alone which values allow the bot to speak. That this is the whole truth, and no exception hides in a combination, is
checked as well: it speaks exactly where everything allows it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product

from bot.decide import MIN_GROUP_CHARACTERS, best_replies, decide, may_speak_unasked
from retrieval.types import Band, EntryKind, Match
from storage.articles import ArticleSummary, ReplySummary
from storage.tables import ArticleType, ReplyState, Status, Verdict

MOMENT = datetime(2020, 1, 1, tzinfo=UTC)
BEGIN, END = "<!-- python -m scripts.group_table -->", "<!-- end -->"

SURE, CONTRADICTED, LIKELY, NOTHING = (
    "surely the same claim",
    "a number, date, negation or direction differs",
    "maybe the same",
    "nothing found",
)
ALONE, AGREES, SAME_WORDS, DISAGREES = (
    "no other article is as sure",
    "another sure article says the same",
    "another says otherwise, but this one has the very words",
    "another sure article says otherwise",
)
ONE, TWO_ALIKE, CONFLICT = "one reply", "several that agree", "several that contradict each other"
MORE_HELPED, AS_MANY, FEWER = "more than not", "as many, or nobody has said", "fewer than not"
LONG, SHORT = f"more than {MIN_GROUP_CHARACTERS} characters", f"{MIN_GROUP_CHARACTERS} or fewer"
VOTES = {MORE_HELPED: (2, 1), AS_MANY: (1, 1), FEWER: (1, 2)}
OTHERWISE = {
    Verdict.RUMOR: Verdict.NOT_RUMOR,
    Verdict.NOT_RUMOR: Verdict.RUMOR,
    Verdict.OPINIONATED: Verdict.RUMOR,
    Verdict.NOT_ARTICLE: Verdict.RUMOR,
}
FACTORS: dict[str, Sequence[str]] = {
    "the match": (SURE, CONTRADICTED, LIKELY, NOTHING),
    "other articles": (ALONE, AGREES, SAME_WORDS, DISAGREES),
    "the article's replies": (ONE, TWO_ALIKE, CONFLICT),
    "the best reply's verdict": tuple(Verdict),
    "its state": (ReplyState.VERIFIED, ReplyState.IMPORTED, ReplyState.PROVISIONAL),
    "whom it helped": (MORE_HELPED, AS_MANY, FEWER),
    "the message": (LONG, SHORT),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One combination, in the order of `FACTORS`."""

    match: str
    others: str
    replies: str
    verdict: str
    state: str
    votes: str
    length: str

    def values(self) -> tuple[str, ...]:
        return (self.match, self.others, self.replies, self.verdict, self.state, self.votes, self.length)


def all_cases() -> Iterator[Case]:
    """Every combination there can be.

    `NOT_ARTICLE` is never the best of replies that say different things; and where this article is not sure, another
    one that is would be the one to look at.
    """
    for values in product(*FACTORS.values()):
        case = Case(*values)
        is_best = best_replies(_article("this", case, Verdict(case.verdict)))[0].reply_id == "this best"
        if is_best and (case.match == SURE or case.others == ALONE):
            yield case


def speaks(case: Case) -> bool:
    """What the rules say of this combination."""
    verdict = Verdict(case.verdict)
    articles = [_article("this", case, verdict)]
    matches = _match(case)
    if case.others != ALONE:
        articles.append(_article("other", case, verdict if case.others == AGREES else OTHERWISE[verdict]))
        matches.append(Match("other", 0.95, Band.ANSWER, EntryKind.ARTICLE, "", {}, ()))
    outcome = decide(matches, {article.article_id: article for article in articles})
    return may_speak_unasked(outcome, "這則訊息一共有十二個字呢" if case.length == LONG else "九個字的短短訊息。")


def allowing() -> dict[str, list[str]]:
    """For each factor the values that allow the bot to speak; raise AssertionError if they are not the whole truth."""
    cases = {case: speaks(case) for case in all_cases()}
    spoken = [case.values() for case, does in cases.items() if does]
    allowed = {
        name: [value for value in values if any(one[place] == value for one in spoken)]
        for place, (name, values) in enumerate(FACTORS.items())
    }
    for case, does in cases.items():
        all_allow = all(value in kept for value, kept in zip(case.values(), allowed.values(), strict=True))
        assert does is all_allow, f"an exception that the table does not show: {case}"
    return allowed


def to_markdown() -> str:
    allowed, cases = allowing(), list(all_cases())
    rows = [
        f"| {name} | {_listed(kept)} | {_listed([value for value in FACTORS[name] if value not in kept])} |"
        for name, kept in allowed.items()
    ]
    spoken = sum(speaks(case) for case in cases)
    told = (
        f"All {len(cases):,} combinations were tried: it speaks in {spoken}, those in which every line allows it, and"
        f" stays silent in the other {len(cases) - spoken:,}."
    )
    return "\n".join(
        [BEGIN, "", "| not called, it looks at | and speaks only if | silent |", "|---|---|---|", *rows, "", told, END]
    )


def _listed(values: Sequence[str]) -> str:
    return "; ".join(f"`{value}`" if value.isupper() else str(value).lower() for value in values) or "–"


def _match(case: Case) -> list[Match]:
    if case.match == NOTHING:
        return []
    band = Band.CANDIDATE if case.match == LIKELY else Band.ANSWER
    signals = {"exact": 1.0} if case.others == SAME_WORDS else {}
    contradictions = [("3", "30")] if case.match == CONTRADICTED else []
    return [Match("this", 0.97, band, EntryKind.ARTICLE, "", signals, contradictions)]


def _article(article_id: str, case: Case, verdict: Verdict) -> ArticleSummary:
    positive, negative = VOTES[case.votes]
    state = ReplyState(case.state)
    replies = [_reply(f"{article_id} best", verdict, state, positive, negative)]
    if case.replies != ONE:
        said = verdict if case.replies == TWO_ALIKE else OTHERWISE[verdict]
        replies.append(_reply(f"{article_id} second", said, state, positive, negative + 1))
    return ArticleSummary(
        article_id=article_id,
        text="",
        type=ArticleType.TEXT,
        status=Status.NORMAL,
        source="chaming",
        created_at=MOMENT,
        last_requested_at=MOMENT,
        request_count=1,
        replies=tuple(replies),
    )


def _reply(reply_id: str, verdict: Verdict, state: ReplyState, positive: int, negative: int) -> ReplySummary:
    return ReplySummary(
        reply_id=reply_id,
        verdict=verdict,
        text="",
        reference=None,
        state=state,
        source="chaming",
        contributor=None,
        positive_feedback_count=positive,
        negative_feedback_count=negative,
        created_at=MOMENT,
        published_at=MOMENT,
        updated_at=None,
    )


if __name__ == "__main__":
    print(to_markdown())
