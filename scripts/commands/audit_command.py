"""`chaming audit verify`: whether the console's audit log is whole."""

import click


@click.group()
def command() -> None:
    """Look after the audit log of the volunteers' console."""


@command.command("verify")
@click.option("--expect", metavar="HASH", help="A last hash printed earlier: it must still be in the chain.")
def verify(expect: str | None) -> None:
    """Walk the chain of hashes; exit code 1 when a row was changed, removed or put in between."""
    # Imported here: `--help` must not wait for SQLAlchemy.
    from scripts.audit import verify_log
    from scripts.settings_option import settings_or_exit

    click.echo(verify_log(settings_or_exit(), expect))
