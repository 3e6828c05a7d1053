"""`chaming serve`: the web server, and with SQLite the worker and the scheduler in the same process."""

import click


@click.command()
@click.option("--host", help="Where to listen (the setting HOST).")
@click.option("--port", type=click.IntRange(0, 65535), help="The port (the setting PORT); 0 takes a free one.")
def command(host: str | None, port: int | None) -> None:
    """Answer LINE's webhooks until stopped. Ctrl-C or SIGTERM lets answers under way come to their end."""
    from scripts.settings_option import settings_or_exit  # imported here, for `--help` must not wait for it

    settings = settings_or_exit(require_line=True)
    from scripts.serve import run_serve  # only now: what is wrong with the settings is said at once

    run_serve(settings, host or settings.host, settings.port if port is None else port)
