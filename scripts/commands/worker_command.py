"""`chaming worker`: handle the inbox and run the scheduled jobs beside one or more web processes."""

import click


@click.command()
def command() -> None:
    """Handle the inbox and run the scheduled jobs until stopped (PostgreSQL only)."""
    # Imported here: `--help` must not wait for the index' libraries.
    from scripts.serve import run_worker
    from scripts.settings_option import settings_or_exit

    run_worker(settings_or_exit(require_line=True))
