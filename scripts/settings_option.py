"""Reading the settings from a command: what is wrong with them becomes one line and exit code 1."""

import click

from bot.settings import Settings, SettingsError, load_settings


def settings_or_exit(*, require_line: bool = False) -> Settings:
    """The settings of this process; with `require_line`, LINE's too."""
    try:
        return load_settings(require_line=require_line)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
