"""`chaming simulate`: a LINE platform on this machine, with a chat page, to try the bot without keys."""

import asyncio
import contextlib
import secrets
import signal
import time

import click

from scripts.simulator.world import Channel

REDELIVER_AFTER = (1.0, 3.0, 10.0, 30.0, 60.0)
"""Seconds; LINE does not publish its own. Long enough to start the bot's server after the simulator."""

PEOPLE = ("阿明", "美玲", "阿嬤")
FAMILY = "幸福一家人"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", default=8081, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--webhook", default="http://127.0.0.1:8080/callback", show_default=True, help="The bot's webhook URL.")
@click.option(
    "--channel-secret", envvar="LINE_CHANNEL_SECRET", show_envvar=True, help="Signs the webhooks. Made up if not given."
)
@click.option(
    "--token",
    envvar="LINE_CHANNEL_ACCESS_TOKEN",
    show_envvar=True,
    help="What the bot must show. Made up if not given.",
)
@click.option("--login-channel-id", envvar="LINE_LOGIN_CHANNEL_ID", show_envvar=True, help="LINE Login's channel.")
@click.option("--login-secret", envvar="LINE_LOGIN_CHANNEL_SECRET", show_envvar=True, help="Its secret.")
@click.option("--quota", default=200, show_default=True, type=click.IntRange(0), help="Push messages a month.")
def command(
    host: str,
    port: int,
    webhook: str,
    channel_secret: str | None,
    token: str | None,
    login_channel_id: str | None,
    login_secret: str | None,
    quota: int,
) -> None:
    """Run a LINE platform on this machine, with a chat page, to try the bot without keys.

    It prints the settings that make `chaming serve` talk to it; either of the two may be started first.
    """
    channel = Channel(
        secret=(channel_secret or secrets.token_hex(16)).split(",")[0].strip(),
        access_token=token or secrets.token_urlsafe(32),
        webhook_url=webhook,
    )
    try:
        asyncio.run(_serve(channel, host, port, quota, (login_channel_id, login_secret)))
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}:{port} ({error.strerror}). Try --port 0.") from error
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)


async def _serve(channel: Channel, host: str, port: int, quota: int, login: tuple[str | None, str | None]) -> None:
    # Imported here: the specification's validator and aiohttp would hold up `--help`.
    from scripts.simulator.line import LineSimulator, build_app, serve_app
    from scripts.simulator.login import LoginChannel
    from scripts.simulator.web.app import ChatPage

    line = LineSimulator(channel=channel, quota=quota)
    line.delivery.switches.redeliver_after = REDELIVER_AFTER
    people = [line.add_user(name, follows=False) for name in PEOPLE]
    line.add_group(FAMILY, *people)
    app = build_app(line)
    ChatPage(line).add_routes(app)
    channel_id, secret = login
    if channel_id and secret:
        LoginChannel(channel_id, secret, lambda: people, time.time).add_routes(app)
    async with serve_app(app, host=host, port=port) as url:
        line.api_url = url
        click.echo(f"# Open {url}/ in a browser. The bot's settings for this platform, as .env would hold them:")
        for name, value in line.settings().items():
            click.echo(f"{name}={value}")
        await _until_told_to_stop()
    await line.delivery.close()


async def _until_told_to_stop() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers here
            loop.add_signal_handler(number, stop.set)
    await stop.wait()
