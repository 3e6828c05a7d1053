"""`chaming backup DIR`: copy what cannot be made again, while the server runs."""

from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
def command(folder: Path) -> None:
    """Copy database, keys and releases into the new folder DIR, while the server runs (SQLite).

    Calibrations given to `chaming model adopt` go with them. Models and the search index are made again after `chaming
    restore DIR`. `.env` is yours to keep. A backup holds what people take back after it was made: keep backups no
    longer than you need them.
    """
    from rich.console import Console  # imported here, for `--help` must not wait for it
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    from scripts.backup import BackupError, back_up
    from scripts.settings_option import settings_or_exit

    settings, console = settings_or_exit(), Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task("Copying the database", total=None)
            size = back_up(settings, folder, lambda done, pages: bar.update(task, completed=done, total=pages))
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{folder}: {size / 1_000_000:.1f} MB. It holds keys and private text: keep it as safe as the server.")
