"""What counts as an answer, as a table."""

from datetime import timedelta

import pytest

from bot.decide import (
    MAX_CANDIDATES,
    Answer,
    Candidates,
    NoMatch,
    Outcome,
    best_replies,
    decide,
    is_settled,
    may_speak_unasked,
)
from retrieval.types import Band
from storage.articles import ArticleSummary
from storage.tables import ReplyState, Status, Verdict
from tests.bot.makers import CHECKED_AT, make_article, make_match, make_reply

LONG_TEXT = "喝熱水可以殺死病毒，請轉發給家人！"

RUMOR = make_reply("rumor", Verdict.RUMOR)
TRUE = make_reply("true", Verdict.NOT_RUMOR)
OPINION = make_reply("opinion", Verdict.OPINIONATED)
NOT_ARTICLE = make_reply("not-article", Verdict.NOT_ARTICLE)
LIKED = make_reply("liked", positive_feedback_count=5, negative_feedback_count=1)
DISLIKED = make_reply("disliked", positive_feedback_count=1, negative_feedback_count=2)


def by_id(*articles: ArticleSummary) -> dict[str, ArticleSummary]:
    return {article.article_id: article for article in articles}


def answered_id(outcome: Outcome) -> str | None:
    return outcome.candidate.article.article_id if isinstance(outcome, Answer) else None


def candidate_ids(outcome: Outcome) -> list[str]:
    return [c.article.article_id for c in outcome.candidates] if isinstance(outcome, Candidates) else []


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (make_reply("a", state=ReplyState.VERIFIED), make_reply("b", state=ReplyState.IMPORTED)),
        (make_reply("a", state=ReplyState.IMPORTED), make_reply("b", state=ReplyState.PROVISIONAL)),
        (
            make_reply("a", state=ReplyState.VERIFIED),
            make_reply("b", state=ReplyState.IMPORTED, positive_feedback_count=9),
        ),
        (LIKED, make_reply("b", positive_feedback_count=3)),
        (make_reply("a"), DISLIKED),
        (make_reply("z", created_at=CHECKED_AT + timedelta(1)), make_reply("b")),
        (make_reply("z"), make_reply("b", created_at=None)),
        (make_reply("a", state=ReplyState.PROVISIONAL), NOT_ARTICLE),
    ],
)
def test_it_puts_the_better_reply_first(better, worse) -> None:
    assert best_replies(make_article("x", worse, better)) == (better, worse)
    assert best_replies(make_article("x", better, worse)) == (better, worse)


@pytest.mark.parametrize(
    ("replies", "settled"),
    [
        ([RUMOR], True),
        ([NOT_ARTICLE], True),
        ([RUMOR, make_reply("again")], True),
        ([RUMOR, NOT_ARTICLE], True),
        ([RUMOR, TRUE], False),
        ([RUMOR, OPINION], False),
        ([TRUE, OPINION], False),
        ([LIKED], True),
        ([DISLIKED], False),
        ([LIKED, DISLIKED], True),
        ([make_reply("even", positive_feedback_count=2, negative_feedback_count=2)], True),
    ],
)
def test_it_answers_only_with_replies_that_agree_and_are_not_rejected(replies, settled: bool) -> None:
    article = make_article("x", *replies)
    assert is_settled(best_replies(article)) is settled
    outcome = decide([make_match("x")], by_id(article))
    assert isinstance(outcome, Answer if settled else Candidates)


def test_it_answers_with_the_first_sure_match() -> None:
    outcome = decide(
        [make_match("a"), make_match("b", probability=0.9)], by_id(make_article("a", RUMOR), make_article("b", RUMOR))
    )
    assert answered_id(outcome) == "a"


def test_it_answers_with_a_settled_article_beside_an_unanswered_one() -> None:
    outcome = decide([make_match("a"), make_match("b")], by_id(make_article("a"), make_article("b", RUMOR)))
    assert answered_id(outcome) == "b"


def test_it_lets_the_asker_choose_when_sure_matches_say_different_things() -> None:
    outcome = decide([make_match("a"), make_match("b")], by_id(make_article("a", RUMOR), make_article("b", TRUE)))
    assert candidate_ids(outcome) == ["a", "b"]


