"""Reading the settings from a command: what is wrong with them becomes one line and exit code 1."""

import click

from bot.settings import Settings, SettingsError, load_settings


def settings_or_exit(*, require_line: bool = False, make_key: bool = True) -> Settings:
    """The settings of this process; with `require_line`, LINE's too; without `make_key`, no key is made."""
    try:
        return load_settings(require_line=require_line, make_key=make_key)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
