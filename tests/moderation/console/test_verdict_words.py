"""Every reason of the rule has its sentence, in every language, with its numbers in it."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest

from bot.wording import load_wordings
from moderation.console.verdict_words import SENTENCES, describe_decision, describe_standing
from moderation.console.wording import LOCALES
from moderation.verification import Case, ReasonKey, Voice, decide
from storage.tables import ReplyState, Role, VerificationDecision, VerificationOutcome, VerificationRule
from tests.moderation.community import NOW

WORDINGS = load_wordings(LOCALES)
ENGLISH = WORDINGS["en"]


def decided(*voices: Voice, **changed: Any) -> VerificationDecision:
    finding = decide(Case(tuple(voices)))
    reason = {"key": finding.reason.key.value, "values": finding.reason.values}
    row = {"rule": finding.rule, "outcome": finding.outcome, "decided_at": NOW, **changed}
    return VerificationDecision(
        article_id="a", reply_id="r", inputs={"reason": reason, "figures": asdict(finding.figures)}, **row
    )


FIRST_CHECK = decided(Voice(1, Role.TRUSTED), Voice(1, Role.TRUSTED), Voice(1))


@pytest.mark.parametrize("language", WORDINGS)
def test_it_has_a_sentence_for_every_reason(language: str) -> None:
    values = dict.fromkeys(
        ("ratings", "trusted", "experienced", "helpful_percent", "trusted_percent", "experienced_percent"), 7
    )

    said = {WORDINGS[language](sentence, **values) for sentence in SENTENCES.values()}

    assert SENTENCES.keys() | {ReasonKey.TOO_FEW_RATINGS} == set(ReasonKey)
    assert len(said) == len(SENTENCES)
    assert all("{" not in sentence for sentence in said)


def test_it_tells_the_first_check_with_its_figures() -> None:
    said = describe_standing(ENGLISH, ReplyState.PROVISIONAL, [FIRST_CHECK], NOW)

    assert said == (
        "3 volunteers rated this answer, 2 of them with a long good record, and 100 % found it helpful: enough for a "
        "first check."
    )


def test_it_says_until_when_a_contested_answer_waits_and_not_longer() -> None:
    waiting = decided(Voice(1, Role.TRUSTED), Voice(1, Role.TRUSTED), Voice(1), public_at=NOW + timedelta(minutes=40))

    assert "20:40 at the earliest" in describe_decision(ENGLISH, waiting, NOW)
    assert "at the earliest" not in describe_decision(ENGLISH, waiting, NOW + timedelta(minutes=40))


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (ReplyState.PROPOSED, "Nobody has rated this answer yet."),
        (ReplyState.IMPORTED, "This answer comes from open fact-checking data"),
        (ReplyState.WITHDRAWN, "This answer was withdrawn"),
    ],
)
def test_it_tells_what_nobody_decided_on(state: ReplyState, sentence: str) -> None:
    assert describe_standing(ENGLISH, state, [], NOW).startswith(sentence)


def test_it_counts_what_is_held_as_it_is_now() -> None:
    first, now = decided(Voice(1)), decide(Case((Voice(1), Voice(0))))

    assert describe_standing(ENGLISH, ReplyState.PROPOSED, [first], NOW).startswith("One volunteer has")
    assert describe_standing(ENGLISH, ReplyState.PROPOSED, [first], NOW, now).startswith("2 volunteers have")


def test_it_tells_an_appeal() -> None:
    granted = decided(Voice(1), rule=VerificationRule.APPEAL, outcome=VerificationOutcome.REOPENED)

    described = describe_standing(ENGLISH, ReplyState.PROPOSED, [FIRST_CHECK, granted], NOW)
    assert described.startswith("This answer is being rated anew")
