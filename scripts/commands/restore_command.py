"""`chaming restore DIR`: put a backup in place."""

from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR")
def command(folder: Path) -> None:
    """Put the backup DIR into an empty DATA_DIR, with the server stopped (SQLite)."""
    from scripts.backup import BackupError, restore  # imported here, for `--help` must not wait for it
    from scripts.settings_option import settings_or_exit

    try:
        restore(settings_or_exit(), folder)
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    click.echo("Restored. Now: chaming model prepare, chaming migrate, chaming index rebuild, chaming serve.")
