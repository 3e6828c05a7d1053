"""Pushing to people who asked, through a LINE that counts: once each, within quota and hours, whatever breaks."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from bot.buttons import Buttons
from bot.line_client import Quota, open_line_client
from bot.metrics import Metrics
from bot.notice_budget import MOST_AT_ONCE, Room, choose_room, is_quiet
from bot.notice_push import tell_askers
from bot.pseudonyms import Pseudonyms
from bot.services import Services
from bot.settings import Settings
from bot.wording import load_wordings
from moderation.publish import set_article_status
from scripts.simulator.line import LineSimulator, running_simulator
from scripts.simulator.world import User
from storage.askers import set_follows, set_language
from storage.database import Database
from storage.inbox import Inbox
from storage.notice_pushes import PUSH_LEASE, claim_for_push, load_recipients
from storage.notices import RETRY_KEY_LIVES
from storage.tables import Asker, Notice, Status, utc_now
from tests.bot.conversation import build_services
from tests.bot.fakes import SECRET_KEY
from tests.storage.asking import add_article, answer, ask, correct_reply, line_id, make, told

SOON = timedelta(minutes=1)
HOUR = timedelta(minutes=62)


class Town:
    """People who asked, the bot's job, and the platform between them."""

    def __init__(self, line: LineSimulator, services: Services) -> None:
        self.line = line
        self.services = services
        self.database = services.database
        self.people: dict[str, User] = {}

    async def asks(self, *names: str, article_id: str = "article") -> None:
        for name in names:
            self.people[name] = self.line.platform.add_user(User(name, user_id=line_id(name)))
        await ask(self.database, *names, article_id=article_id)

    async def job(self, after: timedelta = HOUR) -> str:
        return await tell_askers(self.services, utc_now() + after)

    def heard(self) -> dict[str, int]:
        """Messages from the bot, by person."""
        return {name: len(self.line.messages(person)) for name, person in self.people.items()}

    def calls(self) -> list[str]:
        paths = [each.path.rpartition("/")[2] for each in self.line.requests]
        return [path for path in paths if path in {"push", "multicast"}]


@pytest.fixture
async def line() -> AsyncIterator[LineSimulator]:
    async with running_simulator(quota=200) as simulator:
        yield simulator


