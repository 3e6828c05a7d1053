"""Every number the verification rule and trust depend on, in one place. The defaults are what the README explains."""

from dataclasses import dataclass, fields
from datetime import timedelta

SHARES = {
    *("provisional_share", "verified_share", "inertia", "reviewer_agreement", "trusted_agreement"),
    *("alike_overlap", "alike_same"),
}


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Shares are 0 to 1, of ratings that count 1 (helpful), 0.5 (somewhat) or 0 (not). Nothing is negative.

    Raises ValueError naming the first number that cannot be meant.
    """

    min_ratings: int = 3
    min_trusted: int = 2
    provisional_share: float = 0.80
    answer_provisional: bool = True
    """Whether what has passed the first check is shown, labelled; False: only what is verified is."""

    experienced_after: int = 10
    """Ratings a person must have given before the model tells their side, and their rating counts to verify."""
    min_experienced: int = 5
    verified_share: float = 0.75
    min_net_helpful: int = 1
    """By how many each side's helpful ratings must exceed its not helpful ones."""
    ask_model: bool = False
    """Whether the model's own figures must agree too: the two that follow."""
    min_intercept: float = 0.30
    max_factor: float = 0.50

    inertia: float = 0.01
    """How far a share or figure may fall below its bound before an answer loses what it has."""
    delay_from: timedelta = timedelta(minutes=30)
    delay_to: timedelta = timedelta(minutes=90)
    lock_after: timedelta = timedelta(days=14)

    reviewer_outcomes: int = 5
    """Judgements that came to a final outcome, before a newcomer is a reviewer."""
    reviewer_agreement: float = 0.66
    trusted_outcomes: int = 20
    trusted_agreement: float = 0.80
    author_ratio: float = 5.0
    """Verified answers a trusted reviewer must have written for each one that was rejected."""

    alike_common: int = 12
    """Answers that two accounts must both have rated before they can be found too alike."""
    alike_overlap: float = 0.30
    """Share of all answers either has rated that both have."""
    alike_same: float = 0.97
    """Share of those that both gave the same rating."""
    alike_agreement: float = 11.5
    """Log of how many times likelier their agreement is for a copy than by chance; ln 100,000."""
    alike_evidence: float = 16.1
    """The same, of agreeing and of having met so often together; ln 10,000,000.

    The log of the number of pairs looked at is added."""
    ring_accounts: int = 4
    """From so many accounts counted as one, the one does not help to find out who is on which side, unless trusted."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not value >= (timedelta() if isinstance(value, timedelta) else 0):
                raise ValueError(f"{field.name} cannot be negative")
            if field.name in SHARES and value > 1:
                raise ValueError(f"{field.name} is a share, from 0 to 1")
        if self.delay_to < self.delay_from:
            raise ValueError("delay_to is before delay_from")


DEFAULT = Thresholds()
