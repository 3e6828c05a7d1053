"""When something may be pushed, and to how many: quiet hours, and a month's quota spread over the month. Pure."""

import calendar
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from bot.line_client import Quota
from bot.wording import TAIPEI

BILLING_ZONE = timezone(timedelta(hours=9))
"""LINE's month begins in Japan."""

MOST_AT_ONCE = 2_000
"""People pushed to in one run, however much quota there is."""


@dataclass(frozen=True, slots=True)
class Room:
    """To how many people something may be pushed now."""

    urgent: int
    """Corrections and withdrawals: all that is left of the month's share."""
    first_answers: int
    """First answers: what the month's days so far have not used."""


def is_quiet(now: datetime, hours: tuple[int, int]) -> bool:
    """Whether people in Taiwan should not be disturbed; the hours may reach over midnight."""
    begin, end = hours
    hour = now.astimezone(TAIPEI).hour
    return begin <= hour < end if begin <= end else hour >= begin or hour < end


def choose_room(quota: Quota, now: datetime, percent: int) -> Room:
    """What the budget allows. Each day adds its part of the month's share; what a day does not use stays for later.

    Whatever else was pushed this month counts as used, since LINE counts it.
    """
    if percent == 0:
        return Room(0, 0)
    if quota.limit is None:
        return Room(MOST_AT_ONCE, MOST_AT_ONCE)
    day = now.astimezone(BILLING_ZONE)
    days = calendar.monthrange(day.year, day.month)[1]
    share = quota.limit * percent // 100
    earned = -(-share * day.day // days)  # rounded up, so that the first day of a small quota has some
    return Room(_between(share - quota.used), _between(earned - quota.used))


def _between(people: int) -> int:
    return max(0, min(people, MOST_AT_ONCE))
