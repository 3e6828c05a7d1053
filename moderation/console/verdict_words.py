"""Why an answer stands where it stands, in one sentence: the same in the console and on the public page."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from moderation.console.wording import Words, marked
from moderation.verification import Finding, ReasonKey
from storage.tables import ReplyState, VerificationDecision, VerificationOutcome, VerificationRule

TAIPEI = ZoneInfo("Asia/Taipei")

SENTENCES = {
    ReasonKey.PROVISIONAL: marked(
        "{ratings} volunteers rated this answer, {trusted} of them with a long good record, and {helpful_percent} % "
        "found it helpful: enough for a first check."
    ),
    ReasonKey.VERIFIED: marked(
        "{experienced} experienced volunteers rated this answer, {experienced_percent} % found it helpful, and so did "
        "both of the groups that often disagree with each other."
    ),
    ReasonKey.REJECTED_EARLY: marked(
        "{ratings} volunteers rated this answer, {trusted} of them with a long good record, and only "
        "{helpful_percent} % found it helpful: it is not shown."
    ),
    ReasonKey.REJECTED: marked(
        "{experienced} experienced volunteers rated this answer and only {experienced_percent} % found it helpful, in "
        "both of the groups that often disagree: it is not shown."
    ),
    ReasonKey.TOO_FEW_TRUSTED: marked(
        "{ratings} volunteers have rated this answer, but too few of them have a long good record yet."
    ),
    ReasonKey.NOT_HELPFUL_ENOUGH: marked(
        "{ratings} volunteers rated this answer, and they do not agree whether it helps: {helpful_percent} % say so."
    ),
    ReasonKey.TRUSTED_DISAGREE: marked(
        "{helpful_percent} % of {ratings} volunteers found this answer helpful, but those with a long good record do "
        "not agree among themselves."
    ),
    ReasonKey.ONE_SIDED: marked(
        "{experienced_percent} % of {experienced} experienced volunteers found this answer helpful, but only one of "
        "the groups that often disagree did."
    ),
    ReasonKey.MODEL_DISAGREES: marked(
        "{experienced_percent} % of {experienced} experienced volunteers found this answer helpful, but mostly people "
        "who tend to agree with each other anyway."
    ),
    ReasonKey.WITHDRAWN: marked("This answer was withdrawn; ratings no longer change that."),
}
UNRATED = marked("Nobody has rated this answer yet.")
IMPORTED = marked("This answer comes from open fact-checking data; volunteers here have not confirmed it.")
REOPENED = marked("This answer is being rated anew, after an appeal or because of a source.")
WAITING = marked("Since somebody sees it otherwise, it is shown after {time} at the earliest.")


def describe_standing(
    words: Words,
    state: ReplyState,
    decisions: Sequence[VerificationDecision],
    now: datetime,
    finding: Finding | None = None,
) -> str:
    """One sentence for where an answer stands now, from all that was decided on it, oldest first.

    What is held is described as the rule sees it now (`finding`): a decision is written only when its outcome changes.
    """
    if state == ReplyState.WITHDRAWN:
        return words(SENTENCES[ReasonKey.WITHDRAWN])
    newest = decisions[-1] if decisions else None
    if finding is not None and newest is not None and newest.outcome == VerificationOutcome.HELD:
        return _say(words, finding.reason.key, finding.reason.values)
    if newest is None or (state == ReplyState.IMPORTED and newest.outcome == VerificationOutcome.HELD):
        return words(IMPORTED if state == ReplyState.IMPORTED else UNRATED)
    return describe_decision(words, newest, now)


def describe_decision(words: Words, decision: VerificationDecision, now: datetime) -> str:
    """One decision in words; one that waits says until when."""
    if decision.outcome == VerificationOutcome.REOPENED or decision.rule == VerificationRule.APPEAL:
        return words(REOPENED)
    reason = decision.inputs["reason"]
    said = _say(words, ReasonKey(reason["key"]), reason["values"])
    if decision.public_at is not None and now < decision.public_at:
        time = f"{words.date(decision.public_at)} {to_clock(decision.public_at)}"
        return f"{said} {words(WAITING, time=time)}"
    return said


def _say(words: Words, key: ReasonKey, values: Mapping[str, int]) -> str:
    if key != ReasonKey.TOO_FEW_RATINGS:
        return words(SENTENCES[key], **values)
    if not values["ratings"]:
        return words(UNRATED)
    return words.plural(
        "One volunteer has rated this answer so far; that is too few to decide.",
        "{number} volunteers have rated this answer so far; that is too few to decide.",
        values["ratings"],
    )


def to_clock(moment: datetime) -> str:
    """The time of day in Taiwan."""
    return moment.astimezone(TAIPEI).strftime("%H:%M")
