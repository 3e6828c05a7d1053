"""`chaming doctor`: can this installation answer, and if not, what is to be done?"""

import asyncio
from pathlib import Path

import click


@click.command()
@click.option("--no-line", is_flag=True, help="Do not ask LINE anything.")
@click.option("--backups", type=click.Path(path_type=Path), help="The folder in which your backups lie.")
def command(no_line: bool, backups: Path | None) -> None:
    """Look at settings, disk, database, model, index, jobs, inbox and LINE; say what is wrong and what to do.

    ✓ is well, – is worth a look, ✗ keeps it from answering: then the exit code is 1. Nothing is changed.
    """
    # Imported here: `--help` must wait for none of it.
    from bot.settings import SettingsError, load_settings
    from scripts.findings import Finding, show

    try:
        settings = load_settings(make_key=False)
    except SettingsError as error:
        show(Finding(False, problem) for problem in error.problems)
        raise click.ClickException("The settings cannot be read: mend these lines, then ask again.") from None
    show([Finding(True, "The settings can be read.")])
    from scripts.doctor import examine

    async def ask() -> bool:
        return all([show([finding]) async for finding in examine(settings, line=not no_line, backups=backups)])

    if not asyncio.run(ask()):
        raise click.ClickException("It cannot answer yet: mend what is marked ✗ and ask again.")
    click.echo("It can answer.")
