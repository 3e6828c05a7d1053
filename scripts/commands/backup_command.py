"""`chaming backup DIR`: copy what cannot be made again, while the server runs."""

from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
def command(folder: Path) -> None:
    """Copy database, keys and releases into the new folder DIR, while the server runs (SQLite).

    Models and the search index are made again after `chaming restore DIR`. `.env` is yours to keep. A backup holds what
    people take back after it was made: keep backups no longer than you need them.
    """
    from scripts.backup import BackupError, back_up  # imported here, for `--help` must not wait for it
    from scripts.settings_option import settings_or_exit

    try:
        size = back_up(settings_or_exit(), folder)
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{folder}: {size / 1_000_000:.1f} MB. It holds keys and private text: keep it as safe as the server.")
