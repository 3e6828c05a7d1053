"""`chaming restore DIR`: put a backup in place."""

import shlex
from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR")
def command(folder: Path) -> None:
    """Put the backup DIR into an empty DATA_DIR, with the server stopped (SQLite).

    Nothing is overwritten: what is in the way is named. Where SECRET_KEY was set, set the same one.
    """
    from bot.index_opening import source_of
    from scripts.backup import BackupError, is_current, restore  # imported here, for `--help` must not wait for it
    from scripts.settings_option import settings_or_exit

    try:
        adopted = restore(settings_or_exit(make_key=False), folder)
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    name = [source_of(adopted)] if adopted else []
    prepare = shlex.join(["chaming", "model", "prepare", *name])
    index = "chaming index rebuild" if is_current(adopted) else shlex.join(["chaming", "model", "adopt", *name])
    click.echo(f"Restored. Now: {prepare}, chaming migrate, {index}, chaming serve.")
