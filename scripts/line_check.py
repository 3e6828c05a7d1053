"""The questions of `chaming line check`, each with what to do when its answer is wrong.

LINE's API tells the token, the webhook and the chat mode. It does not tell whether auto-reply or greeting messages are
on, so those are named as something to look at.
"""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import aiohttp

from bot.line_admin import LineAdmin, open_line_admin
from bot.line_client import choose_tokens
from bot.line_errors import LineError, LineUnreachableError
from bot.settings import Settings
from scripts.findings import Finding

CONSOLE = "https://developers.line.biz/console/"
MANAGER = "https://manager.line.biz/"
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
"""Where a simulator may be; LINE itself would fail to reach it, and the test webhook says so."""


async def check_line(settings: Settings, *, test_webhook: bool = True) -> list[Finding]:
    """All findings; it stops early where the rest cannot be asked."""
    findings = []
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        try:
            token = await choose_tokens(settings, session).get()
        except LineError as error:
            return [_no_token(settings, error)]
    async with open_line_admin(settings.line_api_url, token) as admin:
        try:
            async for finding in _look(admin, settings, test_webhook):
                findings.append(finding)  # noqa: PERF401 - what was found before an error counts
        except LineError as error:
            findings.append(_no_answer(settings, error))
    return findings


async def _look(admin: LineAdmin, settings: Settings, test_webhook: bool) -> AsyncIterator[Finding]:
    bot = await admin.get_bot_info()
    yield Finding(True, f"The token is good: it speaks for “{bot.display_name}” ({bot.basic_id}).")
    yield check_chat_mode(bot.chat_mode)
    try:
        endpoint = await admin.get_webhook_endpoint()
    except LineError as error:
        if error.status != 404:
            raise
        yield Finding(False, "No webhook URL is set.", _how_to_set_url(settings))
        return
    for finding in check_endpoint(settings, endpoint.endpoint, endpoint.active):
        yield finding
    if test_webhook:
        tested = await admin.test_webhook_endpoint()
        yield check_test(bool(tested.success), tested.status_code, tested.reason)
    quota = await admin.get_message_quota()
    used = (await admin.get_message_quota_consumption()).total_usage
    yield check_quota(settings, quota.value, used)
    yield Finding(
        True,
        "Not told by the API, please look: auto-response and greeting messages should be off.",
        f"{MANAGER} → the account → Settings → Response settings",
    )


def check_chat_mode(mode: str) -> Finding:
    if mode == "chat":
        return Finding(
            False,
            "Chat is on: people at LINE Official Account Manager answer, and the bot's answers may mix with theirs.",
            f"{MANAGER} → the account → Settings → Response settings → turn “Chat” off",
        )
    return Finding(True, "Chat is off: the bot alone answers.")


def check_endpoint(settings: Settings, url: str, active: bool) -> list[Finding]:
    expected = f"{settings.public_url}/callback"
    findings = [
        Finding(True, f"The webhook URL is {url}.")
        if url == expected
        else Finding(False, f"The webhook URL is {url}, and PUBLIC_URL says {expected}.", _how_to_set_url(settings))
    ]
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in THIS_MACHINE:
        findings.append(Finding(False, "The webhook URL is not https://: LINE does not deliver to it.", "Use HTTPS."))
    if active:
        findings.append(Finding(True, "“Use webhook” is on."))
    else:
        findings.append(
            Finding(False, "“Use webhook” is off.", f"{CONSOLE} → the channel → Messaging API → turn it on")
        )
    return findings


def check_test(success: bool, status: int, reason: str) -> Finding:
    if success:
        return Finding(True, "LINE's test webhook was answered 200.")
    advice = {
        401: "LINE_CHANNEL_SECRET is not this channel's: copy it from the console's Basic settings and restart.",
        404: "The URL must end in /callback.",
    }.get(status, "Is `chaming serve` running, and is its URL reachable from the internet with a valid certificate?")
    said = f"was answered {status} ({reason})" if status > 0 else f"got no answer ({reason})"
    return Finding(False, f"LINE's test webhook {said}.", advice)


def check_quota(settings: Settings, limit: int | None, used: int) -> Finding:
    """Replies are free; only pushes count."""
    if limit is not None and used >= limit and settings.push_expired_replies:
        return Finding(
            False, f"This month's {limit} pushes are used up.", "Raise the plan, or PUSH_EXPIRED_REPLIES=false"
        )
    return Finding(True, f"Pushes this month: {used} of {'unlimited' if limit is None else limit}. Replies are free.")


def _how_to_set_url(settings: Settings) -> str:
    return f"{CONSOLE} → the channel → Messaging API → Webhook URL: {settings.public_url}/callback (see PUBLIC_URL)"


def _no_token(settings: Settings, error: LineError) -> Finding:
    if isinstance(error, LineUnreachableError):
        return _no_answer(settings, error)
    return Finding(
        False,
        f"LINE issues no token for channel {settings.line_channel_id} ({error.reason or error.code}).",
        "LINE_CHANNEL_ID and LINE_CHANNEL_SECRET must be of the same channel: both are on its Basic settings page.",
    )


def _no_answer(settings: Settings, error: LineError) -> Finding:
    if isinstance(error, LineUnreachableError):
        return Finding(False, f"{settings.line_api_url} does not answer.", "Is this machine online? See LINE_API_URL.")
    if error.status in (401, 403):
        return Finding(
            False,
            f"LINE does not accept the token ({error.status}).",
            f"Issue a new one: {CONSOLE} → the channel → Messaging API → Channel access token",
        )
    return Finding(False, f"LINE refused: {error.reason or error.code}.", "Try again in a minute.")
