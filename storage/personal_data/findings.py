"""What was found, and a text without it."""

from bisect import bisect_left
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter

MASK = "○○○"
"""What stands where something was taken out: people in Taiwan write 王○○."""


class Kind(StrEnum):
    """What a finding looks like. The values travel in buttons and exports, and never change meaning."""

    PHONE = "phone"
    EMAIL = "email"
    NATIONAL_ID = "national_id"
    ARC_ID = "arc_id"
    """The number of a resident certificate (居留證)."""
    BANK_ACCOUNT = "bank_account"
    CARD = "card"
    LINE_ID = "line_id"
    """An account name in LINE or another messenger."""
    ADDRESS = "address"
    NAME = "name"
    URL_WITH_ACCOUNT = "url_with_account"
    """A link that leads to one person's account, or carries their address or number."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """`text[start:end]` may tell who somebody is."""

    start: int
    end: int
    kind: Kind


def drop_overlaps(found: Iterable[Finding]) -> list[Finding]:
    """In the order of the text, none over another: of two that meet, the longer one stays, else the first given."""
    chosen: list[Finding] = []
    for one in sorted(found, key=lambda finding: finding.start - finding.end):
        place = bisect_left(chosen, one.start, key=attrgetter("start"))
        before, after = chosen[max(place - 1, 0) : place], chosen[place : place + 1]
        if all(other.end <= one.start for other in before) and all(one.end <= other.start for other in after):
            chosen.insert(place, one)
    return chosen


def mask(text: str, findings: Collection[Finding]) -> str:
    """The text with `MASK` where the findings stood."""
    parts, position = [], 0
    for finding in drop_overlaps(findings):
        parts += [text[position : finding.start], MASK]
        position = finding.end
    return "".join([*parts, text[position:]])
