"""The whole process but for model and index: the real app and handlers, the real inbox, and a LINE that is strict."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from bot.app import build_app
from bot.limits import STORED_BEYOND
from bot.matching import Matching
from bot.services import Services, open_services
from bot.settings import Settings
from retrieval.types import Match
from scripts.simulator.line import LineSimulator, running_simulator, serve_app
from storage.database import open_database
from storage.migrations import migrate
from tests.bot.fakes import FakeMatcher
from tests.waiting import wait_until


class FakeKeeper:
    """Ready when it is told to be."""

    def __init__(self, matching: Matching) -> None:
        self._matching = matching
        self.problem: str | None = "ModelMissingError"

    def load(self, *matches: Match) -> None:
        self.problem = None
        self._matching.use(FakeMatcher(*matches))

    async def run(self) -> None:
        await asyncio.Event().wait()


@pytest.fixture
async def line() -> AsyncIterator[LineSimulator]:
    async with running_simulator() as line:
        line.delivery.switches.timeout = 60
        yield line


async def make_settings(line: LineSimulator, database_url: str, folder: Path) -> Settings:
    database = open_database(database_url)
    await migrate(database)
    await database.close()
    return Settings(DATABASE_URL=database_url, DATA_DIR=folder, SECRET_KEY="a key for tests, long", **line.settings())


@asynccontextmanager
async def serving(settings: Settings, line: LineSimulator, *, ready: bool = True) -> AsyncIterator[Services]:
    async with open_services(settings) as services:
        keeper = FakeKeeper(services.matching)
        services.follower = keeper  # type: ignore[assignment]
        if ready:
            keeper.load()
        async with serve_app(build_app(services)) as url:
            line.channel.webhook_url = f"{url}/callback"
            yield services


async def get(line: LineSimulator, path: str, **headers: str) -> tuple[int, str]:
    base = (line.channel.webhook_url or "").removesuffix("/callback")
    async with aiohttp.ClientSession() as session, session.get(base + path, headers=headers) as response:
        return response.status, await response.text()


async def test_it_answers_a_message_honestly_when_nothing_matches(
    line: LineSimulator, database_url: str, tmp_path: Path
) -> None:
    settings = await make_settings(line, database_url, tmp_path)
    asker = line.add_user("asker")
    async with serving(settings, line):
        answer = await line.ask(asker, "喝熱檸檬水可以治癌症，請轉發給家人")
    assert answer
    assert line.refusals == []


async def test_it_stores_no_more_of_a_flood_than_it_promises(
    line: LineSimulator, sqlite_url: str, tmp_path: Path
) -> None:
    settings = await make_settings(line, sqlite_url, tmp_path)
    flooder = line.add_user("flooder")
    async with serving(settings.model_copy(update={"chat_limit_per_minute": 1}), line, ready=False) as services:
        for number in range(STORED_BEYOND + 2):
            await line.send_text(flooder, f"第{number}則")
        assert services.metrics.registry.get_sample_value("chaming_events_dropped_total") == 2
        assert await services.inbox.depth() == {"pending": STORED_BEYOND, "claimed": 0, "failed": 0}


async def test_it_keeps_what_arrives_before_it_is_ready_and_then_answers(
    line: LineSimulator, database_url: str, tmp_path: Path
) -> None:
    settings = await make_settings(line, database_url, tmp_path)
    asker = line.add_user("asker")
    async with serving(settings, line, ready=False) as services:
        assert (await get(line, "/healthz"))[0] == 200
        status, body = await get(line, "/readyz")
        assert (status, '"matching": false' in body) == (503, True)
        await line.send_text(asker, "喝熱檸檬水可以治癌症")
        await asyncio.sleep(0.3)
        assert line.messages(asker) == []
        services.follower.load()  # type: ignore[call-arg]
        await line.wait_for_messages(asker)
        assert (await get(line, "/readyz"))[0] == 200


async def test_it_answers_after_a_restart_what_it_was_asked_before(
    line: LineSimulator, database_url: str, tmp_path: Path
) -> None:
    settings = await make_settings(line, database_url, tmp_path)
    asker = line.add_user("asker")
    async with serving(settings, line, ready=False):
        await line.send_text(asker, "喝熱檸檬水可以治癌症")
    async with serving(settings, line):
        await line.wait_for_messages(asker)
    assert line.refusals == []


STEPS = (
    'chaming_webhooks_total{result="accepted"}',
    "chaming_events_stored_total",
    'chaming_events_claimed_total{how="handed_over"}',
    "chaming_match_seconds_count",
    *(f'chaming_step_seconds_count{{step="{step}"}}' for step in ("finish", "match", "render", "wait")),
    'chaming_handle_seconds_count{kind="TextMessage"}',
    'chaming_line_calls_total{call="reply",result="ok"}',
    "chaming_webhook_to_reply_seconds_count",
)


async def test_it_counts_every_step_of_the_path(
    line: LineSimulator, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.matching.HEAD_START_KEPT_S", 60.0)  # a slow machine would match once more
    settings = await make_settings(line, database_url, tmp_path)
    asker = line.add_user("asker")
    shown = ""

    async def is_counted() -> bool:
        nonlocal shown
        _, shown = await get(line, "/metrics")
        return all(f"{sample} 1.0" in shown for sample in STEPS)

    async with serving(settings, line):
        await line.ask(asker, "喝熱檸檬水可以治癌症")
        await wait_until(is_counted)
    assert asker.user_id not in shown


async def test_it_shows_the_counts_to_whoever_has_the_token(
    line: LineSimulator, database_url: str, tmp_path: Path
) -> None:
    token = "a token that only Prometheus has"
    settings = (await make_settings(line, database_url, tmp_path)).model_copy(update={"metrics_token": token})
    async with serving(settings, line):
        assert (await get(line, "/metrics"))[0] == 401
        assert (await get(line, "/metrics", Authorization="Bearer another"))[0] == 401
        status, shown = await get(line, "/metrics", Authorization=f"Bearer {token}")
    assert (status, "chaming_webhooks_total" in shown) == (200, True)


async def test_it_says_it_is_not_ready_while_the_database_is_away(
    line: LineSimulator, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = await make_settings(line, database_url, tmp_path)
    async with serving(settings, line) as services:
        monkeypatch.setattr(type(services.database), "reading", None)
        assert (await get(line, "/readyz"))[0] == 503
        assert (await get(line, "/healthz"))[0] == 200


async def test_an_unknown_page_is_404(line: LineSimulator, database_url: str, tmp_path: Path) -> None:
    settings = await make_settings(line, database_url, tmp_path)
    async with serving(settings, line):
        assert (await get(line, "/articles/unknown"))[0] == 404
        assert (await get(line, "/nothing"))[0] == 404
