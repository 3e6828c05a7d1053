"""`chaming worker`: handle the inbox and run the scheduled jobs beside one or more web processes."""

import click


@click.command()
def command() -> None:
    """Handle the inbox and run the scheduled jobs until stopped (PostgreSQL only)."""
    from scripts.settings_option import settings_or_exit  # imported here, for `--help` must not wait for it

    settings = settings_or_exit(require_line=True)
    from scripts.serve import run_worker  # only now: what is wrong with the settings is said at once

    run_worker(settings)
