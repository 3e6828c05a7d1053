"""`chaming line check` against a LINE whose settings are wrong in each way the API can tell."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from bot.settings import Settings
from scripts.findings import Finding
from scripts.line_check import check_line, check_quota, check_test
from scripts.simulator.line import LineSimulator, running_simulator, serve_app


@pytest.fixture
async def line() -> AsyncIterator[LineSimulator]:
    async with running_simulator() as line:
        yield line


@pytest.fixture
async def bot_url(line: LineSimulator) -> AsyncIterator[str]:
    """A server that answers webhooks as the bot would."""

    async def callback(request: web.Request) -> web.Response:
        signed = request.headers["X-Line-Signature"] == line.sign(await request.read())
        return web.Response(status=200 if signed else 401)

    app = web.Application()
    app.router.add_post("/callback", callback)
    async with serve_app(app) as url:
        line.channel.webhook_url = f"{url}/callback"
        yield url


def settings_of(line: LineSimulator, folder: Path, bot_url: str, **changed: str | None) -> Settings:
    return Settings(**{**line.settings(), "PUBLIC_URL": bot_url, "DATA_DIR": folder, **changed})


def wrong(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if not finding.is_good]


async def test_it_finds_nothing_wrong_with_a_channel_set_up_as_the_readme_says(
    line: LineSimulator, bot_url: str, tmp_path: Path
) -> None:
    findings = await check_line(settings_of(line, tmp_path, bot_url))
    assert wrong(findings) == []
    assert any("查明" in finding.text for finding in findings)
    assert line.refusals == []


async def test_it_works_with_stateless_tokens(line: LineSimulator, bot_url: str, tmp_path: Path) -> None:
    settings = settings_of(
        line, tmp_path, bot_url, LINE_CHANNEL_ID=line.channel.channel_id, LINE_CHANNEL_ACCESS_TOKEN=None
    )
    assert wrong(await check_line(settings)) == []


async def test_it_says_when_the_token_is_wrong(line: LineSimulator, bot_url: str, tmp_path: Path) -> None:
    [finding] = await check_line(settings_of(line, tmp_path, bot_url, LINE_CHANNEL_ACCESS_TOKEN="wrong"))
    assert "does not accept the token" in finding.text


async def test_it_says_when_no_token_is_issued(line: LineSimulator, bot_url: str, tmp_path: Path) -> None:
    settings = settings_of(
        line, tmp_path, bot_url, LINE_CHANNEL_ID=line.channel.channel_id, LINE_CHANNEL_SECRET="wrong"
    )
    [finding] = await check_line(settings)
    assert "issues no token" in finding.text


async def test_it_says_when_no_webhook_is_set(line: LineSimulator, tmp_path: Path) -> None:
    line.channel.webhook_url = None
    [finding] = wrong(await check_line(settings_of(line, tmp_path, "https://bot.example.org")))
    assert finding.text == "No webhook URL is set."
    assert "https://bot.example.org/callback" in finding.advice


async def test_it_says_when_the_webhook_goes_elsewhere_is_off_or_chat_is_on(
    line: LineSimulator, bot_url: str, tmp_path: Path
) -> None:
    line.channel.webhook_active, line.channel.chat_mode = False, "chat"
    findings = wrong(await check_line(settings_of(line, tmp_path, "https://bot.example.org"), test_webhook=False))
    texts = " ".join(finding.text for finding in findings)
    assert len(findings) == 3
    assert "PUBLIC_URL" in texts
    assert "“Use webhook” is off" in texts
    assert "Chat is on" in texts


async def test_it_says_when_line_is_not_there(line: LineSimulator, tmp_path: Path, bot_url: str) -> None:
    [finding] = await check_line(settings_of(line, tmp_path, bot_url, LINE_API_URL="http://127.0.0.1:9"))
    assert "does not answer" in finding.text


@pytest.mark.parametrize(("status", "word"), [(401, "LINE_CHANNEL_SECRET"), (404, "/callback"), (0, "running")])
def test_it_says_what_a_failed_test_webhook_means(status: int, word: str) -> None:
    finding = check_test(False, status, "REASON")
    assert not finding.is_good
    assert word in finding.advice


def test_it_minds_a_used_up_quota_only_when_pushes_are_used(tmp_path: Path) -> None:
    assert check_quota(Settings(DATA_DIR=tmp_path), 200, 200).is_good
    assert not check_quota(Settings(DATA_DIR=tmp_path, PUSH_EXPIRED_REPLIES=True), 200, 200).is_good
    assert check_quota(Settings(DATA_DIR=tmp_path, PUSH_EXPIRED_REPLIES=True), None, 9_999).is_good
