"""Pushing what waited too long for a free answer to go along with: the scheduled half of `bot/notify.py`.

Every push is claimed under a retry key before LINE is called, and no transaction is open during the call. Killed in
between, the next run repeats it under the same key, which LINE takes once; after most of a day, when LINE may have
forgotten the key, it is given up instead: better untold than told twice.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import orjson
import structlog

from bot.bubbles.notice import notice_messages
from bot.bubbles.view import View
from bot.line_client import MAX_RECIPIENTS
from bot.line_errors import LineError, QuotaExceededError, RefusedError
from bot.notice_budget import MOST_AT_ONCE, Room, choose_room, is_quiet
from bot.notify import PUSH, Told, count_told, to_told
from bot.outcome import Message
from bot.services import Services
from bot.wording import choose_words
from storage.articles import load_article_summaries
from storage.notice_log import make_notices
from storage.notice_pushes import Recipient, claim_for_push, finish_push, load_recipients, reclaim_push, release_push
from storage.notices import count_pending, expire_old, load_wordings, suppress
from storage.tables import NoticeState
from storage.told_verdicts import load_told_verdicts

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Letter:
    """What one person is to read."""

    person: Recipient
    told: tuple[Told, ...]
    messages: tuple[Message, ...]


async def tell_askers(services: Services, now: datetime) -> str:
    """Make notices from the change log, give up old ones, and push what is due; returns what was done, in words."""
    made = await make_notices(services.database, now)
    services.metrics.notices_made.inc(made)
    async with services.database.transaction() as session:
        expired = await expire_old(session, now)
    services.metrics.notices_expired.inc(expired)
    pushed = await push_notices(services, now)
    async with services.database.reading() as session:
        pending = await count_pending(session)
    services.metrics.notices_pending.set(pending)
    return f"made {made}, expired {expired}, {pushed}, {pending} waiting"


async def push_notices(services: Services, now: datetime) -> str:
    """Push to whom it is due, as far as hour and quota allow."""
    if not services.settings.has_line or services.settings.notice_quota_percent == 0:
        return "pushing is switched off"
    if is_quiet(now, services.settings.quiet_hours):
        return "pushed nothing in quiet hours"
    try:
        reached = await _repeat_interrupted(services, now)
        reached += await _push_due(services, now)
    except LineError as error:  # the claims lapse, and the next run repeats the push
        log.error("notices_not_pushed", code=error.code, reason=error.reason)
        return f"stopped by {error.code}"
    return f"pushed to {reached}"


async def _repeat_interrupted(services: Services, now: datetime) -> int:
    """Repeat what an earlier run began and did not finish."""
    reached = 0
    while True:
        async with services.database.transaction() as session:
            found = await reclaim_push(session, now)
        if found is None:
            return reached
        retry_key, people = found
        letters, _ = await _write(services, people)
        if letters:
            reached += await _send(services, retry_key, letters, now)
        else:  # nothing is left to say: it was taken back, or withdrawn, since
            await _finish(services, retry_key, now, NoticeState.EXPIRED)


async def _push_due(services: Services, now: datetime) -> int:
    wait = timedelta(minutes=services.settings.notice_after_minutes)
    async with services.database.reading() as session:
        due = await load_recipients(session, now, wait=wait, limit=MOST_AT_ONCE)
    if not due:
        return 0
    room = choose_room(await services.line.get_quota(), now, services.settings.notice_quota_percent)
    services.metrics.push_quota_left.labels("urgent").set(room.urgent)
    services.metrics.push_quota_left.labels("first_answer").set(room.first_answers)
    letters, void = await _write(services, choose_people(due, room))
    if void:
        async with services.database.transaction() as session:
            await suppress(session, void, now)
    reached = 0
    for batch in to_batches(letters):
        reached += await _claim_and_send(services, batch, now)
    return reached


def choose_people(due: Sequence[Recipient], room: Room) -> list[Recipient]:
    """Whom the budget reaches: the urgent first, then first answers with what today still allows."""
    urgent = [person for person in due if person.is_urgent][: room.urgent]
    others = [person for person in due if not person.is_urgent]
    return [*urgent, *others[: max(0, room.first_answers - len(urgent))]]


def to_batches(letters: Iterable[Letter]) -> list[list[Letter]]:
    """Letters that say the same, together, as many as one call takes."""
    alike: dict[bytes, list[Letter]] = {}
    for letter in letters:
        alike.setdefault(orjson.dumps(letter.messages), []).append(letter)
    return [
        same[start : start + MAX_RECIPIENTS] for same in alike.values() for start in range(0, len(same), MAX_RECIPIENTS)
    ]


async def _write(services: Services, people: Sequence[Recipient]) -> tuple[list[Letter], list[int]]:
    """What each person is to read, and the notices that have nothing to tell any more."""
    notices = [notice for person in people for notice in person.notices]
    async with services.database.reading() as session:
        summaries = await load_article_summaries(session, {notice.article_id for notice in notices})
        wordings = await load_wordings(session, notices)
        verdicts = await load_told_verdicts(session, notices)
    letters: list[Letter] = []
    void: list[int] = []
    for person in people:
        told = to_told(person.asker_id, person.notices, summaries, wordings, verdicts)
        void += [notice_id for one in told if one.news is None for notice_id in one.ids]
        news = [one.news for one in told if one.news is not None]
        if news:
            kept = tuple(notice for one in told if one.news for notice in one.notices)
            words = choose_words(services.wordings, person.language)
            public_url, is_large = services.settings.public_url, person.large_text
            view = View(words, services.buttons, public_url, is_large, services.pseudonyms)
            addressed = replace(person, notices=kept)
            letters.append(Letter(addressed, tuple(one for one in told if one.news), notice_messages(view, news)))
    return letters, void


async def _claim_and_send(services: Services, batch: Sequence[Letter], now: datetime) -> int:
    retry_key = str(uuid.uuid4())
    async with services.database.transaction() as session:
        claimed = await claim_for_push(session, [letter.person for letter in batch], retry_key, now)
    ours = {person.asker_id for person in claimed}
    return await _send(services, retry_key, [letter for letter in batch if letter.person.asker_id in ours], now)


async def _send(services: Services, retry_key: str, letters: Sequence[Letter], now: datetime) -> int:
    """Push letters that say the same, claimed under this key, and note it; how many people they went to."""
    if not letters:
        return 0
    to, messages = [letter.person.line_user_id for letter in letters], letters[0].messages
    try:
        if len(to) == 1:
            await services.line.push(to[0], messages, retry_key=retry_key)
        else:
            await services.line.multicast(to, messages, retry_key=retry_key)
    except QuotaExceededError:
        await _release(services, retry_key)
        raise
    except RefusedError as error:
        return await _after_refusal(services, retry_key, letters, now, error)
    await _finish(services, retry_key, now, NoticeState.SENT)
    for letter in letters:
        for one in letter.told:
            count_told(services.metrics, one.notices, PUSH)
    log.info("notices_pushed", people=len(to))
    return len(to)


async def _after_refusal(
    services: Services, retry_key: str, letters: Sequence[Letter], now: datetime, error: RefusedError
) -> int:
    """LINE takes none of it because of one of them: each alone, so that only the one it is about goes without."""
    log.error("notices_refused", people=len(letters), code=error.code, reason=error.reason)
    if len(letters) == 1:
        await _finish(services, retry_key, now, NoticeState.EXPIRED)
        return 0
    await _release(services, retry_key)
    return sum([await _claim_and_send(services, [letter], now) for letter in letters])


async def _release(services: Services, retry_key: str) -> None:
    async with services.database.transaction() as session:
        await release_push(session, retry_key)


async def _finish(services: Services, retry_key: str, now: datetime, state: NoticeState) -> None:
    async with services.database.transaction() as session:
        await finish_push(session, retry_key, now, state)
