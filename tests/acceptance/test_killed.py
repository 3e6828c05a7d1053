"""The server is killed again and again while webhooks arrive: nothing is lost, and nobody is answered twice.

LINE takes one reply per token. So an event whose reply LINE accepted just before the kill, and which the next process
therefore answers once more, is refused there: its sender sees one answer. The test counts these. On a machine too slow
to keep up, some tokens expire before the server is back: such an event is recorded as expired, never forgotten.
"""

import asyncio
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from bot.delivery import Undelivered
from scripts.simulator.line import LineSimulator, running_simulator
from storage.database import Database, open_database
from storage.tables import InboxEvent, InboxState
from tests.acceptance.library import SAMPLES, never_seen
from tests.acceptance.program import SAMPLE, Program

pytestmark = pytest.mark.model

WEBHOOKS = 2_000
PEOPLE = 400
KILLS = 20
WEBHOOKS_A_SECOND = 35
REDELIVER_AFTER = (1.0,) * 300
REPLY_PATH = "/v2/bot/message/reply"
ALL_DONE_WITHIN_S = 600.0
TOO_LATE = (Undelivered.EXPIRED, Undelivered.REPLY_TOKEN_INVALID)
"""Outcomes of an event whose token LINE no longer takes: before we tried, or when we did."""


@pytest.fixture
def program(prepared_models: Path, tmp_path: Path) -> Program:
    (tmp_path / "models").symlink_to(prepared_models)
    installed = Program(tmp_path, f"sqlite+aiosqlite:///{tmp_path}/chaming.db")
    installed.do("migrate")
    installed.do("import", "cofacts", str(SAMPLE))
    installed.do("index", "rebuild")
    return installed


@pytest.fixture
async def line(program: Program) -> AsyncIterator[LineSimulator]:
    async with running_simulator(
        channel=program.channel(), port=program.line_port, redeliver_after=REDELIVER_AFTER
    ) as simulator:
        yield simulator


async def send_all(line: LineSimulator, kills_done: asyncio.Event) -> dict[str, str]:
    """Let many people forward messages at a steady pace, whoever listens; return each event's reply token.

    They go on until the kills are done: these must fall while webhooks arrive, on a slow machine too.
    """
    people = [line.add_user(f"asker {number}") for number in range(PEOPLE)]
    texts = [*SAMPLES.values(), *(never_seen(str(number)) for number in range(20))]
    async with asyncio.TaskGroup() as sending:
        tasks = []
        for number in count():
            if number >= WEBHOOKS and kills_done.is_set():
                break
            tasks.append(sending.create_task(line.send_text(people[number % PEOPLE], texts[number % len(texts)])))
            await asyncio.sleep(1 / WEBHOOKS_A_SECOND)
    return {task.result().event_id: task.result().event["replyToken"] for task in tasks}


async def kill_again_and_again(program: Program, line: LineSimulator) -> list[float]:
    """Start the server and kill it a random while later, `KILLS` times; return when each was over, by LINE's clock."""
    dice = random.Random(20)
    killed = []
    for _ in range(KILLS):
        with program.running("serve") as process:
            await asyncio.sleep(dice.uniform(0.3, 4.5))
            assert process.poll() is None, (program.data_dir / "serve.log").read_text(errors="replace")[-4000:]
            process.kill()
            process.wait()
        await read_what_was_sent()
        killed.append(line.clock.now())
    return killed


async def read_what_was_sent() -> None:
    """Let LINE, which shares this thread, read what lies in its sockets: sent before the kill, it is from before."""
    for _ in range(20):
        await asyncio.sleep(0.01)


async def wait_until_all_done(database: Database, events: int) -> Counter[str]:
    """Wait until every event is finished; return the inbox's rows by state."""
    end = asyncio.get_running_loop().time() + ALL_DONE_WITHIN_S
    while True:
        async with database.reading() as session:
            rows = await session.execute(select(col(InboxEvent.state), func.count()).group_by(col(InboxEvent.state)))
            states = Counter({str(state): number for state, number in rows})
        if states == {InboxState.DONE: events} or asyncio.get_running_loop().time() > end:
            return states
        await asyncio.sleep(0.5)


async def load_outcomes(database: Database) -> dict[str, str | None]:
    async with database.reading() as session:
        rows = await session.execute(select(col(InboxEvent.event_id), col(InboxEvent.outcome)))
        return {row.event_id: row.outcome for row in rows}


@pytest.mark.timeout(1800)
async def test_it_loses_nothing_and_repeats_nothing_when_killed_at_any_instant(
    program: Program, line: LineSimulator, capsys: pytest.CaptureFixture[str]
) -> None:
    kills_done = asyncio.Event()
    sending = asyncio.create_task(send_all(line, kills_done))
    killed = await kill_again_and_again(program, line)
    kills_done.set()
    database = open_database(program.database_url)
    with program.running("serve"):
        tokens = await sending
        states = await wait_until_all_done(database, len(tokens))
    outcomes = await load_outcomes(database)
    await database.close()
    assert states == {InboxState.DONE: len(tokens)}
    assert set(outcomes) == set(tokens)

    replies = [request for request in line.requests if request.path == REPLY_PATH]
    accepted = {request.body["replyToken"]: request.at for request in replies if request.status == 200}
    again = [request for request in replies if request.status != 200]
    assert sum(request.status == 200 for request in replies) == len(accepted), "one token was taken twice"
    unanswered = [event_id for event_id, token in tokens.items() if token not in accepted]
    assert {outcomes[event_id] for event_id in unanswered} <= set(TOO_LATE)
    for request in again:
        first = accepted.get(request.body["replyToken"])  # None: the token had expired, and LINE never took it
        assert first is None or any(first <= instant <= request.at for instant in killed), "twice, and no kill between"
    with capsys.disabled():
        sys.stdout.write(
            f"\n{len(tokens)} webhooks, {KILLS} kills: {len(accepted)} answered, {len(unanswered)} too late, "
            f"{sum(request.body['replyToken'] in accepted for request in again)} answered again and refused by LINE\n"
        )