def test_it_trusts_the_very_same_words_over_what_resembles_them() -> None:
    matches = [make_match("a", signals={"exact": 1.0}), make_match("b", signals={"exact": 0.0})]
    outcome = decide(matches, by_id(make_article("a", RUMOR), make_article("b", TRUE)))
    assert answered_id(outcome) == "a"


def test_it_never_answers_with_a_contradicted_match() -> None:
    match = make_match("a", contradictions=[("不會", "會")])
    outcome = decide(
        [match, make_match("b", band=Band.CANDIDATE)], by_id(make_article("a", RUMOR), make_article("b", RUMOR))
    )
    assert candidate_ids(outcome) == ["b", "a"]
    assert isinstance(outcome, Candidates)
    assert [candidate.is_contradicted for candidate in outcome.candidates] == [False, True]


def test_it_offers_plausible_matches() -> None:
    outcome = decide([make_match("a", band=Band.CANDIDATE, probability=0.6)], by_id(make_article("a", RUMOR)))
    assert candidate_ids(outcome) == ["a"]


def test_it_offers_no_more_than_a_person_reads() -> None:
    ids = [f"article-{n}" for n in range(30)]
    matches = [make_match(article_id, band=Band.CANDIDATE) for article_id in ids]
    outcome = decide(matches, by_id(*(make_article(article_id, RUMOR) for article_id in ids)))
    assert candidate_ids(outcome) == ids[:MAX_CANDIDATES]


def test_it_says_no_match_with_the_id_of_an_unanswered_article() -> None:
    outcome = decide([make_match("a")], by_id(make_article("a")))
    assert isinstance(outcome, NoMatch)
    assert outcome.article_id == "a"


@pytest.mark.parametrize("match", [make_match("a", band=Band.CANDIDATE), make_match("a", contradictions=[("3", "35")])])
def test_it_does_not_take_what_only_resembles_for_the_same_unanswered_message(match) -> None:
    assert decide([match], by_id(make_article("a"))) == NoMatch()


def test_it_remembers_the_unanswered_article_beside_candidates() -> None:
    outcome = decide(
        [make_match("a"), make_match("b", band=Band.CANDIDATE)], by_id(make_article("a"), make_article("b", RUMOR))
    )
    assert isinstance(outcome, Candidates)
    assert outcome.unanswered == make_article("a")


@pytest.mark.parametrize("status", [Status.BLOCKED, Status.DELETED])
def test_it_never_shows_what_is_not_normal(status: Status) -> None:
    assert decide([make_match("a")], by_id(make_article("a", RUMOR, status=status))) == NoMatch()


def test_it_is_silent_about_the_lowest_band_and_about_articles_that_are_gone() -> None:
    assert decide([make_match("a", band=Band.NOTHING)], by_id(make_article("a", RUMOR))) == NoMatch()
    assert decide([make_match("gone")], {}) == NoMatch()
    assert decide([], {}) == NoMatch()


@pytest.mark.parametrize(
    ("reply", "text", "speaks"),
    [
        (make_reply(state=ReplyState.VERIFIED), LONG_TEXT, True),
        (make_reply(state=ReplyState.IMPORTED), LONG_TEXT, True),
        (make_reply(state=ReplyState.PROVISIONAL), LONG_TEXT, False),
        (TRUE, LONG_TEXT, False),
        (OPINION, LONG_TEXT, False),
        (NOT_ARTICLE, LONG_TEXT, False),
        (DISLIKED, LONG_TEXT, False),
        (RUMOR, "喝熱水", False),
        (RUMOR, "喝 熱 水 好 嗎 \n\n         ", False),
    ],
)
def test_it_speaks_up_in_a_group_only_against_a_sure_rumour(reply, text: str, speaks: bool) -> None:
    assert may_speak_unasked(decide([make_match("x")], by_id(make_article("x", reply))), text) is speaks


def test_it_does_not_speak_up_in_a_group_about_candidates() -> None:
    assert not may_speak_unasked(NoMatch(), LONG_TEXT)
    outcome = decide([make_match("x", band=Band.CANDIDATE)], by_id(make_article("x", RUMOR)))
    assert not may_speak_unasked(outcome, LONG_TEXT)