@pytest.fixture
async def town(database: Database, line: LineSimulator, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    monkeypatch.setattr("bot.line_client.PUSH_BACKOFF_S", 0.001)
    town = Town(line, make_services(database, line))
    await add_article(database)
    await town.asks("asker", "second", "third")
    await answer(database)
    await make(database)
    yield town
    await town.services.line.close()


def make_services(database: Database, line: LineSimulator, **settings: Any) -> Services:
    chosen = Settings(
        PUBLIC_URL="https://chaming.example.tw",
        SECRET_KEY=SECRET_KEY,
        **{"NOTICE_QUIET_HOURS": "0-0", "NOTICE_QUOTA_PERCENT": 100, **line.settings(), **settings},
    )
    return build_services(
        database,
        Inbox(database, encryption_key=b"k" * 32, owner="test", lease=SOON),
        settings=chosen,
        line=open_line_client(chosen, Metrics()),
        pseudonyms=Pseudonyms(SECRET_KEY),
        buttons=Buttons(SECRET_KEY),
        wordings=load_wordings(),
    )


async def test_after_an_hour_it_pushes_once_and_says_which_message(town: Town) -> None:
    assert "pushed to 0" in await town.job(SOON)
    assert town.heard() == {"asker": 0, "second": 0, "third": 0}
    assert "pushed to 3" in await town.job()
    assert "pushed to 0" in await town.job(HOUR + SOON)
    assert town.heard() == {"asker": 1, "second": 1, "third": 1}
    assert town.calls() == ["multicast"], "the same content goes out in one call"
    assert "健保卡沒有照片" in str(town.line.messages(town.people["asker"]))
    assert town.line.refusals == []
    assert town.services.metrics.notices_told.labels("answered", "push")._value.get() == 3


async def test_each_language_is_a_call_of_its_own(town: Town) -> None:
    async with town.database.transaction() as session:
        await set_language(session, "second", "en")
    await town.job()
    assert sorted(town.calls()) == ["multicast", "push"]
    assert "has been checked" in str(town.line.messages(town.people["second"]))


async def test_a_person_with_two_is_told_both_in_one_push(town: Town) -> None:
    await add_article(town.database, "another", "另一則訊息")
    await town.asks("asker", article_id="another")
    await answer(town.database, "r", "another")
    await make(town.database)
    await town.job()
    [message] = town.line.messages(town.people["asker"])
    assert len(message["contents"]["contents"]) == 2
    assert town.line.platform.quota.used == 3


async def test_more_than_five_hundred_are_several_calls(database: Database) -> None:
    async with running_simulator(quota=None) as line:
        town = Town(line, make_services(database, line))
        await add_article(database)
        await town.asks(*(f"asker {number}" for number in range(501)))
        await answer(database)
        await make(database)
        assert "pushed to 501" in await town.job()
        assert sorted(town.calls()) == ["multicast", "push"]
        assert set(town.heard().values()) == {1}
        await town.services.line.close()


async def test_it_does_not_wake_anybody(town: Town, line: LineSimulator) -> None:
    await town.services.line.close()
    town.services = make_services(town.database, line, NOTICE_QUIET_HOURS="21-8", NOTICE_AFTER_MINUTES=0)
    tomorrow = (utc_now() + timedelta(days=1)).replace(minute=30)
    night, morning = tomorrow.replace(hour=14), tomorrow.replace(hour=1) + timedelta(days=1)
    assert "quiet hours" in await tell_askers(town.services, night)
    assert set(town.heard().values()) == {0}
    assert "pushed to 3" in await tell_askers(town.services, morning)


async def test_whoever_blocked_the_bot_is_not_pushed_to(town: Town) -> None:
    async with town.database.transaction() as session:
        await set_follows(session, "second", False)
    assert "pushed to 2" in await town.job()
    assert ("second", "answered", "pending") in await told(town.database)


async def test_the_budget_reaches_the_newest_first_and_corrections_before_all(town: Town, line: LineSimulator) -> None:
    line.platform.quota.limit = 1
    async with town.database.transaction() as session:
        second = col(Notice.asker_id) == "second"
        await session.execute(update(Notice).where(second).values(created_at=utc_now() + SOON))
    assert "pushed to 1" in await town.job(2 * HOUR)
    assert town.heard() == {"asker": 0, "second": 1, "third": 0}
    await correct_reply(town.database, "更正：下個月起要有照片。")
    await make(town.database)
    line.platform.quota.limit = 2
    assert "pushed to 1" in await town.job(2 * HOUR)
    assert town.heard() == {"asker": 0, "second": 2, "third": 0}
    assert line.refusals == []


async def test_with_nothing_left_of_the_quota_line_is_not_asked_to_push(town: Town, line: LineSimulator) -> None:
    line.platform.quota.spend(200)
    assert "pushed to 0" in await town.job()
    assert town.calls() == []


async def test_it_stops_when_line_says_the_quota_is_used_up_and_goes_on_later(town: Town, line: LineSimulator) -> None:
    line.fail("/v2/bot/message/multicast", status=429)
    outcome = await town.job()
    assert "stopped by" in outcome
    assert set(town.heard().values()) == {0}
    await town.job(HOUR + PUSH_LEASE)
    assert set(town.heard().values()) == {1}


@pytest.mark.parametrize("accepted", [True, False])
async def test_a_broken_connection_leads_to_one_notice(town: Town, line: LineSimulator, accepted: bool) -> None:
    line.drop("/v2/bot/message/multicast", accepted=accepted)
    assert "pushed to 3" in await town.job()
    assert set(town.heard().values()) == {1}


@pytest.mark.parametrize("accepted", [True, False])
async def test_killed_while_pushing_the_next_run_pushes_what_line_has_not_taken(
    town: Town, line: LineSimulator, monkeypatch: pytest.MonkeyPatch, accepted: bool
) -> None:
    class Killed(BaseException):
        pass

    push = town.services.line.multicast

    async def killed(*call: Any, **named: Any) -> None:
        if accepted:
            await push(*call, **named)
        raise Killed

    monkeypatch.setattr(town.services.line, "multicast", killed)
    with pytest.raises(Killed):
        await town.job()
    monkeypatch.undo()
    assert "pushed to 0" in await town.job(), "it may still be at it"
    assert "pushed to 3" in await town.job(HOUR + PUSH_LEASE)
    assert "pushed to 0" in await town.job(HOUR + 2 * PUSH_LEASE)
    assert town.heard() == {"asker": 1, "second": 1, "third": 1}


async def test_what_line_may_have_taken_a_day_ago_is_given_up(town: Town) -> None:
    async with town.database.transaction() as session:
        people = await load_recipients(session, utc_now() + HOUR, wait=SOON, limit=10)
        await claim_for_push(session, people, "key", utc_now() + HOUR)
    await town.job(HOUR + RETRY_KEY_LIVES + SOON)
    assert town.calls() == []
    assert {state for _, _, state in await told(town.database)} == {"expired"}


async def test_one_that_line_refuses_does_not_keep_the_others_from_theirs(town: Town, line: LineSimulator) -> None:
    async with town.database.transaction() as session:
        await session.execute(update_address("second", "nobody"))
    assert "pushed to 2" in await town.job()
    assert town.heard() == {"asker": 1, "second": 0, "third": 1}
    assert sorted(await told(town.database)) == [
        ("asker", "answered", "sent"),
        ("second", "answered", "expired"),
        ("third", "answered", "sent"),
    ]


def update_address(asker: str, address: str) -> Any:
    return update(Asker).where(col(Asker.id) == asker).values(line_user_id=address)


async def test_what_has_nothing_to_tell_any_more_is_dropped(town: Town) -> None:
    async with town.database.transaction() as session:
        await set_article_status(session, "article", Status.BLOCKED)
    assert "0 waiting" in await town.job()
    assert town.calls() == []


@pytest.mark.parametrize("off", [{"NOTICE_QUOTA_PERCENT": 0}, {"LINE_CHANNEL_ACCESS_TOKEN": None}])
async def test_it_can_be_switched_off(town: Town, line: LineSimulator, off: dict[str, Any]) -> None:
    await town.services.line.close()
    town.services = make_services(town.database, line, **off)
    assert "switched off, 3 waiting" in await town.job()


@pytest.mark.parametrize(
    ("quota", "day", "percent", "room"),
    [
        (Quota(300, 0), 1, 100, Room(300, 10)),
        (Quota(300, 10), 1, 100, Room(290, 0)),
        (Quota(300, 10), 2, 100, Room(290, 10)),
        (Quota(300, 0), 15, 100, Room(300, 150)),
        (Quota(300, 300), 30, 100, Room(0, 0)),
        (Quota(300, 400), 30, 100, Room(0, 0)),
        (Quota(300, 0), 30, 50, Room(150, 150)),
        (Quota(10, 0), 1, 100, Room(10, 1)),
        (Quota(0, 0), 1, 100, Room(0, 0)),
        (Quota(300, 0), 15, 0, Room(0, 0)),
        (Quota(None, 9_999), 1, 100, Room(MOST_AT_ONCE, MOST_AT_ONCE)),
    ],
)
def test_a_months_quota_is_spread_over_the_month(quota: Quota, day: int, percent: int, room: Room) -> None:
    assert choose_room(quota, datetime(2026, 6, day, 3, tzinfo=UTC), percent) == room


def test_the_month_begins_in_japan() -> None:
    assert choose_room(Quota(300, 0), datetime(2026, 5, 31, 15, 30, tzinfo=UTC), 100).first_answers == 10


@pytest.mark.parametrize(
    ("hours", "quiet"),
    [((21, 8), {21, 22, 23, 0, 7}), ((0, 0), set()), ((12, 14), {12, 13}), ((0, 6), {0})],
)
def test_quiet_hours_are_taiwans_and_may_reach_over_midnight(hours: tuple[int, int], quiet: set[int]) -> None:
    for hour in (0, 7, 8, 12, 13, 14, 20, 21, 22, 23):
        moment = datetime(2026, 6, 1, hour, 30, tzinfo=UTC) - timedelta(hours=8)
        assert is_quiet(moment, hours) == (hour in quiet)
