"""`chaming line check`: is the LINE channel set up so that this bot can answer? `chaming line menu`: its rich menus."""

import asyncio

import click


@click.group()
def command() -> None:
    """Check the LINE channel's settings; make its rich menus."""


@command.command()
@click.option("--no-test", is_flag=True, help="Do not have LINE send a test webhook to the server.")
def check(no_test: bool) -> None:
    """Ask LINE about token, webhook and settings; say what is wrong and how to mend it."""
    # Imported here: `--help` must not wait for LINE's SDK.
    from scripts.findings import show
    from scripts.line_check import check_line
    from scripts.settings_option import settings_or_exit

    if not show(asyncio.run(check_line(settings_or_exit(require_line=True), test_webhook=not no_test))):
        raise click.ClickException("The channel is not ready: mend what is marked ✗ and check again.")
    click.echo("The channel is ready.")


@command.command()
def menu() -> None:
    """Make the rich menu of each language, or bring it up to date; what is right already stays."""
    # Imported here: `--help` must not wait for them.
    from bot.line_errors import LineError
    from scripts.line_menu.setting_up import set_rich_menus
    from scripts.settings_option import settings_or_exit

    try:
        done = asyncio.run(set_rich_menus(settings_or_exit(require_line=True)))
    except LineError as error:
        raise click.ClickException(f"LINE refused: {error.reason or error.code}.") from None
    click.echo(f"Everybody sees the menu in their language ({done.made} made, {done.deleted} older ones deleted).")
    if done.failed:
        raise click.ClickException(
            f"LINE could not move people to the new menus, and {done.left} older ones stay for them: run this again."
        )
    if done.left:
        raise click.ClickException("LINE is still moving people to the new menus: run this again later to tidy up.")
